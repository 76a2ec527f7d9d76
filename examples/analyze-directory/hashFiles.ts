/**
 * Hashes the contents of files and finds equal files.
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { type FileEntry, readFiles, type UnreadablePath } from "./FileEntry.ts"

/** A file and the SHA-256 of its bytes, in hexadecimal digits. */
export interface HashedFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export interface Hashes {
  readonly hashed: ReadonlyArray<HashedFile>
  readonly unreadable: ReadonlyArray<UnreadablePath>
}

/** Files of equal contents, at least two of them. */
export interface DuplicateGroup {
  readonly sha256: string
  /** Size of one of them. */
  readonly bytes: number
  readonly paths: ReadonlyArray<string>
}

const hashReader = () => {
  const hash = createHash("sha256")
  return {
    chunk: (bytes: Buffer) => void hash.update(bytes),
    end: (bytes: number) => ({ bytes, sha256: hash.digest("hex") })
  }
}

export const hashFiles = Effect.fnUntraced(function*(files: ReadonlyArray<FileEntry>): Effect.fn.Return<Hashes> {
  const { read, unreadable } = yield* readFiles(files, hashReader)
  return { hashed: read.map(([{ path }, result]) => ({ path, ...result })), unreadable }
})

/** How many bytes a group wastes: all its files but one. */
export const wastedBytes = (group: DuplicateGroup): number => group.bytes * (group.paths.length - 1)

/** Groups equal files that are not empty. The group that wastes most comes first. */
export const findDuplicates = (hashed: ReadonlyArray<HashedFile>): ReadonlyArray<DuplicateGroup> => {
  const groups = new Map<string, { sha256: string; bytes: number; paths: Array<string> }>()
  for (const { bytes, path, sha256 } of hashed) {
    if (bytes === 0) continue
    const group = groups.get(sha256)
    if (group === undefined) groups.set(sha256, { sha256, bytes, paths: [path] })
    else group.paths.push(path)
  }
  return [...groups.values()]
    .filter((group) => group.paths.length > 1)
    .map((group) => ({ ...group, paths: group.paths.sort() }))
    .sort((a, b) => wastedBytes(b) - wastedBytes(a) || (a.sha256 < b.sha256 ? -1 : 1))
}

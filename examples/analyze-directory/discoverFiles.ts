/**
 * Lists the regular files below a folder, as `find FOLDER -type f` does: with
 * hidden files, without following symbolic links.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { DemoError } from "./DemoError.ts"
import { callFs, displayName, type FileEntry, FileError, type UnreadablePath } from "./FileEntry.ts"

/** The files below a folder. */
export interface Discovery {
  /** Absolute path of the folder. */
  readonly folder: string
  readonly files: ReadonlyArray<FileEntry>
  readonly folders: number
  readonly bytes: number
  readonly unreadable: ReadonlyArray<UnreadablePath>
}

/** Folders that the search enters with `all` only. */
const skippedFolders: ReadonlyArray<string> = [".git", "node_modules"]

interface Folder {
  readonly raw: Buffer
  /** Relative to the folder of the search, and empty for that folder. */
  readonly relative: Buffer
}

interface Listing {
  readonly folders: ReadonlyArray<Folder>
  readonly files: ReadonlyArray<FileEntry>
  readonly unreadable: ReadonlyArray<UnreadablePath>
}

const foldersAtOnce = 8
const filesAtOnce = 8
const slash = Buffer.from("/")
const emptyPath = Buffer.alloc(0)

/**
 * Goes through the folder level by level. It fails only if the folder does not
 * exist or is no folder.
 */
export const discoverFiles = Effect.fnUntraced(function*(
  folder: string,
  options: { readonly all: boolean }
): Effect.fn.Return<Discovery, FileError> {
  const skipped = new Set(options.all ? [] : skippedFolders)
  const files: Array<FileEntry> = []
  const unreadable: Array<UnreadablePath> = []
  let folders = 0
  let level: ReadonlyArray<Folder> = [{ raw: Buffer.from(folder), relative: emptyPath }]
  while (level.length > 0) {
    folders += level.length
    const listings = yield* Effect.forEach(level, (it) => list(it, skipped), { concurrency: foldersAtOnce })
    level = listings.flatMap((listing) => listing.folders)
    for (const listing of listings) {
      for (const file of listing.files) files.push(file)
      for (const path of listing.unreadable) unreadable.push(path)
    }
  }
  return { folder, files, folders, unreadable, bytes: files.reduce((sum, file) => sum + file.size, 0) }
})

const list = Effect.fnUntraced(function*(
  folder: Folder,
  skipped: ReadonlySet<string>
): Effect.fn.Return<Listing, FileError> {
  const isTop = folder.relative.length === 0
  const entries = yield* callFs<Array<fs.Dirent<Buffer>>>((done) =>
    fs.readdir(folder.raw, { withFileTypes: true, encoding: "buffer" }, done)
  ).pipe(
    Effect.catchIf(
      (error) => !(isTop && (error.code === "ENOENT" || error.code === "ENOTDIR")),
      (error) => Effect.succeed(error)
    )
  )
  if (!Array.isArray(entries)) {
    return {
      folders: [],
      files: [],
      unreadable: [{ path: displayName(folder.relative) || ".", reason: entries.reason }]
    }
  }
  const unreadable: Array<UnreadablePath> = []
  const files = yield* Effect.forEach(
    entries.filter((entry) => entry.isFile()),
    (entry) => {
      const path = displayName(relativeTo(folder, entry))
      const raw = Buffer.concat([folder.raw, slash, entry.name])
      return callFs<fs.Stats>((done) => fs.lstat(raw, done)).pipe(
        Effect.map((stat): ReadonlyArray<FileEntry> => stat.isFile() ? [{ path, raw, size: stat.size }] : []),
        Effect.catch((error) => {
          unreadable.push({ path, reason: error.reason })
          return Effect.succeed<ReadonlyArray<FileEntry>>([])
        })
      )
    },
    { concurrency: filesAtOnce }
  )
  return {
    folders: entries
      .filter((entry) => entry.isDirectory() && !skipped.has(entry.name.toString()))
      .map((entry) => ({
        raw: Buffer.concat([folder.raw, slash, entry.name]),
        relative: relativeTo(folder, entry)
      })),
    files: files.flat(),
    unreadable
  }
})

const relativeTo = (folder: Folder, entry: fs.Dirent<Buffer>): Buffer =>
  folder.relative.length === 0 ? entry.name : Buffer.concat([folder.relative, slash, entry.name])

/** Says why a folder cannot be analysed. `code` is the code of the system error. */
export const describeUnusable = (folder: string, code: string): string => {
  switch (code) {
    case "ENOTDIR":
      return `"${folder}" is a file; name a folder.`
    case "ENOENT":
      return `"${folder}" does not exist; name a folder that does.`
    default:
      return `"${folder}" cannot be reached (${code}); name a folder that can.`
  }
}

/** Fails with one sentence if the folder does not exist or is no folder. */
export const requireFolder = (folder: string): Effect.Effect<void, DemoError> =>
  callFs<fs.Stats>((done) => fs.stat(folder, done)).pipe(
    Effect.flatMap((stat) => stat.isDirectory() ? Effect.void : Effect.fail(new FileError({ code: "ENOTDIR" }))),
    Effect.mapError((error) => new DemoError({ message: describeUnusable(folder, error.code) }))
  )

/** Merges the unreadable paths of several steps. Each path keeps its first reason. */
export const mergeUnreadable = (
  lists: ReadonlyArray<ReadonlyArray<UnreadablePath>>
): ReadonlyArray<UnreadablePath> => {
  const byPath = new Map<string, UnreadablePath>()
  for (const path of lists.flat()) if (!byPath.has(path.path)) byPath.set(path.path, path)
  return [...byPath.values()].sort((a, b) => a.path < b.path ? -1 : 1)
}

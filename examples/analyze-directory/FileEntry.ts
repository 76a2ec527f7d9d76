/**
 * Regular files on disk: named as bytes, opened with care, read in pieces.
 *
 * A name on disk is a sequence of bytes, not of characters, so the names come
 * from the kernel as buffers and go back to it as buffers. `node:fs` is used
 * directly: Effect's `FileSystem` takes and gives names as strings.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { isUtf8 } from "node:buffer"
import * as fs from "node:fs"

/** A regular file that was there when its folder was listed. */
export interface FileEntry {
  /** Relative to the folder, for people. */
  readonly path: string
  /** Absolute, for the kernel. */
  readonly raw: Buffer
  readonly size: number
}

/** Something that could not be read, and why. */
export const UnreadablePath = Schema.Struct({ path: Schema.String, reason: Schema.String })
export type UnreadablePath = typeof UnreadablePath.Type

/** A call to the file system failed. */
export class FileError extends Schema.TaggedError<FileError>()("FileError", {
  code: Schema.String
}) {
  get reason(): string {
    return reasons[this.code] ?? this.code
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOENT: "vanished",
  ENOTDIR: "vanished",
  ELOOP: "became a symbolic link",
  ENOTREG: "is no regular file any more",
  ENAMETOOLONG: "path too long",
  EIO: "input/output error"
}

type Callback<A> = (error: NodeJS.ErrnoException | null, value: A) => void

/** A call of `node:fs` as an Effect. */
export const call = <A>(run: (done: Callback<A>) => void): Effect.Effect<A, FileError> =>
  Effect.callback((resume) =>
    run((error, value) => {
      resume(error === null ? Effect.succeed(value) : Effect.fail(new FileError({ code: error.code ?? "unknown" })))
    })
  )

/** A name for people and for JSON: as it is if it is UTF-8, else with `\xNN` for what is not ASCII. */
export const displayName = (bytes: Buffer): string =>
  isUtf8(bytes)
    ? bytes.toString("utf8")
    : bytes.toString("latin1").replaceAll(/[\x80-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`)

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants

/** What became a FIFO, a device or a symbolic link after it was listed is not waited for and not followed. */
const openFlags = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0) | (O_NOCTTY ?? 0)

const largestPiece = 256 * 1024

/**
 * Reads a file in pieces of bounded size and hands each to `use`; a piece is
 * valid during the call only. Gives the number of bytes read.
 */
export const readPieces = (file: FileEntry, use: (piece: Buffer) => void): Effect.Effect<number, FileError> =>
  Effect.acquireUseRelease(
    call<number>((done) => fs.open(file.raw, openFlags, done)),
    (descriptor) => read(descriptor, use),
    (descriptor) => Effect.ignoreCause(call<void>((done) => fs.close(descriptor, (error) => done(error ?? null))))
  )

const read = Effect.fnUntraced(function*(
  descriptor: number,
  use: (piece: Buffer) => void
): Effect.fn.Return<number, FileError> {
  const stat = yield* call<fs.Stats>((done) => fs.fstat(descriptor, done))
  if (!stat.isFile()) return yield* new FileError({ code: "ENOTREG" })
  // One byte more than expected tells a file that has grown from one that ends here.
  const buffer = Buffer.allocUnsafe(Math.min(stat.size + 1, largestPiece))
  let total = 0
  while (true) {
    const count = yield* call<number>((done) => fs.read(descriptor, buffer, 0, buffer.length, null, done))
    if (count > 0) use(buffer.subarray(0, count))
    total += count
    if (count === 0 || (total === stat.size && count < buffer.length)) return total
  }
})

/** How many files are read at the same time, per step. */
const concurrency = 8

/** What became of a list of files. */
export interface ReadFiles<A> {
  readonly read: ReadonlyArray<readonly [file: FileEntry, result: A]>
  readonly unreadable: ReadonlyArray<UnreadablePath>
}

/** Digests the pieces of one file. */
export interface Reader<A> {
  readonly piece: (bytes: Buffer) => void
  readonly end: (size: number) => A
}

/** Reads files, a few at a time; what cannot be read is listed, not fatal. The order is kept. */
export const readFiles = Effect.fnUntraced(function*<A>(
  files: ReadonlyArray<FileEntry>,
  reader: () => Reader<A>
): Effect.fn.Return<ReadFiles<A>> {
  const unreadable: Array<UnreadablePath> = []
  const results = yield* Effect.forEach(files, (file) => {
    const { end, piece } = reader()
    return readPieces(file, piece).pipe(
      Effect.map(end),
      Effect.catch((error) => {
        unreadable.push({ path: file.path, reason: error.reason })
        return Effect.undefined
      })
    )
  }, { concurrency })
  return {
    read: files.flatMap((file, index) => {
      const result = results[index]
      return result === undefined ? [] : [[file, result] as const]
    }),
    unreadable
  }
})

/**
 * A regular file of the folder, and how to read it in chunks.
 *
 * A name on disk is a sequence of bytes, not of characters. So names stay
 * buffers here, and `node:fs` is used: Effect's `FileSystem` has strings only.
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

/** A path that could not be read, and the reason. */
export const UnreadablePath = Schema.Struct({ path: Schema.String, reason: Schema.String })
export type UnreadablePath = typeof UnreadablePath.Type

/** An error of the file system. `code` is its code, such as `EACCES`. */
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

/** Makes an Effect of a call of `node:fs`. */
export const callFs = <A>(run: (done: Callback<A>) => void): Effect.Effect<A, FileError> =>
  Effect.callback((resume) =>
    run((error, value) => {
      resume(error === null ? Effect.succeed(value) : Effect.fail(new FileError({ code: error.code ?? "unknown" })))
    })
  )

/** Makes a text of a name. If the name is not UTF-8, each byte beyond ASCII becomes `\xNN`. */
export const displayName = (bytes: Buffer): string =>
  isUtf8(bytes)
    ? bytes.toString("utf8")
    : bytes.toString("latin1").replaceAll(/[\x80-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`)

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants

/** A file can become a FIFO, a device or a link after it was listed. These flags neither wait for nor follow it. */
const openFlags = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0) | (O_NOCTTY ?? 0)

const largestChunk = 256 * 1024

/**
 * Reads a file in chunks of bounded size and gives each to `use`. A chunk is
 * valid during the call only. The result is the number of bytes read.
 */
export const readChunks = (file: FileEntry, use: (chunk: Buffer) => void): Effect.Effect<number, FileError> =>
  Effect.acquireUseRelease(
    callFs<number>((done) => fs.open(file.raw, openFlags, done)),
    (descriptor) => read(descriptor, use),
    (descriptor) => Effect.ignoreCause(callFs<void>((done) => fs.close(descriptor, (error) => done(error ?? null))))
  )

const read = Effect.fnUntraced(function*(
  descriptor: number,
  use: (chunk: Buffer) => void
): Effect.fn.Return<number, FileError> {
  const stat = yield* callFs<fs.Stats>((done) => fs.fstat(descriptor, done))
  if (!stat.isFile()) return yield* new FileError({ code: "ENOTREG" })
  // The buffer has one byte more than the file, so a file that has grown fills it.
  const buffer = Buffer.allocUnsafe(Math.min(stat.size + 1, largestChunk))
  let total = 0
  while (true) {
    const count = yield* callFs<number>((done) => fs.read(descriptor, buffer, 0, buffer.length, null, done))
    if (count > 0) use(buffer.subarray(0, count))
    total += count
    if (count === 0 || (total === stat.size && count < buffer.length)) return total
  }
})

/** How many files a step reads at the same time. */
const concurrency = 8

/** The results of the files that were read, and the paths that were not. */
export interface ReadFiles<A> {
  readonly read: ReadonlyArray<readonly [file: FileEntry, result: A]>
  readonly unreadable: ReadonlyArray<UnreadablePath>
}

/** Computes a result from the chunks of one file. */
export interface Reader<A> {
  readonly chunk: (bytes: Buffer) => void
  readonly end: (size: number) => A
}

/** Reads files, a few at a time, in their order. A file that cannot be read is listed and does not fail the step. */
export const readFiles = Effect.fnUntraced(function*<A>(
  files: ReadonlyArray<FileEntry>,
  reader: () => Reader<A>
): Effect.fn.Return<ReadFiles<A>> {
  const unreadable: Array<UnreadablePath> = []
  const results = yield* Effect.forEach(files, (file) => {
    const { end, chunk } = reader()
    return readChunks(file, chunk).pipe(
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

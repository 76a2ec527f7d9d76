/**
 * A file that lines are appended to: rotated by size and age, opened anew on
 * demand.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  writeSync
} from "node:fs"
import { dirname } from "node:path"
import { contain, orElse } from "../internal/contain.ts"

/** The file cannot be opened. */
export class LogFileError extends Schema.TaggedError<LogFileError>()("LogFileError", {
  path: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const reason = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `cannot open the log file ${this.path}: ${reason}; check logging.file.path and its permissions`
  }
}

export interface LogFileOptions {
  readonly path: string
  /** Bytes at which the file is rotated; 0 for never. */
  readonly maximumBytes: number
  /** Milliseconds after which it is rotated; `undefined` for never. */
  readonly maximumAgeMillis: number | undefined
  readonly keep: number
  readonly now: () => number
  /** Called when a rotation did not work; lines go on into the old file. */
  readonly onRotationFailed: () => void
}

export interface LogFile {
  /** Appends `length` bytes from `offset` on and answers how many were taken; throws a system error. */
  readonly writeBytes: (bytes: Uint8Array, offset: number, length: number) => number
  /** Closes the file and opens the path again, for whoever has moved it. */
  readonly reopen: () => void
}

interface Open {
  readonly descriptor: number
  readonly since: number
  /** A device or a pipe is not renamed: others would lose it. */
  readonly isRegular: boolean
  bytes: number
  /** Whether the last line is complete; a rotation would tear it apart. */
  atLineStart: boolean
}

/** Pause after a rotation that did not work; each try moves the older files on. */
const retryMillis = 60_000

/** Opens the file, and closes it with the scope. */
export const open = (options: LogFileOptions): Effect.Effect<LogFile, LogFileError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.try({
        try: () => {
          mkdirSync(dirname(options.path), { recursive: true })
          return { current: openAt(options) }
        },
        catch: (cause) => new LogFileError({ path: options.path, cause })
      }),
      (file) =>
        Effect.sync(() => {
          const { descriptor } = file.current
          // The number may soon belong to somebody else's file.
          file.current = { ...file.current, descriptor: closed }
          contain(() => closeSync(descriptor), () => {})
        })
    ),
    (file) => make(options, file)
  )

/** No descriptor: writing to it fails. */
const closed = -1

const openAt = ({ now, path }: LogFileOptions): Open => {
  const descriptor = openSync(path, "a", 0o640)
  const stats = fstatSync(descriptor)
  return {
    descriptor,
    since: stats.size === 0 ? now() : stats.birthtimeMs,
    isRegular: stats.isFile(),
    bytes: stats.size + completed(path, descriptor, stats),
    atLineStart: true
  }
}

const lineFeed = 10

/** Ends a last line that was left without its end, as by a full disk; gives how many bytes that took. */
const completed = (path: string, descriptor: number, stats: Stats): number => {
  if (!stats.isFile() || stats.size === 0) return 0
  const last = Buffer.alloc(1)
  contain(() => {
    const reader = openSync(path, "r")
    readSync(reader, last, 0, 1, stats.size - 1)
    closeSync(reader)
  }, () => last.fill(lineFeed))
  return last[0] === lineFeed ? 0 : orElse(() => writeSync(descriptor, "\n"), () => 0)
}

const make = (options: LogFileOptions, file: { current: Open }): LogFile => {
  let retryAt = -Infinity

  const reopen = () => {
    const before = file.current
    if (before.descriptor === closed) return
    file.current = openAt(options)
    closeSync(before.descriptor)
  }

  /** The first of the bytes that the file has room for, in whole lines; of a line that no file has room for, all. */
  const fitting = (bytes: Uint8Array, offset: number, length: number): number => {
    const { bytes: size, isRegular } = file.current
    const room = options.maximumBytes - size
    if (options.maximumBytes === 0 || !isRegular || length <= room) return length
    const last = room > 0 ? bytes.lastIndexOf(lineFeed, offset + room - 1) : -1
    if (last >= offset) return last + 1 - offset
    const first = bytes.indexOf(lineFeed, offset)
    return first === -1 || first >= offset + length ? length : first + 1 - offset
  }

  const isDue = (bytes: number): boolean => {
    const { atLineStart, bytes: size, isRegular, since } = file.current
    if (!isRegular || size === 0 || !atLineStart) return false
    return (options.maximumBytes > 0 && size + bytes > options.maximumBytes) ||
      (options.maximumAgeMillis !== undefined && options.now() - since >= options.maximumAgeMillis)
  }

  const rotate = () => {
    // Somebody else has moved the file away: there is nothing to keep, and the older ones stay where they are.
    if (!existsSync(options.path)) return reopen()
    for (let number = options.keep - 1; number >= 1; number--) {
      contain(() => renameSync(`${options.path}.${number}`, `${options.path}.${number + 1}`), () => {})
    }
    renameSync(options.path, `${options.path}.1`)
    reopen()
  }

  const onRotationFailed = () => {
    retryAt = options.now() + retryMillis
    options.onRotationFailed()
  }

  return {
    writeBytes: (bytes, offset, length) => {
      if (options.now() >= retryAt && isDue(fitting(bytes, offset, length))) contain(rotate, onRotationFailed)
      const taken = options.now() < retryAt ? length : fitting(bytes, offset, length)
      const { current } = file
      const count = writeSync(current.descriptor, bytes, offset, taken)
      current.bytes += count
      if (count > 0) current.atLineStart = bytes[offset + count - 1] === lineFeed
      return count
    },
    reopen: () => contain(reopen, options.onRotationFailed)
  }
}

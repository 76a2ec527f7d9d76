/**
 * Appends lines to a file. The file is rotated by size and age, and opened anew
 * on demand.
 *
 * **Details**
 *
 * Several processes may write to one file and rotate it. Each process compares
 * the file at the path with the file that it has open. If they differ, it goes on
 * in the new file. With a lock file, only one process rotates. The others go on
 * writing meanwhile.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync
} from "node:fs"
import { basename, dirname, join } from "node:path"
import { guard, orElse } from "../../internal/guard.ts"
import { wholeLines } from "./LineBuffer.ts"

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
  /** Size in bytes at which the file is rotated; 0 for never. */
  readonly maximumBytes: number
  /** Age in milliseconds at which the file is rotated; `undefined` for never. */
  readonly maximumAgeMillis: number | undefined
  readonly keep: number
  readonly now: () => number
  /** Called when a rotation failed. Lines go on into the old file. */
  readonly onRotationFailed: () => void
}

export interface LogFile {
  /** Appends `length` bytes from `offset` and gives the number of bytes taken; throws a system error. */
  readonly writeBytes: (bytes: Uint8Array, offset: number, length: number) => number
  /**
   * Opens the path again if the open file is no longer there. It looks once a second of `now`, in epoch milliseconds. A
   * file that is rotated needs no call, because each write looks.
   */
  readonly follow: (now: number) => void
  /** Closes the file and opens the path again, after another program has moved the file. */
  readonly reopen: () => void
}

interface Open {
  readonly descriptor: number
  readonly device: number
  readonly inode: number
  readonly since: number
  /** Whether it is a regular file. A device or a pipe is never renamed, because its readers would lose it. */
  readonly isRegular: boolean
  bytes: number
  /** Whether the last line is complete. A rotation would tear an incomplete line. */
  atLineStart: boolean
}

/** Pause after a failed rotation. Each try renames the older files. */
const retryMillis = 60_000
/** Time between two checks of the path, if this process does not rotate the file. */
const lookMillis = 1000
/** An older lock belongs to a process that has died. A rotation takes milliseconds. */
const staleMillis = 10_000
/** The largest `logging.file.keep`. */
const mostKept = 1000

/** Opens the file, and closes it with the scope. */
export const open = (options: LogFileOptions): Effect.Effect<LogFile, LogFileError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.try({
        try: () => {
          mkdirSync(dirname(options.path), { recursive: true })
          const current = openAt(options)
          if (current.isRegular && isRotated(options)) removeBeyond(options)
          return { current }
        },
        catch: (cause) => new LogFileError({ path: options.path, cause })
      }),
      (file) =>
        Effect.sync(() => {
          const { descriptor } = file.current
          // The system may give the number of the descriptor to another file of the program.
          file.current = { ...file.current, descriptor: closed }
          guard(() => closeSync(descriptor), () => {})
        })
    ),
    (file) => make(options, file)
  )

/** No descriptor: writing to it fails. */
const closed = -1

const isRotated = ({ maximumAgeMillis, maximumBytes }: LogFileOptions): boolean =>
  maximumBytes > 0 || maximumAgeMillis !== undefined

/** Removes rotated files beyond the configured number, which an earlier run may have kept. */
const removeBeyond = ({ keep, path }: LogFileOptions) => {
  const start = `${basename(path)}.`
  for (const name of orElse(() => readdirSync(dirname(path)), () => [])) {
    const number = name.startsWith(start) ? name.slice(start.length) : ""
    if (/^[1-9]\d{0,3}$/.test(number) && Number(number) > keep && Number(number) <= mostKept) {
      guard(() => rmSync(join(dirname(path), name)), () => {})
    }
  }
}

const openAt = ({ now, path }: LogFileOptions): Open => {
  const descriptor = openSync(path, "a", 0o640)
  const stats = fstatSync(descriptor)
  return {
    descriptor,
    device: stats.dev,
    inode: stats.ino,
    since: stats.size === 0 ? now() : stats.birthtimeMs,
    isRegular: stats.isFile(),
    bytes: stats.size + completeLastLine(path, descriptor, stats),
    atLineStart: true
  }
}

const lineFeed = 10

/** Completes a last line without line break, such as after a full disk. Gives the number of bytes written. */
const completeLastLine = (path: string, descriptor: number, stats: Stats): number => {
  if (!stats.isFile() || stats.size === 0) return 0
  const last = Buffer.alloc(1)
  guard(() => {
    const reader = openSync(path, "r")
    readSync(reader, last, 0, 1, stats.size - 1)
    closeSync(reader)
  }, () => last.fill(lineFeed))
  return last[0] === lineFeed ? 0 : orElse(() => writeSync(descriptor, "\n"), () => 0)
}

/**
 * Calls `rotate` if no other process rotates the file. A lock from before `staleAt` is stale. `staleAt` is a time of
 * the file system, in milliseconds.
 */
const withLock = (path: string, staleAt: number, rotate: () => void, onFailed: () => void) => {
  const lock = `${path}.lock`
  const held = statSync(lock, { throwIfNoEntry: false })
  if (held !== undefined) {
    if (held.mtimeMs < staleAt) rmSync(lock)
    return
  }
  const descriptor = orElse(() => openSync(lock, "wx", 0o640), (error) => {
    if (!isTaken(error)) onFailed()
    return closed
  })
  if (descriptor === closed) return
  guard(rotate, onFailed)
  closeSync(descriptor)
  rmSync(lock, { force: true })
}

const isTaken = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "EEXIST"

const make = (options: LogFileOptions, file: { current: Open }): LogFile => {
  const { maximumAgeMillis, maximumBytes, path } = options
  const rotates = isRotated(options)
  let retryAt = -Infinity
  let lookAt = options.now() + lookMillis

  const reopen = () => {
    const before = file.current
    if (before.descriptor === closed) return
    file.current = openAt(options)
    closeSync(before.descriptor)
  }

  const isCurrent = ({ dev, ino }: Stats) => dev === file.current.device && ino === file.current.inode

  /** Opens the path again if it has another file, or if the open file has been removed. */
  const lookNow = () => {
    if (!file.current.isRegular || !file.current.atLineStart) return
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) {
      // If another program moved the file, it says when to open the path again.
      if (rotates || fstatSync(file.current.descriptor).nlink === 0) reopen()
    } else if (isCurrent(stats)) file.current.bytes = stats.size
    else reopen()
  }

  /** The number of bytes that fit into the file, in whole lines. */
  const fitting = (bytes: Uint8Array, offset: number, length: number): number =>
    maximumBytes === 0 || !file.current.isRegular
      ? length
      : wholeLines(bytes, offset, length, maximumBytes - file.current.bytes)

  const isDue = (bytes: number, now: number): boolean => {
    const { atLineStart, bytes: size, isRegular, since } = file.current
    if (!isRegular || size === 0 || !atLineStart) return false
    return (maximumBytes > 0 && size + bytes > maximumBytes) ||
      (maximumAgeMillis !== undefined && now - since >= maximumAgeMillis)
  }

  const rotate = () => {
    const stats = statSync(path, { throwIfNoEntry: false })
    // Another process has rotated or moved the file, so the older files stay as they are.
    if (stats === undefined || !isCurrent(stats)) return reopen()
    for (let number = options.keep - 1; number >= 1; number--) {
      guard(() => renameSync(`${path}.${number}`, `${path}.${number + 1}`), () => {})
    }
    renameSync(path, `${path}.1`)
    reopen()
  }

  const append = (bytes: Uint8Array, offset: number, length: number): number => {
    const { current } = file
    const count = writeSync(current.descriptor, bytes, offset, length)
    current.bytes += count
    if (count > 0) current.atLineStart = bytes[offset + count - 1] === lineFeed
    return count
  }

  const onRotationFailed = () => {
    retryAt = options.now() + retryMillis
    options.onRotationFailed()
  }

  return {
    writeBytes: (bytes, offset, length) => {
      if (!rotates) return append(bytes, offset, length)
      const now = options.now()
      guard(lookNow, () => {})
      if (now >= retryAt && isDue(fitting(bytes, offset, length), now)) {
        const { mtimeMs } = fstatSync(file.current.descriptor)
        guard(() => withLock(path, mtimeMs - staleMillis, rotate, onRotationFailed), onRotationFailed)
      }
      return append(bytes, offset, now < retryAt ? length : fitting(bytes, offset, length))
    },
    follow: (now) => {
      // A clock may go back.
      if (rotates || (now < lookAt && now >= lookAt - lookMillis)) return
      lookAt = now + lookMillis
      guard(lookNow, () => {})
    },
    reopen: () => guard(reopen, options.onRotationFailed)
  }
}

/**
 * Collects lines and writes them to a file descriptor, synchronously. If the
 * reader is not ready, lines wait, up to a limit.
 */
import type * as LogLevel from "effect/LogLevel"
import { textOfBytes } from "../../encoding/LineBytes.ts"

export interface LineBuffer {
  /** Writes a line now or together with later ones; never throws. */
  readonly write: (line: string, level: LogLevel.LogLevel) => void
  /** Writes a line of UTF-8 that ends with a line break. The memory is free afterwards. */
  readonly writeBytes: (bytes: Uint8Array, length: number, level: LogLevel.LogLevel) => void
  /** Writes the collected lines, as far as the reader takes them. */
  readonly drain: () => void
  readonly isEmpty: () => boolean
  /** Stops collecting: from now on each line is written at once. */
  readonly close: () => void
  /** Drops and counts the lines that the reader has not taken. */
  readonly dropAll: () => void
}

export interface LineBufferOptions {
  /** Bytes to collect; 0 writes each line at once. */
  readonly bufferBytes: number
  /** Writes `length` bytes from `offset` and gives the number of bytes taken; throws a system error. */
  readonly writeBytes: (bytes: Uint8Array, offset: number, length: number) => number
  readonly countDropped: (reason: "reader_too_slow" | "write_failed", lines: number) => void
  /** Called when lines are left for a later write. */
  readonly onLeft: () => void
}

/** Bytes that may wait for a slow reader. */
const mostWaiting = 8 * 1024 * 1024

/** How full the buffer may be for a line of a level. The least severe lines are dropped first. */
const share: { readonly [L in LogLevel.LogLevel]: number } = {
  All: 0.5,
  Trace: 0.5,
  Debug: 0.5,
  Info: 0.75,
  Warn: 0.9,
  Error: 1,
  Fatal: 1,
  None: 1
}

const isUrgent = (level: LogLevel.LogLevel) => level === "Error" || level === "Fatal"

/** Bytes of the space for encoding. A longer text gets a space of its own. */
const spaceBytes = 65_536
/** A UTF-16 unit takes at most so many bytes. */
const mostBytes = 3

export const make = (options: LineBufferOptions): LineBuffer => {
  const encoder = new TextEncoder()
  const scratch = new Uint8Array(spaceBytes)
  /** Lines that were not offered to the reader yet. */
  let text = ""
  /** Bytes that were offered to the reader, and that it has not taken yet. */
  let rest: Uint8Array | undefined
  /** Whether the last write ended in the middle of a line. Then the next other line starts with a line break. */
  let torn = false
  let { bufferBytes } = options

  /** Writes until the reader takes no more. The rest becomes `rest`. */
  const push = (bytes: Uint8Array, length: number): boolean => {
    let from = 0
    while (from < length) {
      const written = attempt(bytes, from, length - from)
      if (written === broken) {
        options.countDropped("write_failed", linesOf(bytes.subarray(from, length), torn && from === 0))
        rest = undefined
        return true
      }
      if (written === notReady) {
        // All other memory is used again.
        rest = bytes === rest ? bytes.subarray(from, length) : bytes.slice(from, length)
        return false
      }
      from += written
      torn = from < length && bytes[from - 1] !== lineFeed
    }
    rest = undefined
    return true
  }

  const attempt = (bytes: Uint8Array, offset: number, length: number): number => {
    try {
      return options.writeBytes(bytes, offset, length) || notReady
    } catch (error) {
      return failed(error)
    }
  }

  /** Writes whole lines, and adds the line break of the last one. */
  const pushLines = (source: string): boolean => {
    if (source.length * mostBytes < spaceBytes) {
      const { written } = encoder.encodeInto(source, scratch)
      scratch[written] = lineFeed
      return push(scratch, written + 1)
    }
    const bytes = encoder.encode(`${source}\n`)
    return push(bytes, bytes.length)
  }

  const waiting = (): number => (rest?.length ?? 0) + text.length

  const drain = (): void => {
    if ((rest !== undefined && !push(rest, rest.length)) || text === "") return
    const source = torn ? `\n${text.slice(0, -1)}` : text.slice(0, -1)
    text = ""
    pushLines(source)
  }

  const canWriteNow = (): boolean => bufferBytes === 0 && text === "" && rest === undefined && !torn

  const write: LineBuffer["write"] = (line, level) => {
    if (canWriteNow()) {
      if (!pushLines(line)) options.onLeft()
      return
    }
    // If the program never lets the flush run, the reader may have caught up. So it drains before it drops.
    if (waiting() > mostWaiting * share[level]) drain()
    if (waiting() > mostWaiting * share[level]) {
      options.countDropped("reader_too_slow", 1)
      return
    }
    text += `${line}\n`
    if (text.length > bufferBytes || isUrgent(level)) drain()
    if (text !== "" || rest !== undefined) options.onLeft()
  }

  return {
    drain,
    isEmpty: () => text === "" && rest === undefined,
    close: () => {
      bufferBytes = 0
    },
    dropAll: () => {
      const lines = (rest === undefined ? 0 : linesOf(rest, torn)) + linesOf(encoder.encode(text), false)
      rest = undefined
      text = ""
      if (lines > 0) options.countDropped("reader_too_slow", lines)
    },
    write,
    writeBytes: (bytes, length, level) => {
      if (!canWriteNow()) write(textOfBytes(bytes, length - 1), level)
      else if (!push(bytes, length)) options.onLeft()
    }
  }
}

const lineFeed = 10
const space = 32

/**
 * The number of records that end in these bytes. A line that begins with a space belongs to the record before. After a
 * torn line, a line feed at the start ends that line, which is counted already.
 */
const linesOf = (bytes: Uint8Array, afterTorn: boolean): number => {
  let count = 0
  for (let index = bytes.indexOf(lineFeed); index !== -1; index = bytes.indexOf(lineFeed, index + 1)) {
    if (bytes[index + 1] !== space && !(afterTorn && index === 0)) count++
  }
  return count
}

/**
 * The number of bytes that fit into `room`, in whole lines. If the first line does not fit, it is the length of that
 * line.
 */
export const wholeLines = (bytes: Uint8Array, offset: number, length: number, room: number): number => {
  if (length <= room) return length
  const last = room > 0 ? bytes.lastIndexOf(lineFeed, offset + room - 1) : -1
  if (last >= offset) return last + 1 - offset
  const first = bytes.indexOf(lineFeed, offset)
  return first === -1 || first >= offset + length ? length : first + 1 - offset
}

const notReady = -1
const broken = -2

const failed = (error: unknown): number =>
  typeof error === "object" && error !== null && "code" in error && error.code === "EAGAIN" ? notReady : broken

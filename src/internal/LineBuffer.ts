/**
 * Lines on their way to a file descriptor: collected, written synchronously,
 * kept back while the reader is not ready, bounded.
 *
 * @internal
 */
import type * as LogLevel from "effect/LogLevel"
import { orElse } from "./contain.ts"

export interface LineBuffer {
  /** Takes a line; writes it now or together with later ones. Never throws. */
  readonly write: (line: string, level: LogLevel.LogLevel) => void
  /** Writes what is collected, as far as the reader takes it. */
  readonly drain: () => void
  readonly isEmpty: () => boolean
}

export interface LineBufferOptions {
  /** Bytes that are collected; 0 writes each line at once. */
  readonly bufferBytes: number
  /** Writes and answers how many bytes were taken; throws a system error. */
  readonly writeText: (text: string) => number
  readonly writeBytes: (bytes: Uint8Array) => number
  readonly countDropped: (reason: "reader_too_slow" | "write_failed", lines: number) => void
  /** Called when lines are left that have to be written later. */
  readonly onLeft: () => void
}

/** Bytes that may wait for a slow reader. */
const mostWaiting = 8 * 1024 * 1024

/** How full the buffer may be for a line of a level: what matters least is dropped first. */
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

export const make = (options: LineBufferOptions): LineBuffer => {
  const encoder = new TextEncoder()
  /** Collected and never tried. */
  let text = ""
  /** Tried, and not taken by the reader yet. */
  let rest: Uint8Array | undefined

  const linesOf = (source: string) => source.split("\n").length - 1

  /** Whether everything left from earlier tries is written. */
  const drainRest = (): boolean => {
    while (rest !== undefined) {
      const bytes: Uint8Array = rest
      const written = orElse(() => options.writeBytes(bytes), failed)
      if (written === notReady) return false
      if (written === broken) options.countDropped("write_failed", linesOf(new TextDecoder().decode(bytes)))
      rest = written !== broken && written < bytes.length ? bytes.subarray(written) : undefined
    }
    return true
  }

  const drain = (): void => {
    if (!drainRest() || text === "") return
    const source = text
    text = ""
    const written = orElse(() => options.writeText(source), failed)
    if (written === broken) options.countDropped("write_failed", linesOf(source))
    else if (written !== source.length) {
      // Fewer bytes than characters are not all; more are not all ASCII, and only the encoded length tells.
      const left = encoder.encode(source).subarray(Math.max(0, written))
      rest = left.length === 0 ? undefined : left
    }
  }

  return {
    drain,
    isEmpty: () => text === "" && rest === undefined,
    write: (line, level) => {
      if ((rest?.length ?? 0) + text.length > mostWaiting * share[level]) {
        options.countDropped("reader_too_slow", 1)
        return
      }
      text += `${line}\n`
      if (text.length > options.bufferBytes || isUrgent(level)) drain()
      if (text !== "" || rest !== undefined) options.onLeft()
    }
  }
}

const notReady = -1
const broken = -2

const failed = (error: unknown): number =>
  typeof error === "object" && error !== null && "code" in error && error.code === "EAGAIN" ? notReady : broken

/**
 * Keeps one message from filling the log: of lines that say the same, only so
 * many a second are written, and one line says how many were not.
 *
 * @internal
 */
import type { LogRecord } from "./LogRecord.ts"

export interface LogRateLimit {
  /** Whether the line may be written. What was held back before it is handed to `onSuppressed` first. */
  readonly admit: (record: LogRecord) => boolean
  /** Reports what has been held back in windows that are over, or in all of them. */
  readonly report: (now: number) => void
  /** Whether anything is held back that has not been reported. */
  readonly hasSuppressed: () => boolean
}

interface Window {
  readonly sample: LogRecord
  start: number
  written: number
  suppressed: number
}

const windowMillis = 1000
/** Templates watched at once; lines beyond them are written. */
const mostTemplates = 1000

/** A wall clock may be set back; a window does not wait until it has caught up. */
const isOver = ({ start }: Window, now: number): boolean => now < start || now - start >= windowMillis

/** Quoted parts, not what is between two apostrophes, and words with a digit in them: ids, numbers, durations. */
const varying = /"[^"]*"|(?<!\w)'[^']*'(?!\w)|(?<![\w-])[\w-]*?\d[\w-]*/g

/** What is left without what varies is what the line says. */
const templateOf = (record: LogRecord): string =>
  `${record.level}\0${record.component ?? ""}\0${record.message.slice(0, 256).replace(varying, "#")}`

/** What a line is about is not said again, nor held in memory. */
const noFields: LogRecord["fields"] = {}

export const make = (options: {
  /** Lines of one template a second. */
  readonly limit: number
  /** Gets a line that was held back and how many like it. */
  readonly onSuppressed: (sample: LogRecord, count: number) => void
}): LogRateLimit => {
  const windows = new Map<string, Window>()
  let outstanding = 0

  const close = (key: string, window: Window) => {
    windows.delete(key)
    if (window.suppressed === 0) return
    outstanding -= window.suppressed
    options.onSuppressed(window.sample, window.suppressed)
  }
  const report = (now: number) => {
    for (const [key, window] of windows) {
      if (isOver(window, now)) close(key, window)
    }
  }

  return {
    report,
    hasSuppressed: () => outstanding > 0,
    admit: (record) => {
      const key = templateOf(record)
      let window = windows.get(key)
      if (window !== undefined && isOver(window, record.time)) {
        close(key, window)
        // The report may have written lines that opened the next window.
        window = windows.get(key)
      }
      if (window === undefined) {
        if (windows.size >= mostTemplates) report(record.time)
        if (windows.size >= mostTemplates) return true
        window = { sample: { ...record, fields: noFields }, start: record.time, written: 0, suppressed: 0 }
        windows.set(key, window)
      }
      if (window.written < options.limit) {
        window.written++
        return true
      }
      window.suppressed++
      outstanding++
      return false
    }
  }
}

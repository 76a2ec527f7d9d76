/**
 * Keeps one message from filling the log. Each second, only a number of similar
 * lines is written. One line says how many were held back.
 */
import type { LogRecord } from "./LogRecord.ts"

export interface LogRateLimit {
  /** Whether the line may be written. Before that, `onSuppressed` gets the count of lines that were held back. */
  readonly admit: (record: LogRecord) => boolean
  /** Reports the held back lines of windows that are over; with `Infinity`, of all windows. */
  readonly report: (now: number) => void
  /** Whether lines were held back that are not reported yet. */
  readonly hasSuppressed: () => boolean
}

interface Window {
  readonly sample: LogRecord
  start: number
  written: number
  suppressed: number
}

const windowMillis = 1000
/** The highest number of templates. Lines of further templates are written. */
const mostTemplates = 1000

/** If the wall clock is set back, the window ends. */
const isOver = ({ start }: Window, now: number): boolean => now < start || now - start >= windowMillis

/**
 * The varying parts of a message: quoted texts, and words with a digit such as ids, numbers and durations. Apostrophes
 * within words are no quotes.
 */
const varying = /"[^"]*"|(?<!\w)'[^']*'(?!\w)|(?<![\w-])[\w-]*?\d[\w-]*/g

/** The template of a line is its message without the varying parts. */
const templateOf = (record: LogRecord): string =>
  `${record.level}\0${record.component ?? ""}\0${record.message.slice(0, 256).replace(varying, "#")}`

/** The report has no fields, so none is kept in memory. */
const noFields: LogRecord["fields"] = {}

export const make = (options: {
  /** Highest number of lines of one template in a second. */
  readonly limit: number
  /** Called with a held back line, and the number of similar lines. */
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
        // The report itself may have written a line that opened the next window.
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

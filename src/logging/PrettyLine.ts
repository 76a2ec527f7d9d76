/**
 * Log records for a person at a terminal: time, level, message, where it comes
 * from, then the fields, one record a block.
 *
 * @since 0.1.0
 */
import type * as LogLevel from "effect/LogLevel"
import { encodeJson } from "../internal/encodeJson.ts"
import type { Redaction } from "../Redaction.ts"
import type { LogRecord } from "./LogRecord.ts"

const dim = 2
const levelColours: { readonly [L in LogLevel.LogLevel]: number } = {
  All: 37,
  Trace: 90,
  Debug: 36,
  Info: 32,
  Warn: 33,
  Error: 31,
  Fatal: 35,
  None: 37
}

/** Width of the longest level name. */
const levelWidth = 5
/** Start and end of the time of day in an ISO timestamp, milliseconds included. */
const timeOfDay = [11, 23] as const
/** Characters of a text. */
const longestText = 16_384

/** Fields that are shown as lines of their own, as they are. */
const blocks = new Set(["exception.stacktrace"])

/**
 * Makes the encoder; `colour` is for a destination that is a terminal.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: { readonly redaction: Redaction; readonly colour: boolean }): (record: LogRecord) => string => {
  const { colour, redaction } = options
  const paint = (code: number, text: string) => colour ? `\u001b[${code}m${text}\u001b[0m` : text

  return (record) => {
    const time = new Date(record.time).toISOString().slice(...timeOfDay)
    const level = record.level.toUpperCase().padEnd(levelWidth)
    const lines = [
      `${paint(dim, time)} ${paint(levelColours[record.level], level)} ${printable(redaction.text(record.message))}${
        origin(record)
      }`
    ]
    const fields: Array<string> = []
    for (const key of Object.keys(record.fields)) {
      const value = record.fields[key]
      if (blocks.has(key) && typeof value === "string" && !redaction.masks([key])) {
        lines.push(...redaction.text(value).split("\n").map((line) => `    ${printable(line)}`))
      } else fields.push(`${paint(dim, `${printable(key)}=`)}${printable(shown(redaction, key, value))}`)
    }
    if (fields.length > 0) lines.splice(1, 0, `    ${fields.join(" ")}`)
    return lines.join("\n")
  }

  function origin({ component, correlationId, workflow }: LogRecord): string {
    const place = workflow?.stepName === undefined
      ? workflow?.taskName
      : `${workflow.taskName}/${workflow.stepName}#${workflow.attempt ?? 1}`
    const parts = [component, place, correlationId].filter((part) => part !== undefined)
    return parts.length === 0 ? "" : ` ${paint(dim, `(${printable(parts.join(" "))})`)}`
  }
}

const shown = (redaction: Redaction, key: string, value: unknown): string =>
  redaction.masks([key])
    ? redaction.mask
    : typeof value === "string"
    ? redaction.text(value)
    : encodeJson(value, redaction, [key])

/** Control characters could move the cursor or change the terminal; a tab and a line break become spaces. */
const printable = (text: string): string =>
  text.slice(0, longestText).toWellFormed().replace(/[\t\n\r]+/g, " ").replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd")

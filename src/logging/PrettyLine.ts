/**
 * Log records for a person at a terminal: time, level, message, where it comes
 * from, then the fields, one record a block.
 *
 * @since 0.1.0
 */
import type * as LogLevel from "effect/LogLevel"
import { encodeJson, searchedText } from "../internal/encodeJson.ts"
import { shownWorkflow } from "../internal/shownWorkflow.ts"
import type { Redaction } from "../Redaction.ts"
import { essentialFields, type LogRecord } from "./LogRecord.ts"

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
/** Characters of a record after which further fields are left out. */
const longestRecord = 65_536

/** Fields that are shown as lines of their own, as they are. */
const blocks = new Set(["exception.stacktrace"])

/**
 * Makes the encoder; `colour` is for a destination that is a terminal.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: { readonly redaction: Redaction; readonly colour: boolean }
): (record: LogRecord) => string => {
  const { colour, redaction } = options
  const clean = (text: string, search = redaction.text) => searchedText(text, longestText, search)
  const paint = (code: number, text: string) => colour ? `\u001b[${code}m${text}\u001b[0m` : text

  return (record) => {
    const time = new Date(record.time).toISOString().slice(...timeOfDay)
    const level = record.level.toUpperCase().padEnd(levelWidth)
    const lines = [
      `${paint(dim, time)} ${paint(levelColours[record.level], level)} ${printable(clean(record.message))}${
        origin(record)
      }`
    ]
    const fields: Array<string> = []
    let length = 0
    let left = 0
    for (const key of Object.keys(record.fields)) {
      if (length > longestRecord && !essentialFields.has(key)) {
        left++
        continue
      }
      const value = record.fields[key]
      if (blocks.has(key) && typeof value === "string" && !redaction.masks([key])) {
        const block = clean(value)
        lines.push(...block.split("\n").map((line) => `    ${printable(line)}`))
        length += block.length
      } else {
        const text = `${paint(dim, `${printable(clean(key))}=`)}${printable(shown(key, value))}`
        fields.push(text)
        length += text.length
      }
    }
    if (left > 0) fields.push(`${left} more fields`)
    if (fields.length > 0) lines.splice(1, 0, `    ${fields.join(" ")}`)
    return lines.join("\n")
  }

  function shown(key: string, value: unknown): string {
    if (redaction.masks([key])) return redaction.mask
    return typeof value === "string"
      ? clean(value, redaction.isSql([key]) ? redaction.sql : redaction.text)
      : encodeJson(value, redaction, [key])
  }

  function origin({ component, correlationId, workflow: given }: LogRecord): string {
    const workflow = given === undefined ? undefined : shownWorkflow(given, redaction)
    const place = workflow?.stepName === undefined
      ? workflow?.taskName
      : `${workflow.taskName}/${workflow.stepName}#${workflow.attempt ?? 1}`
    const parts = [component === undefined ? undefined : clean(component), place, correlationId]
    const known = parts.filter((part) => part !== undefined)
    return known.length === 0 ? "" : ` ${paint(dim, `(${printable(known.join(" "))})`)}`
  }
}

/** Tabs and what a reader ends a line at. */
const breaks = /[\t\n\r\u0085\u2028\u2029]+/g

/** Control characters move the cursor or change the terminal; marks of direction change the order of what is read. */
// oxlint-disable-next-line eslint/no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const printable = (text: string): string => text.toWellFormed().replace(breaks, " ").replace(unprintable, "\ufffd")

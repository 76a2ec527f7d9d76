/**
 * Log records as JSON, one object a line.
 *
 * **Details**
 *
 * The order of the fields is fixed: timestamp, level, severity number, message,
 * component, ids, service, then all other fields. No value can break a line. A
 * value that cannot be encoded is marked in its place. Texts, depth, breadth and
 * the whole line have limits, with a mark that says how much was cut.
 *
 * @since 0.1.0
 */
import type * as LogLevel from "effect/LogLevel"
import { encodeJson, searchedText } from "../../redaction/internal/encodeJson.ts"
import { type JsonHead, jsonHead, type LineOptions } from "./jsonHead.ts"
import * as JsonKeys from "./JsonKeys.ts"
import { join, longestLine, longestText, searchable, unquoted } from "./lineText.ts"
import { essentialFields, type LogRecord, severityNumber, uniqueFieldNames } from "./LogRecord.ts"

/**
 * Gives a record as a line.
 *
 * @category models
 * @since 0.1.0
 */
export interface JsonLine {
  readonly make: (record: LogRecord) => string
  /** The second way of {@link JsonLine.make}: for a record in which the first way has found signs of a secret. */
  readonly makeSearched: (record: LogRecord) => string
  /** What another encoder of the same lines shares, so that a masked name is counted once. */
  readonly keys: JsonKeys.JsonKeys
  readonly head: JsonHead
}

/**
 * Makes the encoder of a service's lines. The text of a key, a task or a service
 * is made once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: LineOptions): JsonLine => {
  const { redaction } = options
  const keys = JsonKeys.make(redaction)
  const head = jsonHead(options)
  const collects = redaction.searches
  let scan = ""
  let lastTime = Number.NaN
  let lastLevel: LogLevel.LogLevel = "None"
  let lastStart = ""
  let lastMessage = ""
  let lastMessageText = ""

  const clean = (text: string) => searchedText(text, longestText, redaction.text)

  /** The start of a line, up to the message. It is kept, because many lines have the same level and millisecond. */
  const startOf = (time: number, level: LogLevel.LogLevel): string => {
    if (time !== lastTime || level !== lastLevel) {
      lastStart = join(
        `{"timestamp":"${new Date(time).toISOString()}`,
        `","level":"${level.toUpperCase()}`,
        `","severity_number":${severityNumber[level]},"message":"`
      )
      lastTime = time
      lastLevel = level
    }
    return lastStart
  }

  /** Most messages are constants of the program. */
  const messageOf = (message: string): string => {
    if (message !== lastMessage) {
      lastMessageText = unquoted(message)
      lastMessage = message
    }
    return lastMessageText
  }

  /** Makes the line, with `clean` applied to each text. Texts that may hold a secret go to `scan`. */
  const encode = (record: LogRecord, clean: (text: string) => string, first: boolean): string => {
    const { fields } = record
    let line = startOf(record.time, record.level) +
      (first ? messageOf(record.message) : unquoted(clean(record.message))) +
      head.component(record.component) + head.context(record)
    /** Collected in a variable of this call, because reading a field may run code that writes a line. */
    let texts = collects && first ? searchable(record.message) : ""
    let left = 0
    let key = keys.beginning
    let names: JsonKeys.Names | undefined
    /** Whether the last text still lacks its closing quote, which the next piece adds. */
    let open = false
    for (const name in fields) {
      if (line.length > longestLine && !essentialFields.has(name)) {
        left++
        continue
      }
      key = keys.of(name, key)
      const { masked, prefix, textPrefix } = open ? key.piecesAfterText : key.pieces
      open = false
      const value = fields[name]
      if (key.isUnusual) {
        if (key.isRenamed) names ??= uniqueFieldNames(fields)
        line += keys.unusualMember(key, prefix, names, value, first, fields)
      } else if (keys.masks(key, value, first, fields)) line += masked
      else if (typeof value === "string") {
        if (collects && first) texts += `\n${searchable(value)}`
        line += textPrefix + unquoted(first ? value : clean(value))
        open = true
      } else if (typeof value === "number" && value < 1e12 && value > -1e12) line += prefix + value
      else if (typeof value === "boolean") line += prefix + (value ? "true" : "false")
      else line += prefix + encodeJson(value, redaction, key.path)
    }
    if (open) line += "\""
    scan = texts
    return left > 0
      ? `${line},"${(names ?? uniqueFieldNames(fields))("truncated")}":"${left} more fields"}`
      : `${line}}`
  }

  const makeSearched = (record: LogRecord) => encode(record, clean, false)

  return {
    make: (record) => {
      const line = encode(record, unchanged, true)
      return collects && redaction.mayHold(scan) ? makeSearched(record) : line
    },
    makeSearched,
    keys,
    head
  }
}

const unchanged = (text: string) => text

/**
 * Log records for a person at a terminal. The first line has time, level, message, place, duration and error. The other
 * fields follow, in one block for each record. Ids are left out.
 *
 * @since 0.1.0
 */
import type * as LogLevel from "effect/LogLevel"
import type * as Correlation from "../../Correlation.ts"
import { encodeJson, searchedText } from "../../redaction/internal/encodeJson.ts"
import { redactWorkflow } from "../../redaction/internal/redactNames.ts"
import type { Redaction } from "../../redaction/Redaction.ts"
import { essentialFields, type LogRecord } from "./LogRecord.ts"

const dim = 2
const red = 31
const cyan = 36
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
/** Longest text, in characters. */
const longestText = 16_384
/** After so many characters of a record, further fields are left out. */
const longestRecord = 65_536
/** Significant digits of a duration. */
const digits = 3
const millisPerSecond = 1000
const secondsPerMinute = 60

/** Fields that are shown unchanged on lines of their own. */
const blocks = new Set(["exception.stacktrace"])

/** Fields that are durations. */
const isDuration = /(?:^|_)(?:ms|seconds)$/

/** The component of events of a run. It is not shown, because the place of the event says the same. */
const ownComponent = "workflow"

/** The fields of a record that the first line shows. */
interface Headline {
  readonly duration: string
  readonly error: string
  /** Keys of fields that the first line has shown. */
  readonly said: ReadonlySet<string>
}

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
  const clean = (text: string, search = redaction.text) => printable(searchedText(text, longestText, search))
  const paint = (code: number, text: string) => colour && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text

  return (record) => {
    const time = new Date(record.time).toISOString().slice(...timeOfDay)
    const level = record.level.toUpperCase().padEnd(levelWidth)
    const message = clean(record.message)
    const workflow = record.workflow === undefined ? undefined : redactWorkflow(record.workflow, redaction)
    const { duration, error, said } = headlineOf(record, message)
    const place = printable(placeOf(workflow))
    const facts = paint(cyan, place) + paint(dim, factAfter(place, " in ", duration)) +
      paint(red, factAfter(place + duration, ": ", error))
    const lines = [
      `${paint(dim, time)} ${paint(levelColours[record.level], level)} ${message}${facts === "" ? "" : `  ${facts}`}${
        originOf(record, workflow)
      }`
    ]
    const fields: Array<string> = []
    let length = 0
    let left = 0
    for (const key of Object.keys(record.fields)) {
      if (said.has(key)) continue
      if (length > longestRecord && !essentialFields.has(key)) {
        left++
        continue
      }
      const value = record.fields[key]
      if (blocks.has(key) && typeof value === "string" && !redaction.masks([key], value, true, record.fields)) {
        const block = searchedText(value, longestText, redaction.text)
        lines.push(...block.split("\n").map((line) => `    ${printable(line)}`))
        length += block.length
      } else {
        const text = `${paint(dim, `${quoted(clean(key))}=`)}${shown(key, value, record.fields)}`
        fields.push(text)
        length += text.length
      }
    }
    if (left > 0) fields.push(`${left} more fields`)
    if (fields.length > 0) lines.splice(1, 0, `    ${fields.join(" ")}`)
    return lines.join("\n")
  }

  function shown(key: string, value: unknown, fields: object): string {
    if (redaction.masks([key], value, true, fields)) return quoted(printable(redaction.mask))
    if (typeof value === "string") return quoted(clean(value, redaction.isSql([key]) ? redaction.sql : redaction.text))
    return printable(
      encodeJson(typeof value === "number" && isDuration.test(key) ? rounded(value) : value, redaction, [key])
    )
  }

  /** Gives the duration and the error of the first line, and the keys of their fields. */
  function headlineOf({ component, fields }: LogRecord, message: string): Headline {
    const said = new Set<string>()
    const take = (key: string): unknown => {
      const value = Object.hasOwn(fields, key) && !redaction.masks([key], fields[key]) ? fields[key] : undefined
      if (value !== undefined) said.add(key)
      return value
    }
    const isSame = (key: string, other: unknown) => Object.hasOwn(fields, key) && fields[key] === other
    const millis = Object.hasOwn(fields, "duration_ms") ? fields["duration_ms"] : undefined
    const duration = typeof millis === "number" && take("duration_ms") !== undefined ? durationOf(millis) : ""
    const text = Object.hasOwn(fields, "exception.message") ? fields["exception.message"] : undefined
    const reason = typeof text === "string" && take("exception.message") !== undefined ? clean(text) : ""
    // The message of a catalog event is its name in words.
    if (component === ownComponent) said.add("event")
    if (isSame("exception.type", fields["error.type"])) said.add("exception.type")
    if (isSame("exception.kind", "failure")) said.add("exception.kind")
    return { duration, error: message.includes(reason) ? "" : reason, said }
  }

  /** Gives what the place does not show: the component, and the task of a step. */
  function originOf({ component }: LogRecord, workflow: Correlation.WorkflowContext | undefined): string {
    const parts = [
      component === undefined || (component === ownComponent && workflow !== undefined) ? undefined : clean(component),
      workflow?.stepName === undefined ? undefined : printable(workflow.taskName)
    ].filter((part) => part !== undefined)
    return parts.length === 0 ? "" : paint(dim, `  (${parts.join(" ")})`)
  }
}

const placeOf = (workflow: Correlation.WorkflowContext | undefined): string => {
  if (workflow === undefined) return ""
  return workflow.stepName === undefined ? workflow.taskName : `${workflow.stepName} #${workflow.attempt ?? 1}`
}

/** Puts a word before a fact, such as ` in ` before a duration. An error that comes first needs no colon. */
const factAfter = (before: string, word: " in " | ": ", fact: string): string => {
  if (fact === "") return ""
  if (before !== "") return word + fact
  return word === ": " ? fact : `in ${fact}`
}

const rounded = (value: number): number => Number(value.toPrecision(digits))

/** Three digits, in the largest unit in which the duration is at least 1. */
const durationOf = (millis: number): string => {
  const short = rounded(millis)
  if (!(Math.abs(short) >= millisPerSecond)) return `${short} ms`
  const seconds = rounded(millis / millisPerSecond)
  return Math.abs(seconds) < secondsPerMinute
    ? `${seconds} s`
    : `${rounded(millis / millisPerSecond / secondsPerMinute)} min`
}

/** Quotes a text with a space, a quote or an equals sign, so that its end can be seen. */
const quoted = (text: string): string => text === "" || /[\s"=]/.test(text) ? JSON.stringify(text) : text

/** Tabs and line breaks. */
const breaks = /[\t\n\r\u0085\u2028\u2029]+/g

/** Control characters may change the terminal. Marks of direction change the order of the text. */
// oxlint-disable-next-line eslint/no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const printable = (text: string): string => text.toWellFormed().replace(breaks, " ").replace(unprintable, "\ufffd")

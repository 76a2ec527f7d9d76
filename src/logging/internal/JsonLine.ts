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
import type * as Tracer from "effect/Tracer"
import type * as Correlation from "../../Correlation.ts"
import { encodeJson, searchedText } from "../../redaction/internal/encodeJson.ts"
import { isHarmlessText } from "../../redaction/internal/harmlessValue.ts"
import { encodeText, shownText } from "../../redaction/internal/jsonText.ts"
import { redactWorkflow } from "../../redaction/internal/redactNames.ts"
import type { Sensitivity } from "../../redaction/internal/sensitiveKeys.ts"
import type { FieldMask, Redaction } from "../../redaction/Redaction.ts"
import { essentialFields, fieldName, type LogRecord, severityNumber, uniqueFieldNames } from "./LogRecord.ts"

/** Longest text, in characters. */
const longestText = 16_384

/** Characters of a text that are searched for signs of a secret: some more than are written. */
const mostLooked = longestText + 1024

/** After so many characters of a line, further fields are left out. */
const longestLine = 65_536

/** The highest number of keys in memory. Further keys are made anew each time. */
const mostRemembered = 1024

/** The text that a key adds to a line. */
interface Pieces {
  /** `,"name":` */
  readonly prefix: string
  /** `,"name":"`, the start of a text. */
  readonly textPrefix: string
  /** The whole field with a masked value. */
  readonly masked: string
}

interface Key {
  readonly name: string
  /** The path of the field: its name. */
  readonly path: ReadonlyArray<string>
  /** The written name. If {@link Key.isRenamed} and another field has this name, it gets a number. */
  readonly shown: string
  /** Whether the written name differs: it holds a secret, is too long, or is no text. */
  readonly isRenamed: boolean
  /** Whether the slow path writes the field: it is renamed, or holds SQL. */
  readonly isUnusual: boolean
  /** Tells whether a value is masked; `undefined` if no value ever is. */
  readonly masks: FieldMask | undefined
  /** What the key alone says about its values. */
  readonly kind: Sensitivity
  readonly pieces: Pieces
  /** The same, after the closing quote of the text before. */
  readonly piecesAfterText: Pieces
  /** The key that came next in the last line. Mostly it comes next again. */
  next: Key | undefined
}

type Names = ReturnType<typeof uniqueFieldNames>

/** Joins texts into one flat string. V8 would walk through the parts of a concatenation again with every line. */
const join = (...parts: ReadonlyArray<string>): string => parts.join("")

/**
 * Quotes, backslashes, control characters, line separators and surrogates need escaping. Most texts have none of them.
 */
// oxlint-disable-next-line eslint/no-control-regex
const needsEscaping = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/

/** Up to this length, a loop over the characters is faster than the expression. */
const shortText = 40

/** DEL, C1, the two separators and surrogates. */
const isSpecial = (code: number): boolean =>
  code < 0xa0 || code === 0x2028 || code === 0x2029 || (code >= 0xd800 && code <= 0xdfff)

/** Whether a text needs no escaping. */
const isPlain = (text: string): boolean => {
  const { length } = text
  if (length > shortText) return length <= longestText && !needsEscaping.test(text)
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code < 32 || code === 34 || code === 92 || (code >= 127 && isSpecial(code))) return false
  }
  return true
}

const escaped = (text: string): string => encodeText(text, longestText)

const quote = (text: string): string => isPlain(text) ? `"${text}"` : escaped(text)

/** Gives a JSON string without its quotes. */
const unquoted = (text: string): string => isPlain(text) ? text : escaped(text).slice(1, -1)

/**
 * Makes the encoder of a service's lines. The text of a key, a task or a service
 * is made once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly service: { readonly name: string; readonly version: string | undefined }
  readonly redaction: Redaction
}): (record: LogRecord) => string => {
  const { redaction, service } = options
  const mask = quote(redaction.mask)
  const serviceText = `,"service.name":${quote(service.name)}` +
    (service.version === undefined ? "" : `,"service.version":${quote(service.version)}`)
  const keys = new Map<string, Key>()
  const workflows = new WeakMap<Correlation.WorkflowContext, string>()
  const collects = redaction.searches
  let scan = ""
  let lastTime = Number.NaN
  let lastLevel: LogLevel.LogLevel = "None"
  let lastStart = ""
  let lastCorrelation: string | undefined
  let lastSpan: Tracer.AnySpan | undefined
  let lastWorkflow: Correlation.WorkflowContext | undefined
  let lastContext = `"${serviceText}`
  let lastComponent: string | undefined
  let lastComponentText = ""
  let lastMessage = ""
  let lastMessageText = ""

  const clean = (text: string) => searchedText(text, longestText, redaction.text)

  const componentText = (component: string | undefined): string => {
    if (component === undefined) return ""
    if (component !== lastComponent) {
      lastComponentText = join("\",\"component\":\"", unquoted(clean(component)))
      lastComponent = component
    }
    return lastComponentText
  }

  const makeKey = (name: string): Key => {
    const shown = shownText(fieldName(clean(name)), longestText)
    const isRenamed = shown !== fieldName(name)
    const isUnusual = isRenamed || redaction.isSql([name])
    const piecesAfter = (start: string): Pieces => {
      const prefix = join(start, quote(shown), ":")
      return {
        prefix,
        textPrefix: join(prefix, "\""),
        masked: join(prefix, mask)
      }
    }
    return {
      name,
      path: [name],
      shown,
      isRenamed,
      isUnusual,
      masks: redaction.fieldMask(name),
      kind: redaction.sensitivity(name),
      pieces: piecesAfter(","),
      piecesAfterText: piecesAfter("\","),
      next: undefined
    }
  }

  const unusualMember = (
    { isRenamed, path, shown }: Key,
    prefix: string,
    names: Names | undefined,
    value: unknown,
    first: boolean,
    fields: object
  ): string => {
    const start = isRenamed && names !== undefined
      ? join(prefix.slice(0, prefix.indexOf(",") + 1), quote(names(shown)), ":")
      : prefix
    return start +
      (redaction.masks(path, value, first, fields) ? mask : encodeJson(value, redaction, path))
  }

  /** Finds the key of a name. It is looked up only if the order of the keys differs from the line before. */
  const keyOf = (name: string, previous: Key): Key => {
    const { next } = previous
    if (next !== undefined && next.name === name) return next
    const known = keys.get(name)
    if (known === undefined) {
      const made = makeKey(name)
      if (keys.size >= mostRemembered || name.length >= 256) return made
      keys.set(name, made)
      return previous.next = made
    }
    return previous.next = known
  }
  const beginning = makeKey("")

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

  /** The closing quote of the message, the ids and the service. Successive lines of a fiber have the same ones. */
  const contextOf = ({ correlationId, span, workflow }: LogRecord): string => {
    if (correlationId !== lastCorrelation || span !== lastSpan || workflow !== lastWorkflow) {
      lastContext = join(
        correlationId === undefined ? "\"" : `","correlation_id":${quote(correlationId)}`,
        spanText(span),
        workflowText(workflow),
        serviceText
      )
      lastCorrelation = correlationId
      lastSpan = span
      lastWorkflow = workflow
    }
    return lastContext
  }

  /** Most messages are constants of the program. */
  const messageOf = (message: string): string => {
    if (message !== lastMessage) {
      lastMessageText = unquoted(message)
      lastMessage = message
    }
    return lastMessageText
  }

  const workflowText = (workflow: Correlation.WorkflowContext | undefined): string => {
    if (workflow === undefined) return ""
    const known = workflows.get(workflow)
    if (known !== undefined) return known
    const { attempt, stepId, stepName, taskId, taskName } = redactWorkflow(workflow, redaction)
    const text = `,"task_id":${quote(taskId)},"task_name":${quote(taskName)}` +
      (stepId === undefined ? "" : `,"step_id":${quote(stepId)}`) +
      (stepName === undefined ? "" : `,"step_name":${quote(stepName)}`) +
      (attempt === undefined ? "" : `,"attempt":${attempt}`)
    workflows.set(workflow, text)
    return text
  }

  /** Makes the line, with `clean` applied to each text. Texts that may hold a secret go to `scan`. */
  const encode = (record: LogRecord, clean: (text: string) => string, first: boolean): string => {
    const { fields } = record
    let line = startOf(record.time, record.level) +
      (first ? messageOf(record.message) : unquoted(clean(record.message))) +
      componentText(record.component) + contextOf(record)
    /** Collected in a variable of this call, because reading a field may run code that writes a line. */
    let texts = collects && first ? searchable(record.message) : ""
    let left = 0
    let key = beginning
    let names: Names | undefined
    /** Whether the last text still lacks its closing quote, which the next piece adds. */
    let open = false
    for (const name in fields) {
      if (line.length > longestLine && !essentialFields.has(name)) {
        left++
        continue
      }
      key = keyOf(name, key)
      const { masked, prefix, textPrefix } = open ? key.piecesAfterText : key.pieces
      open = false
      const value = fields[name]
      if (key.isUnusual) {
        if (key.isRenamed) names ??= uniqueFieldNames(fields)
        line += unusualMember(key, prefix, names, value, first, fields)
      } else if (key.kind !== "none" && typeof value === "string" && !isHarmlessText(value, key.kind)) {
        // The key masks the text. This is what {@link Key.masks} decides for most values.
        if (first) redaction.countKey()
        line += masked
      } else if (key.masks !== undefined && key.masks(value, first, fields)) line += masked
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

  return (record) => {
    const line = encode(record, unchanged, true)
    return collects && redaction.mayHold(scan) ? encode(record, clean, false) : line
  }
}

/** The part of a text that is searched. */
const searchable = (text: string) => text.length > mostLooked ? text.slice(0, mostLooked) : text

const unchanged = (text: string) => text

const spanText = (span: Tracer.AnySpan | undefined): string =>
  span === undefined
    ? ""
    : `,"trace_id":${quote(span.traceId)},"span_id":${quote(span.spanId)},"trace_flags":"${span.sampled ? "01" : "00"}"`

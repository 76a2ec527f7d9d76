/**
 * What is kept of a failure: in records of tasks and steps, in events, log lines and spans alike.
 *
 * Everything in it is bounded, redacted and plain JSON.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as References from "effect/References"
import * as Schema from "effect/Schema"
import {
  causesOf,
  describeError,
  type ErrorDescription,
  fieldsOf,
  framesOf,
  informativeError,
  mainReason,
  valueOf
} from "../../internal/describeError.ts"
import { orElse } from "../../internal/guard.ts"
import { truncateAtWord } from "../../internal/truncateAtWord.ts"
import type { Redaction } from "../Redaction.ts"
import { encodeJson } from "./encodeJson.ts"

const fields = Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
const description = { type: Schema.String, message: Schema.String, fields }
const kind = Schema.Literals(["failure", "defect", "interruption"])

/** An error that caused another error. */
const ErrorBehind = Schema.Struct(description)

/** A failure as it is kept. */
export const ErrorRecord = Schema.Struct({
  ...description,
  /** Absent if the record is of a failure. */
  kind: Schema.optionalKey(kind),
  /** The errors that caused it, from its direct causes to the root. */
  causes: Schema.optionalKey(Schema.Array(ErrorBehind)),
  /** All reasons of the cause, if it has several. */
  reasons: Schema.optionalKey(
    Schema.Array(Schema.Struct({ ...description, kind, causes: Schema.optionalKey(Schema.Array(ErrorBehind)) }))
  ),
  /** The stack of the error, then those of its causes, if one of them has one. */
  stack: Schema.optionalKey(Schema.String)
})

export type ErrorRecord = typeof ErrorRecord.Type
type ErrorBehind = typeof ErrorBehind.Type

/** Characters of all stacks together. */
const longestStack = 8192
/** Most causes of an error, and most reasons of a cause, that the record keeps. */
const mostKept = 10
/** The record keeps so many causes from the beginning of a long chain, and its root. */
const mostOfBeginning = mostKept - 2
/** Bounds for the own fields of one error. */
const fieldLimits = { depth: 4, nodes: 50, members: 32, text: 1024, texts: 2048 }

const kinds = { Fail: "failure", Die: "defect", Interrupt: "interruption" } as const

/** Makes the record of a cause: its first failure, else its first defect, with the causes of that. */
export const make = (cause: Cause.Cause<unknown>, redaction: Redaction): ErrorRecord => {
  const main = mainReason(cause)
  if (main === undefined) return interruption(cause)
  const show = shower(redaction)
  const error = informativeError(valueOf(main))
  const behind = causesOf(error)
  const stack = stackOf(cause, main, error, behind, show)
  return {
    ...show.error(error),
    ...(main._tag === "Die" ? { kind: "defect" } : {}),
    ...causesField(behind, show),
    ...reasonsField(cause.reasons, show),
    ...(stack === "" ? {} : { stack })
  }
}

/** Effect alone can tell which fibers interrupted it. */
const interruption = (cause: Cause.Cause<unknown>): ErrorRecord => {
  const stack = orElse(() => truncateAtWord(Cause.pretty(cause), longestStack), () => "")
  return { type: "interrupted", message: "interrupted", kind: "interruption", ...(stack === "" ? {} : { stack }) }
}

type Show = ReturnType<typeof shower>

const shower = (redaction: Redaction) => {
  // A redaction rule for the message of lines or events holds for records too.
  const masksMessage = redaction.masks(["exception.message"], false) || redaction.masks(["errorMessage"], false)
  const message = (text: string): string => masksMessage ? redaction.mask : redaction.text(text)
  return {
    text: redaction.text,
    /** The line above the frames of a stack. */
    head: ({ message: text, type }: ErrorDescription): string =>
      text.startsWith(type) ? message(text) : `${redaction.text(type)}: ${message(text)}`,
    error: (error: unknown): ErrorBehind => {
      const { message: text, type } = describeError(error)
      const own = fieldsOf(error)
      return {
        type: redaction.text(type),
        message: message(text),
        ...(own === undefined ? {} : { fields: plainFields(own, redaction) })
      }
    }
  }
}

const plainFields = (own: Readonly<Record<string, unknown>>, redaction: Redaction): Record<string, Schema.Json> =>
  orElse(
    () => JSON.parse(encodeJson(own, redaction, ["exception"], fieldLimits)) as Record<string, Schema.Json>,
    () => ({})
  )

const causesField = (behind: ReadonlyArray<unknown>, show: Show): Pick<ErrorRecord, "causes"> => {
  if (behind.length === 0) return {}
  if (behind.length <= mostKept) return { causes: behind.map(show.error) }
  const left = behind.length - mostOfBeginning - 1
  return {
    causes: [
      ...behind.slice(0, mostOfBeginning).map(show.error),
      { type: "…", message: `${left} more causes` },
      show.error(behind.at(-1))
    ]
  }
}

const reasonsField = (reasons: ReadonlyArray<Cause.Reason<unknown>>, show: Show): Pick<ErrorRecord, "reasons"> => {
  if (reasons.length <= 1) return {}
  if (reasons.length <= mostKept) return { reasons: reasons.map((one) => reasonOf(one, show)) }
  const kept = reasons.slice(0, mostKept - 1)
  return {
    reasons: [
      ...kept.map((one) => reasonOf(one, show)),
      { kind: "failure", type: "…", message: `${reasons.length - kept.length} more reasons` }
    ]
  }
}

const reasonOf = (reason: Cause.Reason<unknown>, show: Show) => {
  const kind = kinds[reason._tag]
  if (reason._tag === "Interrupt") return { kind, type: "interrupted", message: "interrupted" }
  const error = informativeError(valueOf(reason))
  return { kind, ...show.error(error), ...causesField(causesOf(error), show) }
}

// --- Stacks ---

const stackOf = (
  cause: Cause.Cause<unknown>,
  main: Cause.Fail<unknown> | Cause.Die,
  error: unknown,
  behind: ReadonlyArray<unknown>,
  show: Show
): string => {
  const parts = [stackPart("", error, show, effectFrames(main))]
  for (const inner of behind.slice(0, mostKept)) parts.push(stackPart("[cause] ", inner, show))
  for (const reason of cause.reasons.slice(0, mostKept)) {
    if (reason !== main && reason._tag !== "Interrupt") {
      parts.push(stackPart("[also] ", informativeError(valueOf(reason)), show, effectFrames(reason)))
    }
  }
  if (parts.every(({ frames }) => frames === "")) return ""
  return truncateAtWord(
    parts.map(({ frames, head }) => frames === "" ? head : `${head}\n${frames}`).join("\n"),
    longestStack
  )
}

const stackPart = (prefix: string, error: unknown, show: Show, further: string = "") => ({
  head: `${prefix}${show.head(describeError(error))}`,
  frames: [show.text(framesOf(error)), further].filter((frames) => frames !== "").join("\n")
})

/** Frames of functions and spans that Effect was in. */
const mostFrames = 10
const location = /\((.*)\)/

const effectFrames = (reason: Cause.Reason<unknown>): string =>
  orElse(() => {
    const lines: Array<string> = []
    let current: References.StackFrame | undefined = Context.getOrUndefined(
      Cause.reasonAnnotations(reason),
      Cause.StackTrace
    )
    while (current !== undefined && lines.length < mostFrames) {
      const stack = current.stack()
      const place = stack === undefined ? undefined : location.exec(stack)?.[1] ?? stack.replace(/^\s*at /, "")
      lines.push(place === undefined ? `    at ${current.name}` : `    at ${current.name} (${place})`)
      current = current.parent
    }
    return lines.join("\n")
  }, () => "")

// --- As fields ---

/** Names that lines and spans use for fields of their own. */
const reserved = new Set(["type", "message", "stacktrace", "kind", "reasons", "causes"])

/**
 * The record as fields of a log line, or attributes of a span event: `exception.type`, `exception.message`,
 * `exception.stacktrace`, `exception.causes`, `exception.reasons`, and `exception.<name>` for each own field of the error.
 */
export const toFields = (record: ErrorRecord): Record<string, unknown> => {
  const { causes, message, reasons, stack, type } = record
  const shown: Record<string, unknown> = {
    "exception.type": type,
    "exception.message": message,
    "exception.stacktrace": stack ?? (message.startsWith(type) ? message : `${type}: ${message}`)
  }
  for (const [name, value] of Object.entries(record.fields ?? {})) {
    shown[reserved.has(name) || name.startsWith("fields.") ? `exception.fields.${name}` : `exception.${name}`] = value
  }
  // An interruption beside a failure says that the failure stopped other fibers.
  if (reasons !== undefined && reasons.filter(({ kind }) => kind !== "interruption").length > 1) {
    shown["exception.reasons"] = reasons
  }
  if (causes !== undefined) shown["exception.causes"] = causes
  return shown
}

/** The fields of a log line about a failure: {@link toFields}, `error.type`, and `exception.kind`. */
export const toLogFields = (record: ErrorRecord): Record<string, unknown> => ({
  "error.type": record.type,
  "exception.kind": record.kind ?? "failure",
  ...toFields(record)
})

/** The message, then the root's message, for a place with room for one text: `fetch failed: connect ECONNREFUSED …`. */
export const headline = ({ causes, message }: ErrorRecord): string => {
  const root = causes?.at(-1)?.message
  return root === undefined || message.includes(root) ? message : `${message}: ${root}`
}

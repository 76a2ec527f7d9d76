/**
 * Describes an error: its type, message, own fields, stack, and causes.
 *
 * Errors come from all kinds of code, so nothing here throws, even if a getter or a proxy does.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { callOr, fieldOf as at, keysOf as allKeysOf, orElse } from "./guard.ts"
import { setField } from "./setField.ts"
import { truncateAtWord } from "./truncateAtWord.ts"

export interface ErrorDescription {
  /** Class of the failure: a tag, a class name or `_OTHER`. It has few distinct values. */
  readonly type: string
  /** Its message, at most {@link longestMessage} characters. */
  readonly message: string
}

const longestMessage = 1024
/** The highest number of nested errors that are searched for a message. */
const mostWrappers = 16
/** The highest number of causes that are visited. */
const mostVisited = 64
/** The highest number of own fields that are read. */
const mostFields = 64

/** Describes the first failure of a cause, or its first defect, or an interruption. */
export const describeCause = (cause: Cause.Cause<unknown>): ErrorDescription => {
  const reason = mainReason(cause)
  return reason === undefined ? { type: "interrupted", message: "interrupted" } : describeError(valueOf(reason))
}

/** The first failure of a cause, else its first defect. */
export const mainReason = (cause: Cause.Cause<unknown>): Cause.Fail<unknown> | Cause.Die | undefined =>
  cause.reasons.find(Cause.isFailReason) ?? cause.reasons.find(Cause.isDieReason)

/** The error or defect of a reason. */
export const valueOf = (reason: Cause.Fail<unknown> | Cause.Die): unknown =>
  reason._tag === "Fail" ? reason.error : reason.defect

/** Describes a thrown or failed value. If it is a wrapper without a text, it describes the error inside. */
export const describeError = (error: unknown): ErrorDescription =>
  orElse(() => {
    const informative = informativeError(error)
    const type = typeOf(informative)
    return {
      type: clip(type),
      message: clip(messageOf(informative, mostWrappers) || uninformativeMessage(informative) || type)
    }
  }, () => ({ type: "_OTHER", message: "an error that cannot be described" }))

/** Whether a value is an error, also of another realm. */
export const isError = (value: unknown): value is Error =>
  orElse(() => {
    if (value instanceof Error) return true
    if (!isObject(value)) return false
    const tag = Object.prototype.toString.call(value)
    return tag === "[object Error]" || tag === "[object DOMException]"
  }, () => false)

/** The outermost error with information. Effect's wrappers, and errors without a text, only lead to another error. */
export const informativeError = (error: unknown): unknown => {
  let current = error
  for (let step = 0; step < mostWrappers && isUninformative(current); step++) {
    const [inner] = errorsBehind(current)
    if (inner === undefined) break
    current = inner
  }
  return current
}

/** The default texts of Effect's errors. */
const uninformativeText = /^$|^An error (?:has )?occurred(?: in Effect\.\w+)?$/

const isUninformative = (error: unknown): boolean =>
  orElse(() => {
    if (!isObject(error)) return false
    if (Cause.isCause(error) || Exit.isExit(error)) return true
    if (!uninformativeText.test(textAt(error, "message"))) return false
    return Cause.isUnknownError(error) || (isError(error) && typeOf(error) === "Error" && ownText(error) === "")
  }, () => false)

/** The causes of an error, from the direct ones to the root, each once and without wrappers. It visits at most 64. */
export const causesOf = (error: unknown): ReadonlyArray<unknown> => {
  const seen = new Set([error])
  for (const current of seen) {
    if (seen.size > mostVisited) break
    for (const behind of errorsBehind(current)) seen.add(behind)
  }
  return [...seen].slice(1).filter((behind) => !isUninformative(behind) || errorsBehind(behind).length === 0)
}

/** The own fields of an error, as the program gave them, neither bounded nor redacted. */
export const fieldsOf = (error: unknown): Readonly<Record<string, unknown>> | undefined =>
  orElse(() => isObject(error) && !Array.isArray(error) ? ownFields(error) : undefined, () => undefined)

const ownFields = (error: object): Readonly<Record<string, unknown>> | undefined => {
  const fields: Record<string, unknown> = {}
  const sources = [error, reasonOf(error)]
  for (const source of sources) {
    if (source === undefined) continue
    for (const key of keysOf(source)) addField(fields, source, key)
    for (const key of isError(source) || isEvent(source) ? inheritedKeys : []) {
      if (!Object.hasOwn(fields, key) && isPlainAnswer(at(source, key)) && !isDomException(source)) {
        fields[key] = at(source, key)
      }
    }
  }
  if (Object.keys(fields).length > 0) return fields
  // A failure that is no error and has no fields, such as a `Response`, is shown itself.
  const isBare = sources[1] === undefined && keysOf(error).length === 0
  return isBare && !isError(error) && !isEvent(error) && !isPlain(error) ? { value: error } : undefined
}

/** The frames of an error's stack, without the message and without frames inside of Effect. */
export const framesOf = (error: unknown): string => {
  if (!isObject(error)) return ""
  const stack = textAt(error, "stack")
  const message = textAt(error, "message")
  const start = message === "" ? -1 : stack.indexOf(message)
  const text = truncateAtWord(start < 0 ? stack : stack.slice(start + message.length), longestStack)
  const first = text.search(firstFrame)
  if (first < 0) return ""
  const frames = text.slice(text.charCodeAt(first) === lineFeed ? first + 1 : first)
  const inside = frames.search(insideEffect)
  const outside = inside < 0 ? frames : frames.slice(0, Math.max(0, frames.lastIndexOf("\n", inside)))
  return outside === "" || isAsWritten(outside)
    ? outside
    : outside.split("\n").map((line) => `    ${line.trim()}`).join("\n")
}

const longestStack = 8192
const lineFeed = 10
const firstFrame = /(?:^|\n)[^\S\n]*at /
const insideEffect = /Generator\.next|~effect\/(?:Effect|Utils)/

/** Whether each line has the spaces that V8 writes, and no others at its ends. */
const isAsWritten = (frames: string): boolean => {
  for (let start = 0; start <= frames.length;) {
    const next = frames.indexOf("\n", start)
    const end = next < 0 ? frames.length : next
    const last = frames.charCodeAt(end - 1)
    if (!frames.startsWith("    at ", start) || last <= 32 || last > 126) return false
    start = end + 1
  }
  return true
}

/** Gives at most ten frames of an error and its causes, at most three of them from libraries and the platform. */
export const backtraceOf = (cause: Cause.Cause<unknown>): ReadonlyArray<string> => {
  const reason = mainReason(cause)
  if (reason === undefined) return []
  const error = informativeError(valueOf(reason))
  let foreign = 0
  return [error, ...causesOf(error)].map(framesOf).join("\n").split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && (!/node_modules|\(?node:/.test(line) || ++foreign <= 3))
    .slice(0, 10)
}

// --- Type and message ---

/** Names that only say that a value is an error. */
const genericNames = new Set(["", "Error", "error", "UnknownError"])

const typeOf = (error: unknown): string => {
  if (!isObject(error)) return error === null ? "null" : typeof error
  const reason = reasonOf(error)
  const names = [
    reason === undefined ? "" : textAt(reason, "_tag"),
    textAt(error, "_tag"),
    isError(error) || "stack" in error ? textAt(error, "name") : ""
  ]
  const named = names.find((name) => !genericNames.has(name))
  if (named !== undefined) return named
  const constructed = constructorName(error)
  if (constructed !== "" && !internalNames.has(constructed)) return constructed
  return names.find((name) => name !== "") ?? (constructed === "" ? "_OTHER" : constructed)
}

/** Constructors of Node that do not name a class of errors. */
const internalNames = new Set(["NodeError", "SystemError"])

const constructorName = (value: object): string => {
  const constructor = at(value, "constructor")
  return typeof constructor === "function" ? textAt(constructor, "name") : ""
}

const messageOf = (error: unknown, left: number): string => {
  if (!isObject(error)) return String(error)
  const text = ownText(error)
  if (text !== "") return text
  if (left > 0) {
    for (const inner of errorsBehind(error)) {
      const message = messageOf(inner, left - 1)
      if (message !== "") return message
    }
  }
  if (isError(error) || keysOf(error).length > 0) return ""
  if (typeof at(error, "status") === "number") {
    return `HTTP ${at(error, "status")} ${textAt(error, "statusText")}`.trim()
  }
  const shown = orElse(() => (error as { toString(): string }).toString(), () => "")
  return shown.startsWith("[object ") ? "" : shown
}

/** Effect's text for a promise that was rejected without a value. */
const uninformativeMessage = (error: unknown): string => isObject(error) ? textAt(error, "message") : ""

/** Fields in which errors of programs and of services have their text, besides `message`. */
const textKeys = [
  "reason",
  "description",
  "detail",
  "details",
  "error_description",
  "error",
  "msg",
  "title",
  "errorMessage",
  "text"
] as const

const ownText = (error: object): string => {
  const reason = reasonOf(error)
  const message = textAt(error, "message")
  if (!uninformativeText.test(message)) return message
  const inner = reason === undefined ? "" : textAt(reason, "message")
  if (inner !== "") return inner
  for (const key of textKeys) {
    const text = textAt(error, key)
    if (text !== "") return text
  }
  // Services answer `{ "error": { "code", "message" } }`.
  const answer = at(error, "error")
  return isObject(answer) && !isError(answer) ? textAt(answer, "message") : ""
}

// --- Behind an error ---

/**
 * Many of Effect's errors have a tagged `reason` that says what happened. The error and its reason are treated as one.
 */
const reasonOf = (error: object): object | undefined => {
  const reason = at(error, "reason")
  return isObject(reason) && textAt(reason, "_tag") !== "" && !isCause(reason) ? reason : undefined
}

const errorsBehind = (error: unknown): ReadonlyArray<unknown> => {
  if (!isObject(error)) return []
  return orElse(() => {
    if (Cause.isCause(error)) return error.reasons.filter((reason) => reason._tag !== "Interrupt").map(valueOf)
    if (Exit.isExit(error)) return Exit.isFailure(error) ? [error.cause] : []
    if (Array.isArray(error)) return error.slice(0, mostFields).filter(hasContent)
    const reason = reasonOf(error)
    const errors = at(error, "errors")
    const isPair = typeOf(error) === "SuppressedError"
    return [
      ...(Array.isArray(errors)
        ? errors.slice(0, mostFields).filter(hasContent)
        : isObject(errors)
        ? errorsIn(errors)
        : []),
      ...(isPair ? [at(error, "error"), at(error, "suppressed")] : []),
      at(error, "cause"),
      ...(reason === undefined ? [] : [at(reason, "cause"), reasonOf(reason), ...errorsIn(reason)]),
      ...errorsIn(error),
      // An event of the platform has its error in a getter.
      ...(isEvent(error) ? [at(error, "error")] : [])
    ].filter((behind) => behind !== undefined && behind !== null && behind !== reason && behind !== error)
  }, () => [])
}

const hasContent = (item: unknown): boolean => isObject(item) || (typeof item === "string" && item !== "")

/** Errors in fields of any name, such as `error`, `originalError` or `inner`. */
const errorsIn = (error: object): ReadonlyArray<unknown> =>
  keysOf(error).map((key) => at(error, key)).filter((value) => isError(value) || isCause(value))

// --- Fields ---

/** Texts that are shown elsewhere. */
const shownElsewhere = new Set(["message", "stack", "_tag"])

const isShownElsewhere = (source: object, key: string, value: unknown): boolean => {
  if (value === undefined || typeof value === "function" || key === "cause" || key.startsWith("~")) return true
  if (shownElsewhere.has(key)) return typeof value === "string"
  if (key === "isTrusted") return isEvent(source)
  if (key === "name") return isError(source) || value === textAt(source, "_tag")
  if (key === "errors") return Array.isArray(value)
  // The message is made of the issue.
  if (key === "issue") return textAt(source, "_tag") === "SchemaError"
  return isError(value) || isCause(value) || value === reasonOf(source)
}

/** Fields that classes of errors have as getters. */
const inheritedKeys = ["code", "status", "statusCode"] as const

const addField = (fields: Record<string, unknown>, source: object, key: string): void => {
  if (Object.hasOwn(fields, key)) return
  const value = orElse((): unknown => (source as never)[key], () => "[unreadable]")
  if (isShownElsewhere(source, key, value)) return
  // Requests and responses are large, and have headers and bodies.
  if (key === "request" && isObject(value)) {
    const url = textAt(value, "url")
    const method = textAt(value, "method")
    if (url !== "" && method !== "") return setField(fields, key, `${method} ${url.replace(/[?#].*$/s, "")}`)
  }
  if (key === "response" && isObject(value) && typeof at(value, "status") === "number") {
    return setField(fields, "status", at(value, "status"))
  }
  setField(fields, key, value)
}

const isPlainAnswer = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && value !== "")

const isDomException = (error: object): boolean => Object.prototype.toString.call(error) === "[object DOMException]"

/** Whether a value is an event of a socket or a worker. */
const isEvent = (value: object): boolean =>
  orElse(
    () => Object.prototype.toString.call(value).endsWith("Event]") && typeof at(value, "isTrusted") === "boolean",
    () => false
  )

const isPlain = (value: object): boolean =>
  orElse(() => constructorName(value) === "Object" || Object.getPrototypeOf(value) === null, () => true)

// --- Reading what is not ours ---

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const never = () => false

const isCause = (value: unknown): value is Cause.Cause<unknown> => callOr(Cause.isCause, value, never)

const textAt = (object: object, key: string): string => textOf(at(object, key))

const textOf = (value: unknown): string => typeof value === "string" ? value : ""

const keysOf = (object: object): ReadonlyArray<string> => {
  const keys = allKeysOf(object)
  return keys.length > mostFields ? keys.slice(0, mostFields) : keys
}

const clip = (text: string) => text.length > longestMessage ? `${truncateAtWord(text, longestMessage)}…` : text

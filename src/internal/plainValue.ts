/**
 * Says how lines, events, records and attributes show a value that is no plain object.
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import {
  causesOf,
  describeError,
  fieldsOf,
  framesOf,
  informativeError,
  isError,
  mainReason,
  valueOf
} from "./describeError.ts"
import { isPlainObject } from "./guard.ts"
import { setField } from "./setField.ts"

/** The value to show in place of an object. Its texts, keys and fields are not yet bounded and redacted. */
export interface PlainValue {
  /** A text, a list, a record of fields, or another value to convert. */
  readonly value: unknown
  /** The number of all members, if `value` has only the first of them. */
  readonly total?: number
}

/**
 * Gives the value to show in place of an object. It may throw what the object's
 * own code throws.
 *
 * @param value any object but an array and an Effect `Redacted`
 * @param limit the highest number of members that are read
 * @param stacks whether errors are shown with their stacks
 * @returns `undefined` if the object's own fields are to be shown
 */
export const plainValue = (value: object, limit: number, stacks: boolean): PlainValue | undefined => {
  if (isPlainObject(value)) return typeof value["toJSON"] === "function" ? fromJson(value, limit) : undefined
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  return ofBox(value, tag) ?? ofError(value, stacks) ?? ofCollection(value, tag, limit) ?? ofPlatform(value, tag) ??
    fromJson(value, limit) ?? ofClass(value, tag)
}

type Members = Readonly<Record<string, unknown>>

const text = (value: string): PlainValue => ({ value })

/** Objects that wrap a text, a number or another primitive. */
const ofBox = (value: object, tag: string): PlainValue | undefined => {
  if (!boxes.has(tag)) return undefined
  const primitive: unknown = value.valueOf()
  return typeof primitive === "object" || typeof primitive === "function" ? undefined : { value: primitive }
}

const boxes = new Set(["String", "Number", "Boolean", "BigInt", "Symbol"])

// --- Errors ---

const mostCauses = 10

const ofError = (value: object, stacks: boolean): PlainValue | undefined => {
  if (isError(value)) return { value: errorFields(value, stacks) }
  if (Cause.isCause(value)) return { value: causeFields(value, stacks) }
  if (!Exit.isExit(value)) return undefined
  return {
    value: Exit.isSuccess(value)
      ? { _id: "Exit", _tag: "Success", value: value.value }
      : { _id: "Exit", _tag: "Failure", cause: causeFields(value.cause, stacks) }
  }
}

const causeFields = (cause: Cause.Cause<unknown>, stacks: boolean): unknown => {
  const main = mainReason(cause)
  if (main === undefined) return { name: "interrupted", message: "interrupted" }
  const others = cause.reasons.filter((reason) => reason !== main && reason._tag !== "Interrupt")
    .slice(0, mostCauses)
  return {
    ...errorFields(valueOf(main), stacks),
    ...(others.length === 0
      ? {}
      : { reasons: others.map((reason) => errorFields(valueOf(reason as Cause.Fail<unknown> | Cause.Die), stacks)) })
  }
}

const errorFields = (given: unknown, stacks: boolean): Record<string, unknown> => {
  const error = informativeError(given)
  const { message, type } = describeError(error)
  const frames = stacks ? framesOf(error) : ""
  const fields: Record<string, unknown> = { name: type, message }
  if (frames !== "") fields["stack"] = `${type}: ${message}\n${frames}`
  const own = fieldsOf(error) ?? {}
  for (const key of Object.keys(own)) if (!Object.hasOwn(fields, key)) setField(fields, key, own[key])
  const causes = causesOf(error).slice(0, mostCauses)
  // The causes are listed here. If each were converted by itself, its causes would be repeated in it.
  if (causes.length > 0) {
    fields["causes"] = causes.map((cause) => {
      const { message, type } = describeError(cause)
      return { ...fieldsOf(cause), name: type, message }
    })
  }
  return fields
}

// --- Collections ---

const ofCollection = (value: object, tag: string, limit: number): PlainValue | undefined => {
  if (value instanceof Map) return { value: fromEntries(value, limit), total: value.size }
  if (value instanceof Set || (tag === "Set" && isIterable(value))) {
    return { value: first(value, limit), total: (value as Set<unknown>).size }
  }
  if (keyed.has(tag) && isIterable(value)) return { value: fromEntries(value as Iterable<[unknown, unknown]>, limit) }
  return ofBinary(value, tag, limit)
}

/** Lists of names and values. The values of one name belong together. */
const keyed = new Set(["Headers", "URLSearchParams", "FormData", "Map"])

/** Gives a record if every key is a primitive, else a list of pairs. Values with the same key are put into a list. */
const fromEntries = (entries: Iterable<readonly [unknown, unknown]>, limit: number): unknown => {
  const pairs = first(entries, limit)
  if (pairs.some(([key]) => typeof key === "object" && key !== null)) return pairs
  const grouped = new Map<string, Array<unknown>>()
  for (const [key, value] of pairs) {
    const name = String(key)
    const values = grouped.get(name)
    if (values === undefined) grouped.set(name, [value])
    else values.push(value)
  }
  const record: Record<string, unknown> = {}
  for (const [name, values] of grouped) setField(record, name, values.length === 1 ? values[0] : values)
  return record
}

/** Bytes are shown by their size, typed arrays as numbers. */
const ofBinary = (value: object, tag: string, limit: number): PlainValue | undefined => {
  if (ArrayBuffer.isView(value)) {
    if (bytes.has(tag)) return text(`[${value.byteLength} bytes]`)
    const numbers = value as unknown as ArrayLike<number | bigint>
    return {
      value: Array.from({ length: Math.min(numbers.length, limit) }, (_, i) => numbers[i]),
      total: numbers.length
    }
  }
  if (tag !== "ArrayBuffer" && tag !== "SharedArrayBuffer") return undefined
  return text(`[${(value as ArrayBuffer).byteLength} bytes]`)
}

const bytes = new Set(["Uint8Array", "Uint8ClampedArray", "DataView"])

const first = <A>(items: Iterable<A>, count: number): ReadonlyArray<A> => {
  const taken: Array<A> = []
  if (count <= 0) return taken
  for (const item of items) if (taken.push(item) >= count) break
  return taken
}

const isIterable = (value: object): value is Iterable<unknown> =>
  typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === "function"

// --- The platform ---

const ofPlatform = (value: object, tag: string): PlainValue | undefined => {
  switch (tag) {
    case "Date":
      return Number.isNaN((value as Date).getTime()) ? text("Invalid Date") : undefined
    case "RegExp":
      return text((value as RegExp).toString())
    case "Response": {
      const { headers, status, statusText, url } = value as Response
      return {
        value: { status, ...(statusText === "" ? {} : { statusText }), ...(url === "" ? {} : { url }), headers }
      }
    }
    case "Request": {
      const { headers, method, url } = value as Request
      return { value: { method, url, headers } }
    }
    case "Blob":
      return text(`[${(value as Blob).size} bytes]`)
    case "File": {
      const { name, size, type } = value as File
      return { value: { name, size, ...(type === "" ? {} : { type }) } }
    }
    case "Object":
      return ofNode(value as Members)
    default:
      return undefined
  }
}

/** Streams, sockets, requests and timers of Node are large and refer to many other objects. */
const ofNode = (value: Members): PlainValue | undefined => {
  const name = className(value)
  if (name === "Timeout" || name === "Immediate") return text(`[${name}]`)
  if (typeof value["pipe"] !== "function" || typeof value["on"] !== "function") return undefined
  const { headers, method, statusCode, url } = value
  if (typeof method === "string" && typeof url === "string" && url !== "") return { value: { method, url, headers } }
  return typeof statusCode === "number" ? { value: { statusCode } } : text(`[${name}]`)
}

const className = (value: object): string =>
  typeof value.constructor === "function" && typeof value.constructor.name === "string" ? value.constructor.name : ""

// --- Classes ---

/**
 * Shows an object by its `toJSON`. Effect's data is read from the value itself, because its JSON has converted members
 * already.
 */
const fromJson = (value: object, limit: number): PlainValue | undefined => {
  if (!("toJSON" in value) || typeof value.toJSON !== "function") return undefined
  if (Duration.isDuration(value)) return text(Duration.format(value))
  const json: unknown = value.toJSON()
  if (!isPlainObject(json) || typeof json["_id"] !== "string") return { value: json }
  if (Array.isArray(json["values"]) && isIterable(value)) {
    return isKeyed.test(json["_id"])
      ? { value: fromEntries(value as Iterable<[unknown, unknown]>, limit), total: json["values"].length }
      : { value: first(value, limit), total: json["values"].length }
  }
  return { value: ofEffect(value, json) }
}

/** Members come from the value itself. In its JSON, a `Redacted` is a text already, and a `Duration` an object. */
const ofEffect = (value: Members, json: Members): unknown => {
  switch (json["_id"]) {
    case "BigDecimal":
      return BigDecimal.isBigDecimal(value) ? BigDecimal.format(value) : json
    case "HttpClientRequest":
      return { method: json["method"], url: json["url"], urlParams: value["urlParams"], headers: value["headers"] }
    case "UrlParams":
      return json["params"]
    case "Option":
      return "value" in json ? { ...json, value: value["value"] } : json
    case "Result":
      return "value" in json ? { ...json, value: value["success"] } : { ...json, failure: value["failure"] }
    default:
      return json
  }
}

const isKeyed = /(?:Map|Trie)$/

/** An instance with private state is shown by the text of its class, or by the name of its class. */
const ofClass = (value: object, tag: string): PlainValue | undefined => {
  if (Object.keys(value).length > 0) return undefined
  if (tag !== "Object") return text(`[${tag}]`)
  const name = className(value)
  // An object that has another object as prototype is no instance of a class.
  if (name === "Object" || name === "") return undefined
  const shown = value.toString === Object.prototype.toString ? "" : (value as { toString(): string }).toString()
  return text(shown === "" || shown.startsWith("[object ") ? `[${name}]` : shown)
}

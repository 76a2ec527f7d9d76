/**
 * JSON of any value: bounded in depth, breadth and length, with a mark where
 * something was cut, and never throwing.
 *
 * @internal
 */
import type { Redaction } from "../Redaction.ts"

export interface JsonLimits {
  /** Levels of objects and arrays. */
  readonly depth: number
  /** Objects and arrays in one value. */
  readonly nodes: number
  /** Members of one object or array. */
  readonly members: number
  /** Characters of one text. */
  readonly text: number
  /** Characters of all texts and keys in one value; a character takes up to six in JSON. */
  readonly texts: number
}

const defaultLimits: JsonLimits = { depth: 8, nodes: 1000, members: 256, text: 16_384, texts: 65_536 }

interface Walk {
  readonly redaction: Redaction | undefined
  readonly limits: JsonLimits
  readonly open: Set<object>
  nodes: number
  /** Characters that texts and keys may still have. */
  room: number
}

/**
 * Encodes `value`; members with a sensitive key are masked if a policy is given.
 *
 * BigInts become decimal text, NaN and infinities text, functions and symbols a
 * word for what they are, errors their name and message, binary data its size. A
 * getter or `toJSON` that throws leaves its place marked.
 */
export const encodeJson = (value: unknown, redaction?: Redaction, limits: JsonLimits = defaultLimits): string =>
  encode(value, 0, { redaction, limits, open: new Set(), nodes: 0, room: limits.texts })

const encode = (value: unknown, depth: number, walk: Walk): string => {
  switch (typeof value) {
    case "string":
      return encodeWithin(value, walk)
    case "number":
      return Number.isFinite(value) ? String(value) : `"${value}"`
    case "boolean":
      return value ? "true" : "false"
    case "bigint":
      return encodeWithin(String(value), walk)
    case "undefined":
      return "null"
    case "function":
      return "\"[function]\""
    case "symbol":
      return encodeWithin(String(value), walk)
    case "object":
      return value === null ? "null" : guarded(() => encodeObject(value, depth, walk))
  }
}

const guarded = (f: () => string): string => {
  try {
    return f()
  } catch {
    return "\"[unreadable]\""
  }
}

/** A JSON string in UTF-8; a text above the limit ends with how much is missing. */
export const encodeText = (text: string, limit: number): string =>
  JSON.stringify(
    (text.length > limit ? `${text.slice(0, limit)}…[${text.length - limit} more]` : text).toWellFormed()
  )

const encodeWithin = (text: string, walk: Walk): string => {
  const limit = Math.min(walk.limits.text, walk.room)
  walk.room -= Math.min(text.length, limit)
  return encodeText(text, limit)
}

const encodeObject = (value: object, depth: number, walk: Walk): string => {
  if (walk.open.has(value)) return "\"[circular]\""
  if (depth >= walk.limits.depth) return "\"[too deep]\""
  if (++walk.nodes > walk.limits.nodes) return "\"[too large]\""
  walk.open.add(value)
  try {
    return encodeOpened(value, depth, walk)
  } finally {
    walk.open.delete(value)
  }
}

const encodeOpened = (value: object, depth: number, walk: Walk): string => {
  if (Array.isArray(value)) return encodeArray(value, depth, walk)
  if (value instanceof Error) return encodeRecord({ name: value.name, message: value.message }, depth, walk)
  if (ArrayBuffer.isView(value)) return `"[${value.byteLength} bytes]"`
  if (value instanceof Map) {
    return encodeRecord(Object.fromEntries(first(value, walk.limits.members)), depth, walk, value.size)
  }
  if (value instanceof Set) return encodeArray(first(value, walk.limits.members), depth, walk, value.size)
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const json: unknown = value.toJSON()
    if (json !== value) return encode(json, depth + 1, walk)
  }
  return encodeRecord(value, depth, walk)
}

const first = <A>(items: Iterable<A>, count: number): ReadonlyArray<A> => {
  const taken: Array<A> = []
  for (const item of items) {
    if (taken.length === count) break
    taken.push(item)
  }
  return taken
}

const encodeArray = (items: ReadonlyArray<unknown>, depth: number, walk: Walk, total = items.length): string => {
  const parts: Array<string> = []
  const count = Math.min(items.length, walk.limits.members)
  while (parts.length < count && walk.room > 0) {
    const index = parts.length
    parts.push(guarded(() => encode(items[index], depth + 1, walk)))
  }
  if (total > parts.length) parts.push(`"…[${total - parts.length} more]"`)
  return `[${parts.join(",")}]`
}

const encodeRecord = (value: object, depth: number, walk: Walk, total?: number): string => {
  const parts: Array<string> = []
  const keys = Object.keys(value)
  const count = Math.min(keys.length, walk.limits.members)
  while (parts.length < count && walk.room > 0) {
    const key = keys[parts.length] as string
    const name = encodeWithin(key, walk)
    const text = walk.redaction?.isSensitive(key) === true
      ? encodeText(walk.redaction.mask, walk.limits.text)
      : guarded(() => encode((value as never)[key], depth + 1, walk))
    parts.push(`${name}:${text}`)
  }
  const left = (total ?? keys.length) - parts.length
  if (left > 0) parts.push(`"…":"${left} more"`)
  return `{${parts.join(",")}}`
}

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
}

const defaultLimits: JsonLimits = { depth: 8, nodes: 1000, members: 256, text: 16_384 }

interface Walk {
  readonly redaction: Redaction | undefined
  readonly limits: JsonLimits
  readonly open: Set<object>
  nodes: number
}

/**
 * Encodes `value`; members with a sensitive key are masked if a policy is given.
 *
 * BigInts become decimal text, NaN and infinities text, functions and symbols a
 * word for what they are, errors their name and message. A getter or `toJSON`
 * that throws leaves its place marked.
 */
export const encodeJson = (value: unknown, redaction?: Redaction, limits: JsonLimits = defaultLimits): string =>
  encode(value, 0, { redaction, limits, open: new Set(), nodes: 0 })

const encode = (value: unknown, depth: number, walk: Walk): string => {
  switch (typeof value) {
    case "string":
      return encodeText(value, walk.limits.text)
    case "number":
      return Number.isFinite(value) ? String(value) : `"${value}"`
    case "boolean":
      return value ? "true" : "false"
    case "bigint":
      return encodeText(String(value), walk.limits.text)
    case "undefined":
      return "null"
    case "function":
      return "\"[function]\""
    case "symbol":
      return encodeText(String(value), walk.limits.text)
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

/** A JSON string; a text above the limit ends with how much is missing. */
export const encodeText = (text: string, limit: number): string =>
  JSON.stringify(text.length > limit ? `${text.slice(0, limit)}…[${text.length - limit} more]` : text)

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
  if (value instanceof Map) return encodeRecord(Object.fromEntries(value), depth, walk)
  if (value instanceof Set) return encodeArray([...value], depth, walk)
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const json: unknown = value.toJSON()
    if (json !== value) return encode(json, depth + 1, walk)
  }
  return encodeRecord(value, depth, walk)
}

const encodeArray = (items: ReadonlyArray<unknown>, depth: number, walk: Walk): string => {
  const { members } = walk.limits
  const parts: Array<string> = []
  for (let index = 0; index < items.length && index < members; index++) {
    parts.push(guarded(() => encode(items[index], depth + 1, walk)))
  }
  if (items.length > members) parts.push(`"…[${items.length - members} more]"`)
  return `[${parts.join(",")}]`
}

const encodeRecord = (value: object, depth: number, walk: Walk): string => {
  const { members } = walk.limits
  const parts: Array<string> = []
  const keys = Object.keys(value)
  for (const key of keys.slice(0, members)) {
    const text = walk.redaction?.isSensitive(key) === true
      ? encodeText(walk.redaction.mask, walk.limits.text)
      : guarded(() => encode((value as never)[key], depth + 1, walk))
    parts.push(`${encodeText(key, walk.limits.text)}:${text}`)
  }
  if (keys.length > members) parts.push(`"…":"${keys.length - members} more"`)
  return `{${parts.join(",")}}`
}

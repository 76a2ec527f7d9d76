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
  /** Length of path at which the walk ends. */
  readonly depth: number
  readonly open: Set<object>
  nodes: number
}

/**
 * Encodes `value`, which stands at `path`; what the policy masks is masked, if one is given.
 *
 * BigInts become decimal text, NaN and infinities text, functions and symbols a
 * word for what they are, errors their name and message. A getter or `toJSON`
 * that throws leaves its place marked.
 */
export const encodeJson = (value: unknown, redaction?: Redaction, path: ReadonlyArray<string> = []): string =>
  encode(value, path, { redaction, limits: defaultLimits, depth: path.length + defaultLimits.depth, open: new Set(), nodes: 0 })

const encode = (value: unknown, path: ReadonlyArray<string>, walk: Walk): string => {
  switch (typeof value) {
    case "string":
      return encodeText(clean(value, walk), walk.limits.text)
    case "number":
      return Number.isFinite(value) ? encodeDigits(String(value), false, walk) : `"${value}"`
    case "boolean":
      return value ? "true" : "false"
    case "bigint":
      return encodeDigits(String(value), true, walk)
    case "undefined":
      return "null"
    case "function":
      return "\"[function]\""
    case "symbol":
      return encodeText(String(value), walk.limits.text)
    case "object":
      return value === null ? "null" : guarded(() => encodeObject(value, path, walk))
  }
}

const clean = (text: string, { redaction }: Walk) => redaction === undefined ? text : redaction.text(text)

/** A card number may come as a number. */
const fewestSecretDigits = 13

const encodeDigits = (digits: string, quoted: boolean, walk: Walk): string => {
  const shown = digits.length < fewestSecretDigits ? digits : clean(digits, walk)
  return quoted || shown !== digits ? encodeText(shown, walk.limits.text) : digits
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

const encodeObject = (value: object, path: ReadonlyArray<string>, walk: Walk): string => {
  if (walk.open.has(value)) return "\"[circular]\""
  if (path.length >= walk.depth) return "\"[too deep]\""
  if (++walk.nodes > walk.limits.nodes) return "\"[too large]\""
  walk.open.add(value)
  try {
    return encodeOpened(value, path, walk)
  } finally {
    walk.open.delete(value)
  }
}

const encodeOpened = (value: object, path: ReadonlyArray<string>, walk: Walk): string => {
  if (Array.isArray(value)) return encodeArray(value, path, walk)
  if (ArrayBuffer.isView(value)) return `"[${value.byteLength} bytes]"`
  if (value instanceof Error) return encodeRecord({ name: value.name, message: value.message }, path, walk)
  if (value instanceof Map) return encodeRecord(Object.fromEntries(value), path, walk)
  if (value instanceof Set) return encodeArray([...value], path, walk)
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const json: unknown = value.toJSON()
    if (json !== value) return encode(json, path, walk)
  }
  return encodeRecord(value, path, walk)
}

const encodeArray = (items: ReadonlyArray<unknown>, path: ReadonlyArray<string>, walk: Walk): string => {
  const { members } = walk.limits
  const parts: Array<string> = []
  for (let index = 0; index < items.length && index < members; index++) {
    parts.push(guarded(() => encode(items[index], [...path, String(index)], walk)))
  }
  if (items.length > members) parts.push(`"…[${items.length - members} more]"`)
  return `[${parts.join(",")}]`
}

const encodeRecord = (value: object, path: ReadonlyArray<string>, walk: Walk): string => {
  const { members } = walk.limits
  const parts: Array<string> = []
  const keys = Object.keys(value)
  for (const key of keys.slice(0, members)) {
    const here = [...path, key]
    const text = walk.redaction?.masks(here) === true
      ? encodeText(walk.redaction.mask, walk.limits.text)
      : guarded(() => encode((value as never)[key], here, walk))
    parts.push(`${encodeText(clean(key, walk), walk.limits.text)}:${text}`)
  }
  if (keys.length > members) parts.push(`"…":"${keys.length - members} more"`)
  return `{${parts.join(",")}}`
}

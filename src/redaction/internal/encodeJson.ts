/**
 * JSON of any value: bounded in depth, breadth and length, with a mark where
 * something was cut, and never throwing.
 */
import * as Redacted from "effect/Redacted"
import { orElse } from "../../internal/guard.ts"
import { plainValue } from "../../internal/plainValue.ts"
import { truncateMasked } from "../../internal/truncateAtWord.ts"
import { uniqueNames } from "../../internal/uniqueNames.ts"
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
  /** Length of path at which the walk ends. */
  readonly depth: number
  readonly open: Set<object>
  nodes: number
  /** Characters that texts and keys may still have. */
  room: number
}

/**
 * Encodes `value`, which stands at `path`. If `redaction` is given, it masks secrets.
 *
 * BigInts, NaN and infinities become text. Functions and symbols become a word
 * that names them. {@link plainValue} decides how other special objects look. If a
 * getter or `toJSON` throws, a mark takes the place of the value.
 */
export const encodeJson = (
  value: unknown,
  redaction?: Redaction,
  path: ReadonlyArray<string> = [],
  limits: JsonLimits = defaultLimits
): string =>
  encode(value, path, {
    redaction,
    limits,
    depth: path.length + limits.depth,
    open: new Set(),
    nodes: 0,
    room: limits.texts
  })

const encode = (value: unknown, path: ReadonlyArray<string>, walk: Walk): string => {
  switch (typeof value) {
    case "string":
      return encodeWithin(value, walk, walk.redaction?.isSql(path) === true ? walk.redaction.sql : walk.redaction?.text)
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
      return encodeWithin(String(value), walk)
    case "object":
      return value === null ? "null" : guarded(() => encodeObject(value, path, walk))
  }
}

/** A card number may come as a number. */
const fewestSecretDigits = 13

const encodeDigits = (digits: string, quoted: boolean, walk: Walk): string => {
  const shown = digits.length < fewestSecretDigits ? digits : walk.redaction?.text(digits) ?? digits
  return quoted || shown !== digits ? encodeWithin(shown, walk) : digits
}

const guarded = (f: () => string, otherwise: () => string = () => "\"[unreadable]\""): string => orElse(f, otherwise)

/** A text that UTF-8 can hold. A text above the limit ends with the number of missing characters. */
export const shownText = (text: string, limit: number): string =>
  (text.length > limit ? `${text.slice(0, limit)}…[${text.length - limit} more]` : text).toWellFormed()

/** {@link shownText} as a JSON string. */
export const encodeText = (text: string, limit: number): string => JSON.stringify(shownText(text, limit))

/** Characters that a terminal obeys or that end a line for a reader; `JSON.stringify` does not escape them. */
const controls = /[\u007f-\u009f\u2028\u2029]/g

/** JSON of one line for every reader: the control characters and line separators that JSON allows are escaped too. */
export const escapeControls = (json: string): string =>
  json.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Room for the mark at the end of a text that was cut. */
const markRoom = 32

/** A text without its secrets, of at most `limit` characters. Text far beyond the limit is not searched. */
export const searchedText = (text: string, limit: number, search: (text: string) => string): string => {
  if (text.length <= limit) return search(text)
  const shown = truncateMasked(text, Math.max(0, limit - markRoom), search)
  return `${shown}…[${text.length - shown.length} more]`
}

const encodeWithin = (text: string, walk: Walk, search?: (text: string) => string): string =>
  JSON.stringify(shownWithin(text, walk, search))

const shownWithin = (text: string, walk: Walk, search = walk.redaction?.text): string => {
  const limit = Math.min(walk.limits.text, walk.room)
  walk.room -= Math.min(text.length, limit)
  return search === undefined
    ? shownText(text, limit)
    : shownText(searchedText(text, limit, search), Math.max(limit, markRoom))
}

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
  if (Redacted.isRedacted(value)) return encodeWithin(walk.redaction?.mask ?? "<redacted>", walk)
  const plain = plainValue(value, walk.limits.members, true)
  if (plain === undefined || plain.value === value) return encodeRecord(value, path, walk)
  if (plain.total === undefined) return encode(plain.value, path, walk)
  return Array.isArray(plain.value)
    ? encodeArray(plain.value, path, walk, plain.total)
    : encodeRecord(plain.value as object, path, walk, plain.total)
}

const encodeArray = (
  items: ReadonlyArray<unknown>,
  path: ReadonlyArray<string>,
  walk: Walk,
  total = items.length
): string => {
  const parts: Array<string> = []
  const count = Math.min(items.length, walk.limits.members)
  while (parts.length < count && walk.room > 0) {
    const index = parts.length
    parts.push(guarded(() =>
      walk.redaction?.isListed(items, index) === true
        ? encodeText(walk.redaction.mask, walk.limits.text)
        : encode(items[index], [...path, String(index)], walk)
    ))
  }
  if (total > parts.length) parts.push(`"…[${total - parts.length} more]"`)
  return `[${parts.join(",")}]`
}

const encodeRecord = (value: object, path: ReadonlyArray<string>, walk: Walk, total?: number): string => {
  const parts: Array<string> = []
  const keys = Object.keys(value)
  const count = Math.min(keys.length, walk.limits.members)
  let distinct: ReturnType<typeof uniqueNames> | undefined
  while (parts.length < count && walk.room > 0) {
    const key = keys[parts.length] as string
    const shown = shownWithin(key, walk)
    const name = JSON.stringify(shown === key ? key : (distinct ??= uniqueNames(keys.slice(0, count)))(shown))
    const here = [...path, key]
    const text = guarded(
      () => {
        const member: unknown = (value as never)[key]
        return walk.redaction?.masks(here, member, true, value) === true
          ? encodeText(walk.redaction.mask, walk.limits.text)
          : encode(member, here, walk)
      },
      walk.redaction?.isSensitive(key) === true
        ? () => encodeText(walk.redaction?.mask ?? "", walk.limits.text)
        : undefined
    )
    parts.push(`${name}:${text}`)
  }
  const left = (total ?? keys.length) - parts.length
  if (left > 0) parts.push(`"${(distinct ?? uniqueNames(keys.slice(0, count)))("…")}":"${left} more"`)
  return `{${parts.join(",")}}`
}

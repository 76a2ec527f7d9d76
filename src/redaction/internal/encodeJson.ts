/**
 * JSON of any value: bounded in depth, breadth and length, with a mark where
 * something was cut, and never throwing.
 */
import * as Redacted from "effect/Redacted"
import { plainValue } from "../../internal/plainValue.ts"
import { truncateMasked } from "../../internal/truncateAtWord.ts"
import { uniqueNames } from "../../internal/uniqueNames.ts"
import type { Redaction } from "../Redaction.ts"
import { encodeText, quote, shownText } from "./jsonText.ts"
import type { MemberDecision } from "./memberDecisions.ts"

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
  /** The keys down to the present value, and maybe keys of values before. {@link pathOf} gives the former. */
  readonly path: Array<string>
  /** The number of keys down to the present value. */
  depth: number
  /** The depth at which the walk ends. */
  readonly deepest: number
  /** The objects and arrays around the present value. */
  readonly open: Array<object>
  /** The decision about the last key that is no index. */
  member: MemberDecision
  /** The number of keys around the present value that may be parameters of a query. */
  parameters: number
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
): string => {
  let member = redaction?.member("") ?? anyMember
  let parameters = 0
  if (redaction !== undefined) {
    for (const key of path) {
      const own = redaction.member(key)
      if (own.mayBeParameter) parameters++
      if (!isIndex(key)) member = own
    }
  }
  return encode(value, {
    redaction,
    limits,
    path: [...path],
    depth: path.length,
    deepest: path.length + limits.depth,
    open: [],
    member,
    parameters,
    nodes: 0,
    room: limits.texts
  })
}

const isIndex = (key: string): boolean => /^\d*$/.test(key)

/** The keys down to the present value. Few values need them, and to shorten a list takes time. */
const pathOf = ({ depth, path }: Walk): ReadonlyArray<string> => {
  if (path.length > depth) path.length = depth
  return path
}

/** Nothing is known about a member. */
const anyMember: MemberDecision = { prefix: undefined, mayMask: true, mayBeSql: true, mayBeParameter: true }

const encode = (value: unknown, walk: Walk): string => {
  switch (typeof value) {
    case "string": {
      const { member, redaction } = walk
      return member.mayBeSql && redaction?.isSql(pathOf(walk)) === true
        ? quote(shownWithin(value, walk, redaction.sql))
        : encodeWithin(value, walk)
    }
    case "number":
      // It has fewer digits than a card number.
      if ((value | 0) === value) return String(value)
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
      return value === null ? "null" : encodeObject(value, walk)
  }
}

/** A card number may come as a number. */
const fewestSecretDigits = 13

const encodeDigits = (digits: string, quoted: boolean, walk: Walk): string => {
  const shown = digits.length < fewestSecretDigits ? digits : walk.redaction?.text(digits) ?? digits
  return quoted || shown !== digits ? encodeWithin(shown, walk) : digits
}

/** Room for the mark at the end of a text that was cut. */
const markRoom = 32

/** A text without its secrets, of at most `limit` characters. Text far beyond the limit is not searched. */
export const searchedText = (text: string, limit: number, search: (text: string) => string): string => {
  if (text.length <= limit) return search(text)
  const shown = truncateMasked(text, Math.max(0, limit - markRoom), search)
  return `${shown}…[${text.length - shown.length} more]`
}

const encodeWithin = (text: string, walk: Walk): string => {
  const { length } = text
  // Most texts are short and have nothing to mask.
  if (length <= walk.room && length <= walk.limits.text && walk.redaction?.mayHold(text) !== true) {
    walk.room -= length
    return quote(text)
  }
  return quote(shownWithin(text, walk))
}

const shownWithin = (text: string, walk: Walk, search = walk.redaction?.text): string => {
  const limit = Math.min(walk.limits.text, walk.room)
  walk.room -= Math.min(text.length, limit)
  return search === undefined
    ? shownText(text, limit)
    : shownText(searchedText(text, limit, search), Math.max(limit, markRoom))
}

const encodeObject = (value: object, walk: Walk): string => {
  const { depth, member, open, parameters } = walk
  if (open.includes(value)) return "\"[circular]\""
  if (depth >= walk.deepest) return "\"[too deep]\""
  if (++walk.nodes > walk.limits.nodes) return "\"[too large]\""
  open.push(value)
  try {
    return encodeOpened(value, walk)
  } catch {
    return "\"[unreadable]\""
  } finally {
    walk.depth = depth
    open.pop()
    walk.member = member
    walk.parameters = parameters
  }
}

const encodeOpened = (value: object, walk: Walk): string => {
  if (Array.isArray(value)) return encodeArray(value, walk)
  if (Redacted.isRedacted(value)) return encodeWithin(walk.redaction?.mask ?? "<redacted>", walk)
  const plain = plainValue(value, walk.limits.members, true)
  if (plain === undefined || plain.value === value) return encodeRecord(value, walk)
  if (plain.total === undefined) return encode(plain.value, walk)
  return Array.isArray(plain.value)
    ? encodeArray(plain.value, walk, plain.total)
    : encodeRecord(plain.value as object, walk, plain.total)
}

const maskOf = ({ limits, redaction }: Walk): string => encodeText(redaction?.mask ?? "", limits.text)

const encodeArray = (items: ReadonlyArray<unknown>, walk: Walk, total = items.length): string => {
  const { depth, path } = walk
  const count = Math.min(items.length, walk.limits.members)
  walk.depth = depth + 1
  let json = "["
  let index = 0
  for (; index < count && walk.room > 0; index++) {
    if (index > 0) json += ","
    path[depth] = String(index)
    json += encodeItem(items, index, walk)
  }
  const left = total - index
  return `${json}${left === 0 ? "" : `${index > 0 ? "," : ""}"…[${left} more]"`}]`
}

/** Reads an element. A proxy may throw. */
const encodeItem = (items: ReadonlyArray<unknown>, index: number, walk: Walk): string => {
  try {
    return walk.redaction?.isListed(items, index) === true ? maskOf(walk) : encode(items[index], walk)
  } catch {
    return "\"[unreadable]\""
  }
}

const encodeRecord = (value: object, walk: Walk, total?: number): string => {
  const { depth, parameters, path, redaction } = walk
  const keys = Object.keys(value)
  const count = Math.min(keys.length, walk.limits.members)
  walk.depth = depth + 1
  let distinct: ReturnType<typeof uniqueNames> | undefined
  let json = "{"
  let index = 0
  for (; index < count && walk.room > 0; index++) {
    const key = keys[index] as string
    const member = redaction?.member(key) ?? anyMember
    if (index > 0) json += ","
    if (member.prefix !== undefined && key.length <= walk.room && key.length <= walk.limits.text) {
      walk.room -= key.length
      json += member.prefix
    } else {
      const shown = shownWithin(key, walk)
      json += `${quote(shown === key ? key : (distinct ??= uniqueNames(keys.slice(0, count)))(shown))}:`
    }
    path[depth] = key
    walk.member = member
    walk.parameters = member.mayBeParameter ? parameters + 1 : parameters
    json += encodeMember(value, key, walk)
  }
  const left = (total ?? keys.length) - index
  if (left > 0) {
    json += `${index > 0 ? "," : ""}"${(distinct ?? uniqueNames(keys.slice(0, count)))("…")}":"${left} more"`
  }
  return `${json}}`
}

/** Reads a member. A getter may throw. */
const encodeMember = (value: object, key: string, walk: Walk): string => {
  const { member, parameters, redaction } = walk
  try {
    const given: unknown = (value as never)[key]
    return (member.mayMask || parameters > 0) && redaction?.masks(pathOf(walk), given, true, value) === true
      ? maskOf(walk)
      : encode(given, walk)
  } catch {
    return redaction?.isSensitive(key) === true ? maskOf(walk) : "\"[unreadable]\""
  }
}

/**
 * Attributes of spans and log records as they may be kept: redacted, and within limits.
 *
 * @see https://opentelemetry.io/docs/specs/otel/common/#attribute-limits
 * @since 0.1.0
 */
import { orElse } from "../../internal/guard.ts"
import { truncateMasked } from "../../internal/truncateAtWord.ts"
import type { Redaction } from "../Redaction.ts"

/**
 * How much the attributes of one record may hold; see the `limits` options.
 *
 * @category models
 * @since 0.1.0
 */
export interface AttributeLimits {
  readonly attributeCount: number
  readonly attributeValueLength: number
}

/**
 * The value of an attribute as it may be kept: redacted, and no text in it
 * longer than the limit.
 *
 * **Details**
 *
 * An array or object keeps at most 1000 members in all, and texts of at most
 * eight times the limit together. Another attribute may name the value, as in
 * `{ name: "password", value: "…" }`.
 *
 * @param siblings the attributes that the value is one of, if they are known
 *
 * @category computations
 * @since 0.1.0
 */
export const attributeValue = (
  limits: AttributeLimits,
  redaction: Redaction,
  key: string,
  value: unknown,
  siblings?: object | undefined
): unknown => {
  const isMasked = redaction.fieldMask(key)?.(value, true, siblings) === true
  if (isMasked) return redaction.mask
  if (typeof value === "string") return cleanText(limits, redaction, key, value)
  if (typeof value === "boolean" || (typeof value === "number" && value < fewestCardDigits)) return value
  return clipInside(limits, redaction.apply(key, value), {
    members: mostMembers,
    characters: textsOfValue * limits.attributeValueLength
  })
}

/**
 * The name of an attribute as it may be kept: redacted, and of at most 256
 * characters.
 *
 * @category computations
 * @since 0.1.0
 */
export const attributeName = (redaction: Redaction, key: string): string => clip(redaction.name(key), longestKey)

/**
 * Limits and redacts the attributes of a span event, a link or a log record. It
 * keeps at most `most` of them, and counts the others. If a value throws when it is
 * read, the mask takes its place. A value that is `undefined` or `null` is no attribute.
 *
 * @category computations
 * @since 0.1.0
 */
export const attributeRecord = (
  limits: AttributeLimits,
  redaction: Redaction,
  attributes: Readonly<Record<string, unknown>>,
  most: number = limits.attributeCount
): { readonly attributes: Readonly<Record<string, unknown>>; readonly droppedAttributes: number } => {
  const kept: Record<string, unknown> = {}
  let count = 0
  for (const key of orElse(() => Object.keys(attributes), () => [])) {
    const value = orElse(() => attributes[key], () => redaction.mask)
    if (value === undefined || value === null) continue
    if (count++ < most) kept[attributeName(redaction, key)] = attributeValue(limits, redaction, key, value, attributes)
  }
  return { attributes: kept, droppedAttributes: Math.max(0, count - most) }
}

/** A whole number from here on may be a card number. */
const fewestCardDigits = 1e12

const cleanText = (limits: AttributeLimits, redaction: Redaction, key: string, value: string): string =>
  truncateMasked(value, limits.attributeValueLength, redaction.isSql([key]) ? redaction.sql : redaction.text)

const mostMembers = 1000
const textsOfValue = 8
const longestKey = 256

const clip = (text: string, limit: number) => text.length > limit ? text.slice(0, limit) : text

const clipInside = (
  limits: AttributeLimits,
  value: unknown,
  room: { members: number; characters: number }
): unknown => {
  if (typeof value === "string") {
    const kept = clip(value, Math.min(limits.attributeValueLength, room.characters))
    room.characters -= kept.length
    return kept
  }
  if (value instanceof Date) return orElse(() => value.toISOString(), () => "Invalid Date")
  if (Array.isArray(value)) return take(value, room).map((item) => clipInside(limits, item, room))
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(
      take(Object.entries(value), room).map(([key, item]) => [
        clip(key, longestKey),
        clipInside(limits, item, room)
      ])
    )
  }
  return value
}

/** The members there is room for. */
const take = <A>(members: ReadonlyArray<A>, room: { members: number }): ReadonlyArray<A> => {
  const taken = members.slice(0, room.members)
  room.members -= taken.length
  return taken
}

/**
 * Attributes of spans and log records as they may be kept: redacted, and within limits.
 *
 * @see https://opentelemetry.io/docs/specs/otel/common/#attribute-limits
 * @since 0.1.0
 */
import { keysOf, orElse, readOr } from "../../internal/guard.ts"
import { truncateMasked } from "../../internal/truncateAtWord.ts"
import type { FieldMask, Redaction } from "../Redaction.ts"
import { CleanTexts } from "./CleanTexts.ts"

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

/** What is done with the attributes of one name. */
export class AttributeRule {
  /** The name as it may be kept: redacted, and of at most 256 characters. */
  readonly name: string
  /** Whether no other rule has this name. */
  readonly isOnly: boolean
  /** One of 31 bits. Names that are used together hardly ever have the same one. */
  readonly bit: number
  readonly #key: string
  readonly #owner: AttributeRules
  readonly #mask: FieldMask | undefined
  readonly #isSql: boolean

  constructor(owner: AttributeRules, key: string, isRemembered: boolean, number: number) {
    const { redaction } = owner
    this.name = clip(redaction.name(key), longestKey)
    this.isOnly = isRemembered && this.name === key
    this.bit = 1 << number % 31
    this.#key = key
    this.#owner = owner
    this.#mask = redaction.fieldMask(key)
    this.#isSql = redaction.isSql([key])
  }

  /**
   * Whether a text may be kept as it is until it is read, and {@link AttributeRule.text} is to be read then. A
   * long text may not, because only a part of it is kept.
   */
  mayWait(text: string): boolean {
    return this.#mask === undefined && text.length <= this.#owner.longestWaiting
  }

  /** What {@link AttributeRule.keep} makes of a text that may wait. */
  text(text: string): string {
    return this.#isSql ? this.#owner.sql(text) : this.#owner.text(text)
  }

  /**
   * The value as it may be kept: redacted, and no text in it longer than the limit.
   *
   * **Details**
   *
   * An array or object keeps at most 1000 members in all, and texts of at most
   * eight times the limit together. Another attribute may name the value, as in
   * `{ name: "password", value: "…" }`.
   *
   * @param siblings the attributes that the value is one of, if they are known
   */
  keep(value: unknown, siblings?: object | undefined): unknown {
    const owner = this.#owner
    const { limits, redaction } = owner
    if (this.#mask?.(value, true, siblings) === true) return redaction.mask
    if (typeof value === "string") return this.text(value)
    if (typeof value === "boolean" || (typeof value === "number" && value < fewestCardDigits)) return value
    return clipInside(limits, redaction.apply(this.#key, value), {
      members: mostMembers,
      characters: textsOfValue * limits.attributeValueLength
    })
  }
}

/** Characters of a text that is only looked at, if it holds nothing. */
const shortText = 8192

/** Characters of a text that may wait: the engine may keep it in pieces until it is read. */
const longestWaiting = 1024

/** Rules remembered, and the longest key remembered; other keys get a rule each time. */
const rememberedKeys = 4096

/** Limits and redacts attributes. It remembers the rule of each key, and texts without secrets. */
export class AttributeRules {
  readonly limits: AttributeLimits
  readonly redaction: Redaction
  /** Characters of a text that need not be searched at once. */
  readonly longestWaiting: number
  readonly #rules = new Map<string, AttributeRule>()
  readonly #texts = new CleanTexts()
  readonly #queries = new CleanTexts()
  readonly #names = new CleanTexts()
  readonly #text: (text: string) => string
  readonly #sql: (text: string) => string

  constructor(limits: AttributeLimits, redaction: Redaction) {
    this.limits = limits
    this.redaction = redaction
    const limit = limits.attributeValueLength
    const short = Math.min(limit, shortText)
    this.longestWaiting = Math.min(limit, longestWaiting)
    this.#text = (text) =>
      text.length <= short && !redaction.mayHold(text) ? text : truncateMasked(text, limit, redaction.text)
    this.#sql = (text) => truncateMasked(text, limit, redaction.sql)
  }

  /** The rule for attributes of this key. */
  of(key: string): AttributeRule {
    const known = this.#rules.get(key)
    if (known !== undefined) return known
    if (typeof key !== "string") return this.of(nameOf(key))
    const isRemembered = this.#rules.size < rememberedKeys && key.length <= longestKey
    const rule = new AttributeRule(this, key, isRemembered, this.#rules.size)
    if (isRemembered) this.#rules.set(key, rule)
    return rule
  }

  /** A text as it may be kept. */
  text(text: string): string {
    return this.#texts.search(text, this.#text)
  }

  /** A name of a span or event as it may be kept; it has no limit. */
  name(name: string): string {
    return this.#names.search(nameOf(name), this.redaction.text)
  }

  /** SQL as it may be kept. */
  sql(text: string): string {
    return this.#queries.search(text, this.#sql)
  }

  /**
   * The attributes of a span event, a link or a log record as they may be kept. It keeps at most `most` of them, and
   * counts the others. If a value throws when it is read, the mask takes its place. A value that is `undefined` or `null`
   * is no attribute. Nor is the one with the name `except`.
   */
  record(
    attributes: Readonly<Record<string, unknown>>,
    most: number = this.limits.attributeCount,
    except?: string
  ): { readonly attributes: Record<string, unknown>; readonly droppedAttributes: number } {
    const kept: Record<string, unknown> = {}
    let count = 0
    for (const key of keysOf(attributes)) {
      if (key === except) continue
      const value = readOr(attributes, key, this.redaction.mask)
      if (value === undefined || value === null || count++ >= most) continue
      const rule = this.of(key)
      kept[rule.name] = rule.keep(value, attributes)
    }
    return { attributes: kept, droppedAttributes: Math.max(0, count - most) }
  }
}

/** The name that is given. Untyped code may give anything. */
export const nameOf = (given: string): string => typeof given === "string" ? given : String(given)

/** A whole number from here on may be a card number. */
const fewestCardDigits = 1e12

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

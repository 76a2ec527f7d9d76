/**
 * The one policy that decides what may leave the process.
 *
 * It is compiled once. All output goes through it: log lines, span attributes and
 * events, exception messages and stacks, event payloads, metric attribute values,
 * SQL text, URLs and headers.
 *
 * **Details**
 *
 * A key is sensitive if one of its words is. `apiKey`, `api_key` and `X-Api-Key`
 * are the same words. So `token` masks `access_token` and `authtokens`, and leaves
 * `tokenizer_name`. A key that ends with `key` is sensitive too, such as
 * `STRIPE_KEY`. Everyday names, such as `idempotency_key` and `cache_key`, stay
 * readable, and so do quantities such as `max_tokens`.
 *
 * The policy also finds secrets in texts by their shape: bearer tokens, JWTs, cloud
 * keys, credentials in URLs, card numbers, and assignments to sensitive keys such
 * as `password=…`. Effect's `Redacted` is always masked. SQL under `db.query.text`
 * or `db.statement` loses its literals.
 *
 * **Gotchas**
 *
 * Masking fails closed: a value that cannot be looked at (a getter that throws)
 * is masked. A secret without a telling key or shape cannot be recognised.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Redacted from "effect/Redacted"
import { orElse } from "../internal/guard.ts"
import { plainValue } from "../internal/plainValue.ts"
import { setField } from "../internal/setField.ts"
import { truncateAtWord } from "../internal/truncateAtWord.ts"
import { uniqueNames } from "../internal/uniqueNames.ts"
import { isHarmless, isHarmlessText } from "./internal/harmlessValue.ts"
import { type MemberDecision, memberDecisions } from "./internal/memberDecisions.ts"
import * as NamedValue from "./internal/namedValue.ts"
import * as SecretPatterns from "./internal/secretPatterns.ts"
import * as SensitiveKeys from "./internal/sensitiveKeys.ts"
import * as SqlText from "./internal/sqlText.ts"
import * as ValuePaths from "./internal/valuePaths.ts"

/**
 * A compiled policy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Redaction {
  /** What stands in place of a masked value. */
  readonly mask: string
  /** Whether the value of this key must not leave. The answer is remembered per key. */
  readonly isSensitive: (key: string) => boolean
  /**
   * Whether the value at this path must not leave. It says yes if a configured path
   * matches, or if the last key is sensitive and the value can be a secret. A switch,
   * a date, an absent value, a path of a file or the message of a validator is no
   * secret. A yes counts a masked value, unless `counted` is `false`.
   *
   * `siblings` is the object that the value is a member of, if it is one. It tells
   * that the value of `{ name: "password", value: "…" }` is a secret.
   */
  readonly masks: (
    path: ReadonlyArray<string>,
    value: unknown,
    counted?: boolean,
    siblings?: object
  ) => boolean
  /**
   * Whether the element of a list must not leave, as the one before it names a
   * secret: `["Authorization", "…"]`. Counts a masked value when it says yes.
   */
  readonly isListed: (items: ReadonlyArray<unknown>, index: number) => boolean
  /** What the rules for keys say about a key. */
  readonly sensitivity: (key: string) => SensitiveKeys.Sensitivity
  /**
   * {@link Redaction.masks} for fields of this name. It saves time for a caller that meets the name often. It is
   * `undefined` if no value under this name is masked.
   */
  readonly fieldMask: (key: string) => FieldMask | undefined
  /** What holds for every member of an object with this key. It saves time, because few keys differ. */
  readonly member: (key: string) => MemberDecision
  /** Values masked so far, by the rule that masked them. */
  readonly counts: () => Readonly<Record<string, number>>
  /** Counts a value that the caller masks because its key is sensitive. */
  readonly countKey: () => void
  /** Whether texts are searched for secrets at all. */
  readonly searches: boolean
  /** Whether paths are configured, so that a walk has to keep track of its place. */
  readonly hasPaths: boolean
  /** Whether a text may hold a secret; cheap, and never wrongly `false`. */
  readonly mayHold: (text: string) => boolean
  /** The text with every secret in it masked; what is beyond 1 048 576 characters is left out. */
  readonly text: (text: string) => string
  /** The name of a field as it may leave: {@link Redaction.text}, remembered per name. */
  readonly name: (key: string) => string
  /** SQL as {@link Redaction.text}, with its literals replaced by `?` and without comments. */
  readonly sql: (text: string) => string
  /**
   * Whether a text at this path is SQL. Such a text leaves as {@link Redaction.sql}. The names are `db.query.text` and
   * `db.statement`, as one key or as nested keys. They may be in snake case and have a prefix.
   */
  readonly isSql: (path: ReadonlyArray<string>) => boolean
  /**
   * Gives the value as it may leave, and does not change the input. The mask takes
   * the place of an Effect `Redacted` and of a secret under a sensitive key. Texts
   * and SQL are searched, and members of objects and arrays are treated the same.
   *
   * Beyond eight levels or 1000 objects, the mask takes the place of what is left. An
   * object keeps 10 000 members, and a text in it 65 536 characters. Binary data
   * becomes its size.
   */
  readonly apply: (key: string, value: unknown) => unknown
}

/**
 * Whether the value of a field must not leave; counts the value if it says yes, unless `counted` is `false`. `siblings`
 * is the object that the value is a member of.
 *
 * @category models
 * @since 0.1.0
 */
export type FieldMask = (value: unknown, counted: boolean, siblings: object | undefined) => boolean

/**
 * What a policy is made from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Further sensitive keys: a part of a name, `=` and a whole name, or an expression such as `/^x-.*key$/i`. */
  readonly keys?: ReadonlyArray<string> | undefined
  /**
   * Places of values, from the outermost key on, such as `customer.card.number` or `items.*.iban`. A place is in a
   * field of a log line, an attribute, or a field of an event's payload. An attribute may have the dots in its name.
   * Camel and snake case are the same.
   */
  readonly paths?: ReadonlyArray<string> | undefined
  /** Secrets searched for in texts; by default all but `email`. */
  readonly patterns?: ReadonlyArray<SecretPatterns.PatternName> | undefined
  /** What stands in place of a masked value, `[FILTERED]` by default. */
  readonly mask?: string | undefined
}

/**
 * The patterns that are on by default.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultPatterns: ReadonlyArray<SecretPatterns.PatternName> = [
  "assignment",
  "aws_key",
  "bearer",
  "card_number",
  "jwt",
  "private_key",
  "url_credentials",
  "vendor_token",
  "web_hook"
]

/** Decisions remembered per policy, and the longest key remembered; beyond it a key is decided anew each time. */
const rememberedKeys = 4096
const longestRemembered = 256
const deepest = 8
/** Objects and arrays looked into per value: a bound for wide and circular structures. */
const mostObjects = 1000
/** Characters of a text, and of one in an object or array; what is beyond them is left out. */
const longestText = 1_048_576
const longestInside = 65_536
/** Room for the mark that says how much was left out. */
const markRoom = 32
/** Members of one object or array; further ones are left out. */
const mostMembers = 10_000

/**
 * Compiles a policy.
 *
 * **Details**
 *
 * Throws a `RangeError` for a rule that is no valid expression.
 *
 * **Example** (Masking a key of one's own)
 *
 * ```ts
 * import * as Redaction from "tasker-telemetry/redaction/Redaction"
 *
 * const policy = Redaction.make({ keys: ["iban"], paths: ["customer.*.phone"] })
 * policy.apply("customer", { iban: "DE02", city: "Bonn" }) // => { iban: "[FILTERED]", city: "Bonn" }
 * policy.text("sent Authorization: Bearer abcdef") // => "sent Authorization: [FILTERED]"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Redaction => {
  const mask = options.mask ?? SecretPatterns.defaultMask
  const masked: Record<string, number> = {}
  let maskedKeys = 0
  const countKey = () => void maskedKeys++
  const count = (rule: string) => {
    masked[rule] = (masked[rule] ?? 0) + 1
  }
  const keys = options.keys ?? []
  const rules = keys.map((key) => {
    const rule = SensitiveKeys.parseRule(key)
    if (rule === undefined) throw new RangeError(`redaction key ${JSON.stringify(key)} is no valid expression`)
    return rule
  })
  const hasPaths = options.paths !== undefined && options.paths.length > 0
  const isAtPath = hasPaths ? ValuePaths.compile(options.paths) : () => false
  const decisions = new Map<string, SensitiveKeys.Sensitivity>()

  const sensitivity = (key: string): SensitiveKeys.Sensitivity => {
    const known = decisions.get(key)
    if (known !== undefined) return known
    const decision = rules.some((rule) => rule(key)) ? "all" : SensitiveKeys.sensitivityByDefault(key)
    if (decisions.size < rememberedKeys && key.length <= longestRemembered) decisions.set(key, decision)
    return decision
  }

  const hides = (key: string, value: unknown): boolean => {
    const kind = sensitivity(key)
    return kind !== "none" && !orElse(() => isHarmless(value, kind), () => false)
  }

  const isNamed = (key: string, value: unknown, siblings: object | undefined): boolean => {
    if (siblings === undefined || !NamedValue.isValueKey(key)) return false
    const name = orElse(() => NamedValue.nameOf(siblings, key), () => undefined)
    return name !== undefined && hides(name, value)
  }

  const masks = (
    path: ReadonlyArray<string>,
    value: unknown,
    counted: boolean = true,
    siblings?: object
  ): boolean => {
    const key = path[path.length - 1] ?? ""
    const isKey = hides(key, value) || isNamed(key, value, siblings) ||
      (path.length > 1 && SensitiveKeys.isQueryParameterAt(path) && !isHarmless(value, "any"))
    const rule = isKey
      ? "key"
      : isAtPath(path)
      ? "path"
      : ""
    if (rule !== "" && counted) {
      if (rule === "key") countKey()
      else count(rule)
    }
    return rule !== ""
  }

  const makeFieldMask = (key: string): FieldMask | undefined => {
    const path = [key]
    const kind = sensitivity(key)
    if (kind === "none" && !NamedValue.isValueKey(key) && !isAtPath(path)) return undefined
    return (value, counted, siblings) => {
      // Most values are texts that their own key masks.
      if (typeof value !== "string" || kind === "none" || isHarmlessText(value, kind)) {
        return masks(path, value, counted, siblings)
      }
      if (counted) countKey()
      return true
    }
  }

  const fieldMasks = new Map<string, FieldMask | undefined>()
  const fieldMask = (key: string): FieldMask | undefined => {
    const known = fieldMasks.get(key)
    if (known !== undefined || fieldMasks.has(key)) return known
    const made = makeFieldMask(key)
    if (fieldMasks.size < rememberedKeys && key.length <= longestRemembered) fieldMasks.set(key, made)
    return made
  }

  const { mayHold, search, searches, searchSql } = SecretPatterns.compile({
    names: options.patterns ?? defaultPatterns,
    keys,
    sensitivity,
    mask,
    count
  })
  const bounded = (source: string, limit: number, clean: (text: string) => string = search): string => {
    const shown = clean(truncateAtWord(source, limit))
    return source.length <= limit && shown.length <= limit
      ? shown
      : `${shown.slice(0, limit - markRoom)}…[${
        Math.max(source.length - Math.min(shown.length, limit - markRoom), shown.length - limit + markRoom)
      } more]`
  }
  const text = (source: string): string => bounded(source, longestText)

  const names = new Map<string, string>()
  const name = (key: string): string => {
    const known = names.get(key)
    if (known !== undefined) return known
    const shown = orElse(() => text(key), () => mask)
    if (names.size < rememberedKeys && key.length <= longestRemembered) names.set(key, shown)
    return shown
  }

  const isListed = (items: ReadonlyArray<unknown>, index: number): boolean => {
    const name = NamedValue.nameInList(items, index)
    if (name === undefined || !hides(name, items[index])) return false
    countKey()
    return true
  }

  const inside = (value: unknown, path: ReadonlyArray<string>, budget: { left: number }): unknown => {
    if (typeof value === "string") return bounded(value, longestInside, SqlText.isSqlAt(path) ? searchSql : search)
    if (typeof value === "number" || typeof value === "bigint") return number(value)
    if (typeof value === "symbol") return text(String(value))
    if (typeof value === "function") return "[function]"
    if (typeof value !== "object" || value === null || value instanceof Date) return value
    if (Redacted.isRedacted(value)) {
      count("redacted")
      return mask
    }
    if (path.length > deepest || --budget.left < 0) return mask
    if (Array.isArray(value)) return insideList(value, path, budget)
    const plain = plainValue(value, mostMembers, false)
    if (plain !== undefined) return plain.value === value ? mask : inside(plain.value, path, budget)
    const copy: Record<string, unknown> = {}
    const keys = Object.keys(value).slice(0, mostMembers)
    let nameFor: ((shown: string) => string) | undefined
    for (const key of keys) {
      const here = [...path, key]
      const shown = orElse(() => {
        const member: unknown = (value as never)[key]
        return masks(here, member, true, value) ? mask : inside(member, here, budget)
      }, () => mask)
      const name = bounded(key, longestInside)
      // Two names can become the same when they are masked.
      if (name !== key) nameFor ??= uniqueNames(keys.filter((other) => bounded(other, longestInside) === other))
      setField(copy, name === key || nameFor === undefined ? name : nameFor(name), shown)
    }
    return copy
  }

  const insideList = (items: ReadonlyArray<unknown>, path: ReadonlyArray<string>, budget: { left: number }) => {
    const clean = SqlText.isSqlAt(path) ? searchSql : search
    const shown: Array<unknown> = []
    for (let index = 0; index < Math.min(items.length, mostMembers); index++) {
      shown.push(orElse(() => {
        const item = items[index]
        if (isListed(items, index)) return mask
        if (typeof item === "string") return bounded(item, longestInside, clean)
        return inside(item, [...path, String(index)], budget)
      }, () => mask))
    }
    return shown
  }

  /** A card number may come as a number. */
  const number = (value: number | bigint): unknown => {
    const digits = String(value)
    return digits.length >= 13 && text(digits) !== digits ? mask : value
  }

  return {
    mask,
    isSensitive: (key) => {
      const kind = sensitivity(key)
      return kind === "all" || kind === "any" || kind === "text"
    },
    sensitivity,
    fieldMask,
    member: memberDecisions({ hasPaths, sensitivity, name }),
    masks,
    isListed,
    counts: () => maskedKeys > 0 ? { key: maskedKeys, ...masked } : { ...masked },
    countKey,
    searches,
    hasPaths,
    mayHold,
    text: (source) => orElse(() => text(source), () => mask),
    name,
    sql: (source) => orElse(() => bounded(source, longestText, searchSql), () => mask),
    isSql: SqlText.isSqlAt,
    apply: (key, value) => {
      const path = [key]
      return masks(path, value) ? mask : orElse(() => inside(value, path, { left: mostObjects }), () => mask)
    }
  }
}

/**
 * The policy in force; the built-in rules where no telemetry layer is provided.
 *
 * @category references
 * @since 0.1.0
 */
export const Current: Context.Reference<Redaction> = Context.Reference<Redaction>(
  "tasker-telemetry/redaction/Redaction/Current",
  { defaultValue: () => make() }
)

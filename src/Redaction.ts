/**
 * The one policy that decides what may leave the process.
 *
 * It is compiled once and applied by every producer of output: log lines, span
 * attributes, events and metric attribute values.
 *
 * **Details**
 *
 * A key is sensitive if one of its words is (`apiKey`, `api_key` and `X-Api-Key`
 * are the same words), so `token` masks `access_token` and leaves
 * `tokenizer_name`, and `idempotency_key` and `cache_key` stay readable. Further
 * keys of the configuration match as parts of names, in any case.
 *
 * **Gotchas**
 *
 * Masking fails closed: a value that cannot be looked at (a getter that throws)
 * is masked.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Redacted from "effect/Redacted"
import { orElse } from "./internal/contain.ts"

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
   * The value as it may leave: masked if its key is sensitive or it is an
   * Effect `Redacted`; members of objects and arrays are treated alike, down to
   * eight levels and 1000 objects, beyond which the mask stands. The first
   * 10 000 members of an object are kept; binary data becomes its size. The
   * input is not changed.
   */
  readonly apply: (key: string, value: unknown) => unknown
}

/** Whole words that make a key sensitive. */
const sensitiveWords = new Set([
  "authorization",
  "certificate",
  "cookie",
  "credential",
  "credentials",
  "crypt",
  "cvc",
  "cvv",
  "email",
  "otp",
  "passwd",
  "password",
  "passphrase",
  "pwd",
  "salt",
  "secret",
  "secrets",
  "ssn",
  "token"
])

/** Runs of words that make a key sensitive, joined by `_`. */
const sensitivePhrases = ["access_key", "api_key", "encryption_key", "private_key", "signing_key", "credit_card"]

/** Word stems: any word that starts with one of them is sensitive. */
const sensitiveStems = ["passw", "encrypt", "decrypt"]

const words = (key: string): ReadonlyArray<string> =>
  key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])(?=[A-Z][a-z])/g, "$1_")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")

const isSensitiveByDefault = (key: string): boolean => {
  const found = words(key)
  const joined = `_${found.join("_")}_`
  return found.some((word) => sensitiveWords.has(word) || sensitiveStems.some((stem) => word.startsWith(stem))) ||
    sensitivePhrases.some((phrase) => joined.includes(`_${phrase}_`)) ||
    sensitivePhrases.some((phrase) => joined.includes(`_${phrase.replace("_", "")}_`))
}

/** Decisions remembered per policy, and the longest key remembered; beyond it a key is decided anew each time. */
const rememberedKeys = 4096
const longestRemembered = 256
const deepest = 8
/** Objects and arrays looked into per value: a bound for wide and circular structures. */
const mostObjects = 1000
/** Members of one object or array; further ones are left out. */
const mostMembers = 10_000

/**
 * Compiles a policy.
 *
 * **Example** (Masking a key of one's own)
 *
 * ```ts
 * import * as Redaction from "tasker-telemetry/Redaction"
 *
 * const policy = Redaction.make({ keys: ["iban"] })
 * policy.apply("customer", { iban: "DE02", city: "Bonn" }) // => { iban: "[FILTERED]", city: "Bonn" }
 * ```
 *
 * @param options `keys`: further sensitive parts of names, case-insensitive; `mask`: `[FILTERED]` by default
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly keys?: ReadonlyArray<string> | undefined
  readonly mask?: string | undefined
} = {}): Redaction => {
  const mask = options.mask ?? "[FILTERED]"
  const parts = (options.keys ?? []).map((key) => key.toLowerCase())
  const decisions = new Map<string, boolean>()

  const isSensitive = (key: string): boolean => {
    const known = decisions.get(key)
    if (known !== undefined) return known
    const lower = key.toLowerCase()
    const decision = parts.some((part) => lower.includes(part)) || isSensitiveByDefault(key)
    if (decisions.size < rememberedKeys && key.length <= longestRemembered) decisions.set(key, decision)
    return decision
  }

  const inside = (value: unknown, depth: number, budget: { left: number }): unknown => {
    if (typeof value !== "object" || value === null || value instanceof Date) return value
    if (Redacted.isRedacted(value) || depth >= deepest || --budget.left < 0) return mask
    if (Array.isArray(value)) {
      const items: ReadonlyArray<unknown> = value
      return Array.from(
        { length: Math.min(items.length, mostMembers) },
        (_, index) => guarded(() => inside(items[index], depth + 1, budget))
      )
    }
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
    if (value instanceof Map) return inside(Object.fromEntries(value), depth, budget)
    if (value instanceof Set) return inside([...value], depth, budget)
    if (value instanceof Error) return { name: value.name, message: value.message }
    if ("toJSON" in value && typeof value.toJSON === "function") {
      const json: unknown = value.toJSON()
      return json === value ? mask : inside(json, depth + 1, budget)
    }
    const copy: Record<string, unknown> = {}
    for (const key of Object.keys(value).slice(0, mostMembers)) {
      copy[key] = isSensitive(key) ? mask : guarded(() => inside((value as never)[key], depth + 1, budget))
    }
    return copy
  }

  const guarded = (look: () => unknown): unknown => orElse(look, () => mask)

  return {
    mask,
    isSensitive,
    apply: (key, value) => isSensitive(key) ? mask : guarded(() => inside(value, 0, { left: mostObjects }))
  }
}

/**
 * The policy in force; the built-in rules where no telemetry layer is provided.
 *
 * @category references
 * @since 0.1.0
 */
export const Current: Context.Reference<Redaction> = Context.Reference<Redaction>(
  "tasker-telemetry/Redaction/Current",
  { defaultValue: () => make() }
)

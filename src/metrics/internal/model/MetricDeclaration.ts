/**
 * Checks the declaration of a metric: by the naming rules of Prometheus, and by
 * rules that keep the number of series low.
 *
 * @see https://prometheus.io/docs/practices/naming/
 */

import { quoteValue } from "../../../redaction/internal/quoteValue.ts"
import type { MetricType } from "../../MetricSnapshot.ts"

/** Types that can be declared. */
export type DeclaredType =
  | "counter"
  | "upDownCounter"
  | "gauge"
  | "info"
  | "histogram"
  | "exponentialHistogram"

export interface Unchecked {
  readonly name: string
  readonly help: string
  readonly unit?: string | undefined
  readonly attributes: ReadonlyArray<string>
  readonly buckets?: ReadonlyArray<number> | undefined
  readonly maximumBuckets?: number | undefined
  readonly cardinalityLimit?: number | undefined
}

export interface Checked {
  readonly type: DeclaredType
  readonly name: string
  readonly help: string
  readonly unit: string | undefined
  readonly attributes: ReadonlyArray<string>
  /** Upper bounds of explicit buckets. */
  readonly buckets: ReadonlyArray<number> | undefined
  /** Number of exponential buckets on either side of zero. */
  readonly maximumBuckets: number | undefined
  /** The highest number of series of this metric; `undefined` for the configured limit. */
  readonly cardinalityLimit: number | undefined
  /** Whether the store asks for the values at each reading. */
  readonly observed: boolean
  /** The place of the declaration in the program, for messages. */
  readonly site: string
}

/**
 * The key, or the compiler's message if the key names an id or is reserved by Prometheus. The number of ids has no
 * limit.
 */
export type AttributeKey<Key extends string> = Key extends `${string}_id` | "id"
  ? `'${Key}' names an id: ids belong on spans and log lines`
  : Key extends "le" | "quantile" | `__${string}` ? `Prometheus keeps '${Key}' for itself`
  : Key

const nameRule = /^[a-z][a-z0-9_]*$/
const reservedKeys = new Set(["le", "quantile", "otel_metric_overflow"])
const typeWords = new Set(["counter", "gauge", "histogram", "summary"])
/** Base units by the words that names use for other units. Only base units can be compared between metrics. */
const otherUnits: ReadonlyMap<string, string> = new Map([
  ["ms", "seconds"],
  ["milliseconds", "seconds"],
  ["microseconds", "seconds"],
  ["nanoseconds", "seconds"],
  ["secs", "seconds"],
  ["minutes", "seconds"],
  ["hours", "seconds"],
  ["days", "seconds"],
  ["kilobytes", "bytes"],
  ["megabytes", "bytes"],
  ["gigabytes", "bytes"],
  ["kb", "bytes"],
  ["mb", "bytes"],
  ["gb", "bytes"],
  ["bits", "bytes"],
  ["percent", "ratio"],
  ["percentage", "ratio"]
])
const sampleSuffix = /_(bucket|count|sum|created|info|total)$/
export const defaultMaximumBuckets = 160
const largestMaximumBuckets = 2048

/** Checks a declaration. It throws a `RangeError` that names the metric and the rule. */
export const check = (type: DeclaredType, declaration: Unchecked, site: string, observed = false): Checked => {
  const { attributes, buckets, cardinalityLimit, help, maximumBuckets, name, unit } = declaration
  const refuse = (rule: string) => {
    throw new RangeError(`metric "${name}": ${rule}`)
  }
  // Code without types may give any value.
  if (typeof name !== "string") throw new RangeError(`expected a text as the name of a metric, got ${quoteValue(name)}`)
  if (typeof help !== "string" || help.trim() === "") refuse(`expected a sentence at help, got ${quoteValue(help)}`)
  if (!isList(attributes)) {
    refuse(`expected a list of keys at attributes, got ${quoteValue(attributes)}`)
  }
  const problem = nameProblem({ type, name, unit })
  if (problem !== undefined) refuse(problem)
  const seen = new Set<string>()
  for (const key of attributes) {
    if (typeof key !== "string" || !nameRule.test(key) || reservedKeys.has(key)) {
      refuse(`${quoteValue(key)} cannot be an attribute key`)
    }
    if (key === "id" || key.endsWith("_id")) refuse(`"${key}" names an id; ids belong on spans and log lines`)
    if (seen.has(key)) refuse(`the attribute key "${key}" stands twice`)
    seen.add(key)
  }
  if (buckets !== undefined && !areBuckets(buckets)) {
    refuse(`expected finite and ascending numbers, at least one, at buckets, got ${quoteValue(buckets)}`)
  }
  if (maximumBuckets !== undefined && !isWithin(maximumBuckets, 2, largestMaximumBuckets)) {
    refuse(
      `expected a whole number from 2 to ${largestMaximumBuckets} at maximumBuckets, got ${quoteValue(maximumBuckets)}`
    )
  }
  if (cardinalityLimit !== undefined && !isWithin(cardinalityLimit, 1, 1_000_000)) {
    refuse(`expected a whole number from 1 to 1000000 at cardinalityLimit, got ${quoteValue(cardinalityLimit)}`)
  }
  return {
    type,
    name,
    help,
    unit,
    attributes: [...attributes],
    buckets: type === "histogram" && buckets !== undefined ? [...buckets] : undefined,
    maximumBuckets: type === "exponentialHistogram" ? maximumBuckets ?? defaultMaximumBuckets : undefined,
    cardinalityLimit,
    observed,
    site
  }
}

/** Gives the rule that a name breaks, if any. */
export const nameProblem = (
  { name, type, unit }: Pick<Checked, "name" | "unit"> & { readonly type: MetricType }
): string | undefined => {
  if (!nameRule.test(name)) return "a name has lower-case letters, digits and _, and starts with a letter"
  const suffix = sampleSuffix.exec(name)?.[1]
  if (type === "counter" && suffix !== "total") return "the name of a counter ends in _total"
  if (type === "info" && suffix !== "info") return "the name of an info metric ends in _info"
  if (suffix === "total" && type !== "counter") return "only the name of a counter ends in _total"
  if (suffix === "info" && type !== "info") return "only the name of an info metric ends in _info"
  if (suffix !== undefined && suffix !== "total" && suffix !== "info") {
    return `the end _${suffix} belongs to the samples of histograms and summaries`
  }
  for (const word of name.split("_").slice(1)) {
    if (typeWords.has(word)) return `the name says "${word}", which the type says already`
    const baseUnit = otherUnits.get(word)
    if (baseUnit !== undefined) return `"${word}" is no base unit; measure in ${baseUnit}`
  }
  if (unit !== undefined && !name.replace(sampleSuffix, "").endsWith(`_${unit}`)) {
    return `the name of a metric in ${unit} ends in _${unit}${type === "counter" ? "_total" : ""}`
  }
  return undefined
}

const isList = (given: unknown): boolean => Array.isArray(given)

const areBuckets = (buckets: ReadonlyArray<number>): boolean =>
  isList(buckets) && buckets.length > 0 &&
  buckets.every((bound, index) => Number.isFinite(bound) && (index === 0 || bound > (buckets[index - 1] as number)))

const isWithin = (value: number, minimum: number, maximum: number) =>
  Number.isInteger(value) && value >= minimum && value <= maximum

/** Throws a `RangeError` with both declarations and their places, if they differ. */
export const refuseConflict = (before: Checked, after: Checked): void => {
  const [left, right] = [describe(before), describe(after)]
  if (left !== right) {
    throw new RangeError(
      `metric "${before.name}" is declared twice: as ${left} at ${before.site} and as ${right} at ${after.site}`
    )
  }
}

const describe = ({ attributes, buckets, maximumBuckets, observed, type, unit }: Checked) =>
  `${observed ? "observed " : ""}${type}{${attributes.join(",")}}${unit === undefined ? "" : ` in ${unit}`}${
    buckets === undefined ? "" : ` with buckets ${buckets.join(",")}`
  }${maximumBuckets === undefined ? "" : ` with up to ${maximumBuckets} buckets`}`

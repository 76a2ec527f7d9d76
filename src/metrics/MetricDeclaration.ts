/**
 * Checks what a metric is declared with.
 *
 * @internal
 */

export type MetricType = "counter" | "upDownCounter" | "gauge" | "histogram"

export interface Unchecked {
  readonly name: string
  readonly help: string
  readonly attributes: ReadonlyArray<string>
  readonly buckets?: ReadonlyArray<number> | undefined
}

export interface Checked {
  readonly type: MetricType
  readonly name: string
  readonly help: string
  readonly attributes: ReadonlyArray<string>
  readonly buckets: ReadonlyArray<number> | undefined
}

/** Keys that name ids, which never end, or that Prometheus keeps for itself, are refused by the compiler. */
export type AttributeKey<Key extends string> = Key extends `${string}_id` | "id" | "le" | "quantile" | `__${string}` ?
  never
  : Key

const metricName = /^[a-z][a-z0-9_]*$/
const attributeKey = /^[a-z][a-z0-9_]*$/
const reservedKeys = new Set(["le", "quantile", "otel_metric_overflow"])

/** The declaration, or a `RangeError` that names the metric and the rule. */
export const check = (
  type: MetricType,
  declaration: Unchecked
): Checked => {
  const { attributes, buckets, help, name } = declaration
  const refuse = (rule: string) => {
    throw new RangeError(`metric "${name}": ${rule}`)
  }
  if (!metricName.test(name)) refuse("a name has lower-case letters, digits and _, and starts with a letter")
  if (help.trim() === "") refuse("help is missing")
  if ((type === "counter") !== name.endsWith("_total")) {
    refuse(type === "counter" ? "the name of a counter ends in _total" : "only the name of a counter ends in _total")
  }
  for (const key of attributes) {
    if (!attributeKey.test(key) || reservedKeys.has(key)) refuse(`"${key}" cannot be an attribute key`)
    if (key === "id" || key.endsWith("_id")) refuse(`"${key}" names an id; ids belong on spans and log lines`)
  }
  if (new Set(attributes).size < attributes.length) refuse("an attribute key stands twice")
  if (buckets !== undefined) {
    const ascending = buckets.every((bound, index) =>
      Number.isFinite(bound) && (index === 0 || bound > (buckets[index - 1] as number))
    )
    if (buckets.length === 0 || !ascending) refuse("buckets are finite and ascending, at least one")
  }
  return { type, name, help, attributes: [...attributes], buckets: buckets === undefined ? undefined : [...buckets] }
}

/** Throws a `RangeError` that shows both declarations if they are not the same. */
export const refuseConflict = (before: Checked, after: Checked): void => {
  const [left, right] = [describe(before), describe(after)]
  if (left !== right) {
    throw new RangeError(`metric "${before.name}" is declared twice: as ${left} and as ${right}`)
  }
}

const describe = ({ attributes, buckets, type }: Checked) =>
  `${type}{${attributes.join(",")}}${buckets === undefined ? "" : ` with buckets ${buckets.join(",")}`}`

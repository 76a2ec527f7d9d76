/**
 * The labels of a series, as all formats of Prometheus write them.
 *
 * @internal
 */
import * as PrometheusName from "./PrometheusName.ts"
import { type Attributes, SeriesAttributes } from "./SeriesAttributes.ts"

/** A label that the samples of a histogram or a summary carry, and no series may bring along. */
export type Reserved = "le" | "quantile"

/**
 * `a="b",c="d"`, empty without attributes. Keys that become one name are one
 * label: their values are joined with `;`, in the order of the keys. A reserved
 * label that a series has all the same is called `exported_le`, as Prometheus
 * itself would call it.
 */
export const text = (attributes: Attributes, reserved?: Reserved): string =>
  reserved !== undefined && Object.hasOwn(attributes, reserved)
    ? render(attributes, reserved)
    : SeriesAttributes.memo(attributes, render)

/**
 * A check of series after series: whether one among them can look like another that has other values, as halves of
 * surrogate pairs are all written as U+FFFD. Series whose text is remembered are not looked at again.
 */
export const ambiguityCheck = (): (attributes: Attributes) => boolean => {
  let ambiguous = false
  const look = (attributes: Attributes): string => {
    const rendered = render(attributes)
    ambiguous ||= rendered.includes("\ufffd")
    return rendered
  }
  return (attributes) => {
    SeriesAttributes.memo(attributes, look)
    return ambiguous
  }
}

/** What Prometheus tells series apart by: order does not count, and an empty label is no label. */
export const identity = (attributes: Attributes, reserved?: Reserved): string =>
  Array.from(labelsOf(attributes, reserved))
    .filter(([, value]) => value !== "")
    .map(([name, value]) => pair(name, value))
    .toSorted()
    .join(",")

const render = (attributes: Attributes, reserved?: Reserved): string => {
  const keys = Object.keys(attributes)
  // Keys that are names already stay different: nothing to join.
  if (keys.every((key) => nameOf(key, reserved) === key)) {
    return keys.map((key) => pair(key, `${attributes[key]}`)).join(",")
  }
  const labels = labelsOf(attributes, reserved)
  return Array.from(labels, ([name, value]) => pair(name, value)).join(",")
}

/** The labels by name, as {@link text} writes them. */
export const labelsOf = (attributes: Attributes, reserved: Reserved | undefined): ReadonlyMap<string, string> => {
  const keys = Object.keys(attributes)
  const labels = new Map<string, string>()
  for (const key of keys) labels.set(nameOf(key, reserved), `${attributes[key]}`)
  if (labels.size === keys.length) return labels
  labels.clear()
  for (const key of keys.toSorted()) {
    const name = nameOf(key, reserved)
    const before = labels.get(name)
    labels.set(name, before === undefined ? `${attributes[key]}` : `${before};${attributes[key]}`)
  }
  return labels
}

/** The label of an attribute, if no other attribute has the same. */
export const nameOf = (key: string, reserved: Reserved | undefined): string =>
  key === reserved ? `exported_${key}` : PrometheusName.labelName(key)

const pair = (name: string, value: string): string => `${name}="${escape(value)}"`

/** A label's value between its quotes; a lone surrogate is not UTF-8 and becomes U+FFFD. */
export const escape = (value: string): string => {
  const wellFormed = value.toWellFormed()
  return special.test(wellFormed)
    ? wellFormed.replace(/\\/g, "\\\\").replace(/"/g, "\\\"").replace(/\n/g, "\\n")
    : wellFormed
}

const special = /["\\\n]/

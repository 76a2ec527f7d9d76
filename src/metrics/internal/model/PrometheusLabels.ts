/**
 * Writes the labels of a series, as all Prometheus formats do.
 */
import * as PrometheusName from "./PrometheusName.ts"
import { type Attributes, SeriesAttributes } from "./SeriesAttributes.ts"

/** A label that samples of a histogram or a summary have. A series must not have it. */
export type Reserved = "le" | "quantile"

/**
 * Gives `a="b",c="d"`, or the empty text without attributes. If several keys
 * become the same label name, their values are joined with `;`, in the order of
 * the keys. A reserved label of a series becomes `exported_le`, as in Prometheus
 * itself.
 */
export const text = (attributes: Attributes, reserved?: Reserved): string =>
  reserved !== undefined && Object.hasOwn(attributes, reserved)
    ? render(attributes, reserved)
    : SeriesAttributes.memo(attributes, render)

/**
 * Makes a check that takes one series after the other. It tells whether two of these series may have the same text
 * although their values differ. Every lone surrogate is written as U+FFFD. A series with a remembered text is not
 * checked again.
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

/** The identity of a series for Prometheus. Order does not count, and an empty label is no label. */
export const identity = (attributes: Attributes, reserved?: Reserved): string =>
  Array.from(labelsOf(attributes, reserved))
    .filter(([, value]) => value !== "")
    .map(([name, value]) => pair(name, value))
    .toSorted()
    .join(",")

const render = (attributes: Attributes, reserved?: Reserved): string => {
  const keys = Object.keys(attributes)
  // If all keys are valid names, no two keys become the same label.
  if (keys.every((key) => nameOf(key, reserved) === key)) {
    return keys.map((key) => pair(key, `${attributes[key]}`)).join(",")
  }
  const labels = labelsOf(attributes, reserved)
  return Array.from(labels, ([name, value]) => pair(name, value)).join(",")
}

/** Gives the labels by name, as {@link text} writes them. */
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

/** The label name of an attribute key, if no other key gets the same name. */
export const nameOf = (key: string, reserved: Reserved | undefined): string =>
  key === reserved ? `exported_${key}` : PrometheusName.labelName(key)

const pair = (name: string, value: string): string => `${name}="${escape(value)}"`

/** Escapes a label value. A lone surrogate is not UTF-8 and becomes U+FFFD. */
export const escape = (value: string): string => {
  const wellFormed = value.toWellFormed()
  return special.test(wellFormed)
    ? wellFormed.replace(/\\/g, "\\\\").replace(/"/g, "\\\"").replace(/\n/g, "\\n")
    : wellFormed
}

const special = /["\\\n]/

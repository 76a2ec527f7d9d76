/**
 * Identifies and sorts series by their attributes. The order of the keys does not
 * matter.
 */

type Attributes = Readonly<Record<string, string>>

const overflowKey = "otel_metric_overflow"

/** The attributes of the overflow series, which has everything beyond the cardinality limit. */
export const overflowAttributes: Attributes = { [overflowKey]: "true" }

export const isOverflow = (attributes: Attributes): boolean => attributes[overflowKey] !== undefined

/**
 * Gives one text for equal attributes. The lengths in the text separate the values.
 *
 * @param keys keys of the attributes of a metric; empty if they differ between series
 */
export const keyer = (keys: ReadonlyArray<string>): (attributes: Attributes) => string => {
  if (keys.length === 0) return keyOf
  const sorted = keys.toSorted()
  return (attributes) => {
    let text = ""
    for (const key of sorted) {
      const value = attributes[key]
      if (value === undefined) return `?${keyOf(attributes)}`
      text += `${value.length}:${value}`
    }
    return text
  }
}

const keyOf = (attributes: Attributes): string => {
  const keys = Object.keys(attributes)
  for (let index = 1; index < keys.length; index++) {
    if ((keys[index - 1] as string) > (keys[index] as string)) {
      keys.sort()
      break
    }
  }
  let text = ""
  for (const key of keys) {
    const value = attributes[key] as string
    text += `${key.length}:${key}${value.length}:${value}`
  }
  return text
}

/** The order of a snapshot: by the values of the metric's keys, the overflow series last. */
export const compare = (keys: ReadonlyArray<string>) => (left: Attributes, right: Attributes): number => {
  const last = isOverflow(left)
  if (last !== isOverflow(right)) return last ? 1 : -1
  for (const key of keys) {
    const a = left[key] ?? ""
    const b = right[key] ?? ""
    if (a !== b) return a < b ? -1 : 1
  }
  const a = keyOf(left)
  const b = keyOf(right)
  return a === b ? 0 : a < b ? -1 : 1
}

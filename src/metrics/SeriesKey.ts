/**
 * Which series is which, and which comes first: by their attributes, whatever
 * the order of the keys.
 *
 * @internal
 */

type Attributes = Readonly<Record<string, string>>

const overflowKey = "otel_metric_overflow"

/** The attributes of the series that holds what is beyond the cardinality limit. */
export const overflowAttributes: Attributes = { [overflowKey]: "true" }

export const isOverflow = (attributes: Attributes): boolean => attributes[overflowKey] !== undefined

/** One text for equal attributes. The lengths in it keep any two values from running into each other. */
export const keyOf = (attributes: Attributes): string => {
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

/** The order of a snapshot: by the values of the family's keys, the overflow series last. */
export const compare = (keys: ReadonlyArray<string>) => (left: Attributes, right: Attributes): number => {
  if (isOverflow(left) !== isOverflow(right)) return isOverflow(left) ? 1 : -1
  for (const key of keys) {
    const a = left[key] ?? ""
    const b = right[key] ?? ""
    if (a !== b) return a < b ? -1 : 1
  }
  const a = keyOf(left)
  const b = keyOf(right)
  return a === b ? 0 : a < b ? -1 : 1
}

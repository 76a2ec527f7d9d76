/**
 * Finds series of few attributes, with one map for each attribute.
 *
 * **Details**
 *
 * The values are read at places of their own in the code, without a loop, which is twice as fast.
 */
import type { Series } from "./Series.ts"
import type { Attributes, SeriesLookup } from "./seriesLookup.ts"

/** Maps values to the next level. The last level maps them to series. */
type Level = Map<unknown, unknown>

/** The highest number of attributes. */
export const mostKeys = 3

/** @param create makes a series that is not there */
export const make = (keys: ReadonlyArray<string>, create: (attributes: Attributes) => Series): SeriesLookup => {
  const root: Level = new Map()
  return {
    find: finder(keys, root, create),
    get: (values) =>
      values.reduce<unknown>((level, value) => level instanceof Map ? level.get(value) : undefined, root) as
        | Series
        | undefined,
    add: (series) => insert(root, series.values as ReadonlyArray<string>, series),
    remove: (series) => removeAt(root, series.values as ReadonlyArray<string>)
  }
}

const finder = (
  keys: ReadonlyArray<string>,
  root: Level,
  create: (attributes: Attributes) => Series
): SeriesLookup["find"] => {
  const [first, second, third] = keys as [string, string, string]
  switch (keys.length) {
    case 1:
      return (attributes) => {
        const series = root.get(attributes[first])
        return series === undefined ? create(attributes) : series as Series
      }
    case 2:
      return (attributes) => {
        const level = root.get(attributes[first])
        if (level === undefined) return create(attributes)
        const series = (level as Level).get(attributes[second])
        return series === undefined ? create(attributes) : series as Series
      }
    default:
      return (attributes) => {
        const level = root.get(attributes[first])
        if (level === undefined) return create(attributes)
        const next = (level as Level).get(attributes[second])
        if (next === undefined) return create(attributes)
        const series = (next as Level).get(attributes[third])
        return series === undefined ? create(attributes) : series as Series
      }
  }
}

const insert = (root: Level, values: ReadonlyArray<string>, series: Series): void => {
  let level = root
  for (const value of values.slice(0, -1)) {
    const next = level.get(value) as Level | undefined ?? new Map<unknown, unknown>()
    level.set(value, next)
    level = next
  }
  if (values.length > 0) level.set(values[values.length - 1], series)
}

/** Removes a series, and the maps that become empty. */
const removeAt = (level: Level, values: ReadonlyArray<string>): void => {
  const [value, ...rest] = values
  const next = level.get(value)
  if (next instanceof Map) removeAt(next, rest)
  if (!(next instanceof Map) || next.size === 0) level.delete(value)
}

/**
 * Finds series of few attributes, with a map for each attribute.
 *
 * **Details**
 *
 * Where only one series has a value, its place has the series and no further maps: to compare the other values takes less
 * time than to look them up, and no memory. The values are read at places of their own in the code, without a loop, which
 * is twice as fast.
 */
import { Series } from "./Series.ts"
import type { Attributes, SeriesLookup } from "./seriesLookup.ts"

/** Maps values to the next level, or to the only series with the value. */
type Level = Map<unknown, Series | Level>

/** The highest number of attributes. */
export const mostKeys = 3

/** @param create makes a series that is not there */
export const make = (keys: ReadonlyArray<string>, create: (attributes: Attributes) => Series): SeriesLookup => {
  const root: Level = new Map()
  return {
    find: finder(keys, root, create),
    get: (values) => {
      let next: Series | Level | undefined = root
      for (let position = 0; next instanceof Map; position++) next = next.get(values[position])
      return next?.values?.every((value, position) => value === values[position]) === true ? next : undefined
    },
    add: (series) => insert(root, 0, series),
    remove: (series) => removeAt(root, 0, series)
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
        let next = root.get(attributes[first])
        if (next instanceof Series) return valueOf(next, 1) === attributes[second] ? next : create(attributes)
        next = next?.get(attributes[second])
        return next === undefined ? create(attributes) : next as Series
      }
    default:
      return (attributes) => {
        let next = root.get(attributes[first])
        if (next instanceof Series) {
          return valueOf(next, 1) === attributes[second] && valueOf(next, 2) === attributes[third]
            ? next
            : create(attributes)
        }
        next = next?.get(attributes[second])
        if (next instanceof Series) return valueOf(next, 2) === attributes[third] ? next : create(attributes)
        next = next?.get(attributes[third])
        return next === undefined ? create(attributes) : next as Series
      }
  }
}

/** A series of a level has values. */
const valueOf = ({ values }: Series, position: number): string => (values as ReadonlyArray<string>)[position] as string

const insert = (level: Level, position: number, series: Series): void => {
  const value = valueOf(series, position)
  const there = level.get(value)
  if (there === undefined) level.set(value, series)
  else if (there instanceof Map) insert(there, position + 1, series)
  else {
    const next: Level = new Map()
    level.set(value, next)
    insert(next, position + 1, there)
    insert(next, position + 1, series)
  }
}

/** Removes a series, and the maps that become empty. */
const removeAt = (level: Level, position: number, series: Series): void => {
  const value = valueOf(series, position)
  const next = level.get(value)
  if (next instanceof Map) removeAt(next, position + 1, series)
  if (next === series || (next instanceof Map && next.size === 0)) level.delete(value)
}

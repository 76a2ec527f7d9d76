/**
 * Finds a series by its attribute values, with one map for each attribute.
 *
 * **Details**
 *
 * To find an existing series, no text is built. The index walks through the maps
 * by the given values. For up to three keys, the code has no loop, which is twice
 * as fast.
 */
import type { Series } from "./Series.ts"

/** A level of the index maps values to the next level. The last level maps them to series. */
type Level = Map<unknown, unknown>

type Attributes = Readonly<Record<string, unknown>>

export interface SeriesIndex {
  /** Finds or makes the series for these attributes. It never throws, even for wrong values. */
  readonly find: (attributes: Attributes) => Series
  /** All series, including the overflow series. */
  readonly all: ReadonlySet<Series>
  readonly remove: (series: Series) => void
  /** Finds the series of these values, in the order of these keys. For `undefined` it is the overflow series. */
  readonly get: (keys: ReadonlyArray<string>, values: ReadonlyArray<string> | undefined) => Series | undefined
  /** Finds or makes the overflow series, for a worker thread that has reported its overflow already. */
  readonly overflow: () => Series
}

export interface IndexOptions {
  readonly keys: ReadonlyArray<string>
  /** Whether there is room for another series. If not, the series becomes part of the overflow series. */
  readonly hasRoom: (values: ReadonlyArray<string>) => boolean
  /** Redacts an attribute value of a new series. */
  readonly redact: (key: string, value: string) => string
  /** Makes a series; `values` is `undefined` for the overflow series. Gives `undefined` if there is no room. */
  readonly make: (values: ReadonlyArray<string> | undefined) => Series | undefined
  /** Called at the first overflow, with the number of series, and the attribute with the most distinct values. */
  readonly onOverflow: (count: number, widestKey: string) => void
}

export const make = (options: IndexOptions): SeriesIndex => {
  const { keys } = options
  const all = new Set<Series>()
  const root: Level = new Map()
  let overflowSeries: Series | undefined
  let reported = false

  const overflow = (): Series => {
    if (overflowSeries === undefined) {
      overflowSeries = options.make(undefined)
      if (overflowSeries === undefined) throw new RangeError("no room for the overflow series")
      all.add(overflowSeries)
    }
    return overflowSeries
  }

  const overflowOwn = (): Series => {
    if (!reported) options.onOverflow(all.size + (overflowSeries === undefined ? 1 : 0), widestKey(keys, all))
    reported = true
    return overflow()
  }

  const find = (values: ReadonlyArray<string>): Series | undefined =>
    values.reduce<unknown>((level, value) => level instanceof Map ? level.get(value) : undefined, root) as
      | Series
      | undefined

  /** Rare: a combination of values that the index does not have yet. */
  const create = (attributes: Attributes): Series => {
    const values = keys.map((key) => options.redact(key, textOf(attributes[key])))
    const found = find(values)
    if (found !== undefined) return found
    const series = options.hasRoom(values) ? options.make(values) : undefined
    if (series === undefined) return overflowOwn()
    all.add(series)
    insert(root, values, series)
    return series
  }

  let only: Series | undefined

  return {
    find: finder(keys, root, create, () => {
      only = options.make([]) ?? overflowOwn()
      all.add(only)
      return only
    }),
    all,
    get: (given, values) => {
      if (values === undefined) return overflowSeries
      if (keys.length === 0) return only
      return find(keys.map((key) => values[given.indexOf(key)] ?? ""))
    },
    overflow,
    remove: (series) => {
      all.delete(series)
      if (series === only) only = undefined
      if (series === overflowSeries) overflowSeries = undefined
      else if (series.values !== undefined) removeAt(root, series.values)
    }
  }
}

const finder = (
  keys: ReadonlyArray<string>,
  root: Level,
  create: (attributes: Attributes) => Series,
  createOnly: () => Series
): SeriesIndex["find"] => {
  const [first, second, third] = keys as [string, string, string]
  switch (keys.length) {
    case 0: {
      let only: Series | undefined
      return () => only !== undefined && only.live ? only : (only = createOnly())
    }
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
    case 3:
      return (attributes) => {
        const level = root.get(attributes[first])
        if (level === undefined) return create(attributes)
        const next = (level as Level).get(attributes[second])
        if (next === undefined) return create(attributes)
        const series = (next as Level).get(attributes[third])
        return series === undefined ? create(attributes) : series as Series
      }
    default:
      return (attributes) => {
        let found: unknown = root
        for (const key of keys) {
          found = (found as Level).get(attributes[key])
          if (found === undefined) return create(attributes)
        }
        return found as Series
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

/** Texts that are equal in UTF-8 are one value. Values of code without types become text. */
const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value.toWellFormed()
    : typeof value === "number" || typeof value === "boolean" || typeof value === "bigint"
    ? String(value)
    : value === undefined || value === null
    ? ""
    : `[${typeof value}]`

/** The key with the most distinct values among the series. */
const widestKey = (keys: ReadonlyArray<string>, series: ReadonlySet<Series>): string => {
  const all = [...series]
  const distinct = keys.map((_, position) => new Set(all.map(({ values }) => values?.[position])).size)
  return keys[distinct.indexOf(Math.max(...distinct))] ?? ""
}

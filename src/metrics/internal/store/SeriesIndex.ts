/**
 * The series of a metric, by their attribute values. To find an existing series, no text is built.
 */
import type { Series } from "./Series.ts"
import { type Attributes, SeriesTable } from "./SeriesTable.ts"

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

  /** Rare: a combination of values that the index does not have yet. */
  const create = (attributes: Attributes): Series => {
    const values = keys.map((key) => options.redact(key, textOf(attributes[key])))
    const found = lookup.get(values)
    if (found !== undefined) return found
    const series = options.hasRoom(values) ? options.make(values) : undefined
    if (series === undefined) return overflowOwn()
    all.add(series)
    lookup.add(series)
    return series
  }

  let only: Series | undefined
  const lookup = new SeriesTable(keys, create)

  const findOnly = (): Series => {
    if (only === undefined) {
      only = options.make([]) ?? overflowOwn()
      all.add(only)
    }
    return only
  }

  return {
    find: keys.length === 0 ? findOnly : lookup.find,
    all,
    get: (given, values) => {
      if (values === undefined) return overflowSeries
      if (keys.length === 0) return only
      return lookup.get(keys.map((key) => values[given.indexOf(key)] ?? ""))
    },
    overflow,
    remove: (series) => {
      all.delete(series)
      if (series === only) only = undefined
      if (series === overflowSeries) overflowSeries = undefined
      else if (series.values !== undefined) lookup.remove(series)
    }
  }
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
  const distinct = keys.map((_, position) => new Set(Array.from(series, ({ values }) => values?.[position])).size)
  return keys[distinct.indexOf(Math.max(...distinct))] ?? ""
}

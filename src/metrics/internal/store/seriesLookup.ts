/**
 * What finds the series of a metric by its attribute values. There is one kind for few attributes and one for many.
 */
import type { Series } from "./Series.ts"

export type Attributes = Readonly<Record<string, unknown>>

export interface SeriesLookup {
  /** Finds the series of these attributes, or has it created. */
  readonly find: (attributes: Attributes) => Series
  /** Finds the series of these values, in the order of the keys. */
  readonly get: (values: ReadonlyArray<string>) => Series | undefined
  readonly add: (series: Series) => void
  readonly remove: (series: Series) => void
}

/** The number of distinct values of each key. */
export const distinctValues = (
  keys: ReadonlyArray<string>,
  series: ReadonlyArray<Series>
): ReadonlyArray<number> => keys.map((_, position) => new Set(series.map(({ values }) => values?.[position])).size)

/**
 * Finds the slot of a series by its attribute values, one map per attribute.
 *
 * @internal
 */

/** A level of the index: values to the next level, or to slots on the last one. */
type Level = Map<string, Level | number>

export interface SeriesIndex {
  /** The slot for these attributes; makes the series if it is new. Never throws for odd values. */
  readonly slotOf: (attributes: Readonly<Record<string, unknown>>) => number
  /** Attribute values by slot, in the order of the keys; `undefined` for the overflow series. */
  readonly series: ReadonlyArray<ReadonlyArray<string> | undefined>
}

export interface IndexOptions {
  readonly keys: ReadonlyArray<string>
  /** Series that are kept apart; what comes after shares the overflow series. */
  readonly limit: number
  /** Turns the value of a new series into what may be shown. */
  readonly redact: (key: string, value: string) => string
  /** Makes room for a new series. */
  readonly onNewSeries: (slot: number, values: ReadonlyArray<string> | undefined) => void
  /** The first overflow, with the attribute that has the most distinct values. */
  readonly onOverflow: (culprit: string) => void
}

export const make = (options: IndexOptions): SeriesIndex => {
  const { keys, limit } = options
  const last = keys.length - 1
  const series: Array<ReadonlyArray<string> | undefined> = []
  const root: Level = new Map()
  let overflowSlot = -1

  const add = (values: ReadonlyArray<string> | undefined): number => {
    series.push(values)
    options.onNewSeries(series.length - 1, values)
    return series.length - 1
  }

  const overflow = (): number => {
    if (overflowSlot < 0) {
      options.onOverflow(culprit(keys, series))
      overflowSlot = add(undefined)
    }
    return overflowSlot
  }

  /** Rare: a combination of values that the index does not hold yet. */
  const create = (attributes: Readonly<Record<string, unknown>>): number => {
    const values = keys.map((key) => options.redact(key, textOf(attributes[key])))
    let level: Level | number | undefined = root
    for (const value of values) level = level instanceof Map ? level.get(value) : undefined
    if (typeof level === "number") return level
    // The last place is the overflow series' own.
    if (series.length >= limit - 1) return overflow()
    const slot = add(values)
    let parent = root
    values.forEach((value, position) => {
      if (position === last) parent.set(value, slot)
      else {
        const next = parent.get(value)
        const child: Level = next instanceof Map ? next : new Map()
        if (next === undefined) parent.set(value, child)
        parent = child
      }
    })
    return slot
  }

  if (keys.length === 0) {
    let only = -1
    return { series, slotOf: () => only < 0 ? (only = add([])) : only }
  }
  return {
    series,
    slotOf: (attributes) => {
      let level: Level | number | undefined = root
      for (let position = 0; position <= last; position++) {
        level = (level as Level).get(attributes[keys[position] as string] as string)
        if (level === undefined) return create(attributes)
      }
      return level as number
    }
  }
}

/** Texts that are the same in UTF-8 are one value; what a caller without types passes becomes text here. */
const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value.toWellFormed()
    : typeof value === "number" || typeof value === "boolean" || typeof value === "bigint"
    ? String(value)
    : value === undefined || value === null
    ? ""
    : `[${typeof value}]`

/** The key with the most distinct values among the series. */
const culprit = (keys: ReadonlyArray<string>, series: ReadonlyArray<ReadonlyArray<string> | undefined>): string => {
  const distinct = keys.map((_, position) => new Set(series.map((values) => values?.[position])).size)
  return keys[distinct.indexOf(Math.max(...distinct))] ?? ""
}

/**
 * Shows the values of an observed metric in its storage.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import { quoteValue } from "../../../redaction/internal/quoteValue.ts"
import * as CompensatedSum from "../aggregation/CompensatedSum.ts"
import type { Observation } from "../model/MetricStoreShape.ts"
import type { MetricStorage } from "./MetricStorage.ts"
import type { Series } from "./Series.ts"

/** A copy of the values of one reading: the attribute values row by row, and the numbers. */
export interface Values {
  readonly attributes: ReadonlyArray<unknown>
  readonly numbers: ReadonlyArray<number>
}

export const noValues: Values = { attributes: [], numbers: [] }

/**
 * Copies the values, because the caller may change its objects later. The copy is made in one piece, so it is small.
 */
export const copyOf = (storage: MetricStorage, observations: Iterable<Observation<string>>): Values => {
  const { declaration: { name, type }, context: { keys } } = storage
  const all: Array<unknown> = []
  const numbers: Array<number> = []
  for (const { attributes, value } of observations) {
    if (typeof value !== "number") {
      throw new TypeError(`expected a number as the value of "${name}", got ${quoteValue(value)}`)
    }
    if (type === "counter" && !(value >= 0 && value < Infinity)) {
      throw new RangeError(`expected a finite number of at least 0 as the total of "${name}", got ${value}`)
    }
    for (const key of keys) all.push(attributes[key])
    numbers.push(value)
  }
  return { attributes: all, numbers }
}

/** Series in one piece of work. */
const piece = 500

export class ObservedValues {
  readonly #storage: MetricStorage
  /** Number of replacements so far. If two run at the same time, the older one stops. */
  #turn = 0

  constructor(storage: MetricStorage) {
    this.#storage = storage
  }

  /**
   * Replaces the values of the last reading. Values of the same series, such as the overflow series, are added up.
   *
   * A level is removed if it is no longer given. A total stays until it is idle. If it expired and came back, its whole
   * amount would be counted twice.
   */
  *replace(readings: ReadonlyArray<Values>): TimeSlice.Work<void> {
    const storage = this.#storage
    const turn = ++this.#turn
    const { index } = storage.context
    const totals = new Map<Series, number>()
    let count = 0
    for (const values of readings) {
      for (const [row, value] of values.numbers.entries()) {
        const { size } = index.all
        const series = index.find(rowOf(storage, values, row))
        const total = (totals.get(series) ?? 0) + value
        // Another thread may read a new series at once, so the series needs a value now.
        if (index.all.size > size) write(storage, series, total)
        totals.set(series, total)
        if (++count % piece > 0) continue
        yield
        if (this.#turn !== turn) return
      }
    }
    for (const [series, total] of totals) {
      if (this.#turn !== turn) return
      show(storage, series, total)
      if (++count % piece === 0) yield
    }
    if (storage.declaration.type === "counter") return
    for (const series of index.all) {
      if (this.#turn !== turn) return
      if (!totals.has(series)) storage.expire(series)
      if (++count % piece === 0) yield
    }
  }
}

const rowOf = ({ context: { keys } }: MetricStorage, { attributes }: Values, row: number) => {
  const record: Record<string, unknown> = {}
  for (let position = 0; position < keys.length; position++) {
    record[keys[position] as string] = attributes[row * keys.length + position]
  }
  return record
}

/** Writes a value. If a total has fallen, it starts again as a new series. */
const show = (storage: MetricStorage, series: Series, total: number): void => {
  const { declaration: { type }, context: { index, keys, numbers } } = storage
  if (!series.live) return
  if (type !== "counter" || total >= CompensatedSum.read(numbers.values, series.base + 1)) {
    return write(storage, series, total)
  }
  if (storage.addToLinked(series)) return write(storage, series, total)
  storage.expire(series)
  const { values } = series
  if (values === undefined) return
  write(storage, index.find(Object.fromEntries(keys.map((key, position) => [key, values[position]]))), total)
}

/** Sets the numbers in one step, because another thread may read in between. */
const write = ({ declaration: { type }, context: { numbers } }: MetricStorage, series: Series, total: number): void => {
  const { base } = series
  const { values } = numbers
  values[base] = 1
  if (type === "gauge") values[base + 1] = total
  else CompensatedSum.set(values, base + 1, total)
}

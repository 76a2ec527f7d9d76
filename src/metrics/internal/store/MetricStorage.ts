/**
 * Keeps the series of a declared metric and their numbers, and reads them.
 */
import type * as Effect from "effect/Effect"
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricData, SeriesSnapshot } from "../../MetricSnapshot.ts"
import type { Aggregation } from "../aggregation/Aggregation.ts"
import * as aggregationOf from "../aggregation/aggregationOf.ts"
import * as CompensatedSum from "../aggregation/CompensatedSum.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import * as PrometheusLabels from "../model/PrometheusLabels.ts"
import { SeriesAttributes } from "../model/SeriesAttributes.ts"
import { overflowAttributes } from "../model/SeriesKey.ts"
import * as SeriesList from "../model/SeriesList.ts"
import type * as EffectRegistry from "./EffectRegistry.ts"
import type { InstrumentContext } from "./Instruments.ts"
import { ReadSeries } from "./ReadSeries.ts"
import { Series } from "./Series.ts"
import * as SeriesExemplars from "./SeriesExemplars.ts"
import * as SeriesIndex from "./SeriesIndex.ts"
import type { Reading, SeriesNumbers } from "./SeriesNumbers.ts"
import { SeriesOrder } from "./SeriesOrder.ts"

export interface Options {
  readonly declaration: Checked
  readonly cardinalityLimit: number
  readonly numbers: SeriesNumbers
  readonly exemplars: SeriesExemplars.ExemplarFilter | undefined
  readonly nowMillis: () => number
  readonly redact: (key: string, value: string) => string
  readonly misuse: (message: string) => void
  /** Registers the series; `undefined` for none. */
  readonly registry: Pick<Effect.Success<typeof EffectRegistry.make>, "metric" | "remove"> | undefined
  readonly onOverflow: (count: number, widestKey: string) => void
}

/** Series that are checked in one piece of work. */
const piece = 500

/**
 * Memory of one series besides its numbers and attribute values, in bytes: objects, map entries, registration, text.
 */
const overheadBytes = 600

/** The attributes of a series in a snapshot. `values` is `undefined` for the overflow series. */
export const attributesOf = ({ attributes }: Checked, values: ReadonlyArray<string> | undefined) =>
  values === undefined ? overflowAttributes : SeriesAttributes.make(attributes, values)

export class MetricStorage {
  readonly declaration: Checked
  readonly aggregation: Aggregation<SeriesSnapshot["value"]>
  readonly context: InstrumentContext
  readonly #order = new SeriesOrder()
  readonly #registry: Options["registry"]
  readonly #limit: number
  /** The storage of the same metric on the other side. The sides are the main thread and all worker threads. */
  #linked: MetricStorage | undefined
  /** Number of series that this storage and the linked storage both have. */
  #linkedCount = 0
  #textBytes = 0

  constructor(options: Options) {
    const { declaration, numbers } = options
    this.declaration = declaration
    this.aggregation = aggregationOf.ofDeclared(declaration)
    this.#registry = options.registry
    this.#limit = options.cardinalityLimit
    const readValue = this.aggregation.read
    const register = options.registry?.metric({
      declaration,
      read: ({ base }) => readValue(numbers.values, base + 1),
      series: () => this.context.index.all
    })
    this.context = {
      name: declaration.name,
      keys: declaration.attributes,
      numbers,
      exemplars: options.exemplars,
      misuse: options.misuse,
      index: SeriesIndex.make({
        keys: declaration.attributes,
        hasRoom: (values) => this.#hasRoom(values),
        redact: options.redact,
        onOverflow: options.onOverflow,
        make: (values) => {
          const startMillis = options.nowMillis()
          const base = values === undefined
            ? numbers.allocateOverflow(startMillis)
            : numbers.allocate(values, startMillis)
          if (base === undefined) return undefined
          const series = new Series(base, values, attributesOf(declaration, values), startMillis)
          // The text is made now. If the first scrape made all texts, the garbage collector would stop the program.
          PrometheusLabels.text(series.attributes)
          this.#order.add(series)
          this.#textBytes += bytesOf(series)
          register?.(series)
          this.#countLinked(series, 1)
          return series
        }
      })
    }
  }

  get seriesCount(): number {
    return this.context.index.all.size
  }

  /** Number of series that the linked storage does not have. */
  get unlinkedCount(): number {
    return this.seriesCount - this.#linkedCount
  }

  /**
   * Links the storages of the main thread and of the worker threads. One of them is still empty. They share a limit. A
   * series expires in both at once, because the sum would fall if only one part expired.
   */
  linkWith(other: MetricStorage): void {
    this.#linked = other
    other.#linked = this
  }

  #linkedSeries(values: ReadonlyArray<string> | undefined): Series | undefined {
    return this.#linked?.context.index.get(this.declaration.attributes, values)
  }

  #countLinked(series: Series, by: 1 | -1): void {
    const linked = this.#linked
    if (linked === undefined || this.#linkedSeries(series.values) === undefined) return
    this.#linkedCount += by
    linked.#linkedCount += by
  }

  /**
   * Moves the count of a series to the linked storage, so that the sum does not fall when this part starts again. Gives
   * `false` if the linked storage does not have the series.
   */
  addToLinked({ base, values }: Series): boolean {
    const linked = this.#linked
    const other = this.#linkedSeries(values)
    if (linked === undefined || other === undefined) return false
    CompensatedSum.merge(linked.context.numbers.values, other.base + 1, this.context.numbers.values, base + 1)
    return true
  }

  /** Adds a thread's part of a series to the numbers, or to a copy of them. */
  addPart(values: Float64Array, { base }: Series, part: Float64Array, partBase: number, partStride: number): void {
    this.aggregation.merge(values, base + 1, part, partBase + 1, partStride - 1)
    values[base] = 1
  }

  /** Whether there is room for another series. The last place is for the overflow series. */
  #hasRoom(values: ReadonlyArray<string>): boolean {
    const linked = this.#linked
    const overflow = this.context.index.get([], undefined) ?? this.#linkedSeries(undefined)
    const apart = this.seriesCount + (linked?.unlinkedCount ?? 0) - (overflow === undefined ? 0 : 1)
    return apart < Math.max(this.#limit, linked === undefined ? 0 : linked.#limit) - 1 ||
      this.#linkedSeries(values) !== undefined
  }

  /** Memory of the metric, estimated. */
  get bytes(): number {
    return this.context.numbers.values.byteLength + this.seriesCount * overheadBytes + this.#textBytes
  }

  /** Removes a series. A bound instrument of the series finds a new one. */
  expire(series: Series): void {
    series.live = false
    this.#countLinked(series, -1)
    this.#textBytes -= bytesOf(series)
    this.#registry?.remove(series)
    this.context.index.remove(series)
    this.#order.expired()
    this.context.numbers.release(series.base)
  }

  /**
   * Expires series without a recording since `beforeMillis`, here and in the linked storage. Infos never expire. An
   * up-down counter does not expire while its value is not zero. A series does not expire while a worker thread has a
   * part of it, because the memory of a thread is never freed.
   */
  *expireIdle(nowMillis: number, beforeMillis: number): TimeSlice.Work<void> {
    const { declaration: { type }, context: { index, numbers } } = this
    if (type === "info") return
    let looked = 0
    for (const series of index.all) {
      if (++looked % piece === 0) yield
      const { values } = numbers
      if (values[series.base] !== 0) {
        values[series.base] = 0
        series.recordedMillis = nowMillis
      } else if (this.#isIdle(series, beforeMillis)) {
        const other = this.#linked
        const linked = this.#linkedSeries(series.values)
        if (other !== undefined && linked !== undefined) {
          if (!other.#isIdle(linked, beforeMillis)) continue
          other.expire(linked)
        }
        this.expire(series)
      }
    }
  }

  #isIdle(series: Series, beforeMillis: number): boolean {
    const { declaration: { type }, context: { numbers: { values } } } = this
    if (values[series.base] !== 0 || series.threads > 0 || series.recordedMillis > beforeMillis) return false
    return type !== "upDownCounter" || CompensatedSum.read(values, series.base + 1) === 0
  }

  /** Prepares memory for {@link read}. */
  prepare(reading: Reading): TimeSlice.Work<void> {
    return this.context.numbers.prepare(reading)
  }

  /** Reads all values at once. The work then makes the snapshot of the metric, or `undefined` if it has no series. */
  read(reading: Reading): TimeSlice.Work<MetricData | undefined> {
    return this.readOf(this.context.numbers.copy(reading))
  }

  /** As {@link read}, from a copy of the numbers that was made at this moment. */
  readOf(values: Float64Array): TimeSlice.Work<MetricData | undefined> {
    const { exemplars } = this.context
    return this.#snapshot(values, this.#order.read(), exemplars?.read() ?? SeriesExemplars.noExemplars)
  }

  /** Makes the snapshot from numbers, series and exemplars of the same moment. */
  *#snapshot(
    values: Float64Array,
    ordering: TimeSlice.Work<ReadonlyArray<Series>>,
    exemplars: SeriesExemplars.ReadExemplars
  ): TimeSlice.Work<MetricData | undefined> {
    const ordered = yield* ordering
    if (ordered.length === 0) return undefined
    const kept = yield* exemplars(ordered)
    const { attributes, buckets, help, name, observed, type, unit } = this.declaration
    return SeriesList.attach(
      {
        type,
        name,
        help,
        unit,
        attributes,
        ...(observed && type === "counter" ? { observed } : {}),
        ...(buckets === undefined ? {} : { buckets })
      },
      new ReadSeries(ordered, values, kept, this.aggregation.read)
    )
  }
}

const bytesOf = ({ values }: Series): number => (values ?? []).reduce((sum, value) => sum + 2 * value.length, 0)

/** The number of numbers that a series has in its storage. One of them tells whether it was recorded to. */
export const strideOf = (declaration: Checked): number => 1 + aggregationOf.ofDeclared(declaration).size

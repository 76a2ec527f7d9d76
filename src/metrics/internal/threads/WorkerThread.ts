/**
 * The series and counts of one worker thread, as the main thread reads them.
 *
 * **Details**
 *
 * Each series in the thread's memory is a part of a series of all threads. When
 * the main thread reads its entry, it links the part to that series. The link
 * never changes, because moving a part to another series would make the first sum
 * fall.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as ExponentialHistogram from "../aggregation/ExponentialHistogram.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import type { MetricPort } from "../model/MetricStoreShape.ts"
import { attributesOf, type MetricStorage, strideOf } from "../store/MetricStorage.ts"
import type { Series } from "../store/Series.ts"
import { copyInto, prepareCopy, type Reading } from "../store/SeriesNumbers.ts"
import { type Entry, SharedMemoryReader } from "./SharedMemory.ts"

interface ThreadMetric {
  readonly declaration: Checked
  readonly stride: number
  /** The storage of all threads; `undefined` if another thread has declared the metric differently. */
  readonly storage: MetricStorage | undefined
  /** The positions of the thread's series in its memory, in the order of their entries. */
  readonly bases: Array<number>
  /**
   * For each series of the thread, the series that sums up all threads; `undefined` if the thread has dropped its own.
   */
  readonly series: Array<Series | undefined>
  /** Number of parts that were moved to the storage, after the thread has ended. */
  left: number
}

/** Finds the storage of all threads for a metric that a thread has declared. */
export type FindStorage = (declaration: Checked) => MetricStorage | undefined

/** Adds the parts of a thread to the copies of the storages. */
export type AddParts = (copyOf: (storage: MetricStorage) => Float64Array) => TimeSlice.Work<void>

/** Bytes of the directory that are read in one piece of work. */
const pieceBytes = 8192
/** Bytes of the directory that are read while a reading waits. The next reading takes the others. */
const lastBytes = 16_384
/** Memory for a copy, as a multiple of the numbers so far. The thread may add series before it is read. */
const roomToGrow = 1.25
/**
 * The highest number of rounds in which the parts of an ended thread are moved. Another reading may take further parts
 * meanwhile.
 */
const mostRounds = 10
/** Series that are added in one piece of work. */
const piece = 200
/** Memory of a part in the main thread, in bytes. */
const overheadBytes = 16

export class WorkerThread {
  readonly #memory: SharedMemoryReader
  readonly #find: FindStorage
  readonly #metrics: Array<ThreadMetric> = []
  /** Numbers up to the last series. */
  #end = 0
  /** When the thread was last read. */
  #readMillis = 0
  #hasEnded = false

  constructor(port: MetricPort, find: FindStorage) {
    this.#memory = new SharedMemoryReader(port)
    this.#find = find
  }

  /** Memory of the thread, estimated. */
  get bytes(): number {
    return this.#metrics.reduce((sum, { bases }) => sum + bases.length * overheadBytes, this.#memory.bytes)
  }

  /** Reads the entries of all series so far. */
  *take(): TimeSlice.Work<void> {
    const { end } = this.#memory
    while (this.#memory.read < end && !this.#hasEnded) {
      this.#takeNext(pieceBytes)
      yield
    }
  }

  /** Prepares memory for {@link read}. */
  prepare(reading: Reading): TimeSlice.Work<void> {
    return prepareCopy(reading, this.#memory, Math.ceil(this.#end * roomToGrow))
  }

  /** Reads all values at once. The result adds them to the values of other threads. */
  read(reading: Reading, nowMillis: number): AddParts {
    this.#takeNext(lastBytes)
    this.#readMillis = nowMillis
    const live = this.#memory.numbers(this.#end)
    const recopies = this.#metrics.map((metric) => watchJoins(metric, live, metric.bases))
    const numbers = copyInto(reading, this.#memory, live)
    for (const recopy of recopies) recopy?.(numbers, 0)
    // The copies of the storages already have the parts that were moved.
    const parts = this.#metrics.map(({ bases, left, series, storage, stride }) => ({
      storage,
      stride,
      bases: bases.slice(left),
      series: series.slice(left)
    }))
    return function*(copyOf) {
      for (const { bases, series: all, storage, stride } of parts) {
        if (storage === undefined) continue
        const values = copyOf(storage)
        for (const [position, series] of all.entries()) {
          if (series !== undefined) storage.addPart(values, series, numbers, bases[position] as number, stride)
          if (position % piece === 0) yield
        }
      }
    }
  }

  /** Moves the counts of an ended thread to the storages. Its levels end with it. */
  *end(): TimeSlice.Work<void> {
    yield* this.take()
    // Another reading may take further parts meanwhile. A thread that still runs must not keep this loop going for
    // ever.
    for (let round = 0; round < mostRounds; round++) {
      for (const metric of this.#metrics) {
        while (metric.left < metric.bases.length) {
          this.#leave(metric, metric.left++)
          if (metric.left % piece === 0) yield
        }
      }
      if (this.#metrics.every(({ bases, left }) => left === bases.length)) break
    }
    this.#hasEnded = true
  }

  /** Moves a part in one step, so that a reading finds it in exactly one of the two places. */
  #leave(metric: ThreadMetric, position: number): void {
    const { bases, series: all, storage } = metric
    const series = all[position]
    if (series === undefined || storage === undefined) return
    series.threads--
    if (storage.aggregation.accumulates) this.#keep(metric, bases[position] as number, series)
    else if (series.threads === 0) storage.expire(series)
  }

  /** Adds a part to the storage. */
  #keep(metric: ThreadMetric, base: number, series: Series): void {
    const { storage, stride } = metric
    const live = this.#memory.numbers(base + stride)
    const recopy = watchJoins(metric, live, [base])
    const numbers = live.slice(base)
    recopy?.(numbers, base)
    storage?.addPart(storage.context.numbers.values, series, numbers, 0, stride)
  }

  #takeNext(bytes: number): void {
    if (this.#hasEnded) return
    for (const entry of this.#memory.entries(bytes)) this.#take(entry)
  }

  #take(entry: Entry): void {
    if ("metric" in entry) this.#addMetric({ ...entry.metric, site: "a worker thread" })
    else if ("expired" in entry) this.#expire(this.#metrics[entry.of] as ThreadMetric, entry.expired)
    else this.#addSeries(entry)
  }

  #addMetric(declaration: Checked): void {
    this.#metrics.push({
      declaration,
      stride: strideOf(declaration),
      storage: this.#find(declaration),
      bases: [],
      series: [],
      left: 0
    })
  }

  #addSeries({ base, of, startMillis, values }: Extract<Entry, { readonly base: number }>): void {
    const metric = this.#metrics[of] as ThreadMetric
    this.#end = Math.max(this.#end, base + metric.stride)
    if (metric.storage === undefined) return
    const { index } = metric.storage.context
    const series = values === null ? index.overflow() : index.find(attributesOf(metric.declaration, values))
    // The last reading did not have the series, so the series must not start before it.
    series.startMillis = Math.min(series.startMillis, Math.max(startMillis, this.#readMillis))
    series.threads++
    metric.bases.push(base)
    metric.series.push(series)
  }

  /** Called if the thread no longer observes a level, or a total has started again. */
  #expire(metric: ThreadMetric, base: number): void {
    const { bases, series: all, storage } = metric
    const position = bases.lastIndexOf(base)
    const series = all[position]
    if (series === undefined || storage === undefined) return
    all[position] = undefined
    if (storage.aggregation.accumulates) this.#keep(metric, base, series)
    if (--series.threads > 0) return
    const { stride, values } = storage.context.numbers
    const isEmpty = values.subarray(series.base + 1, series.base + stride).every((number) => number === 0)
    if (isEmpty) storage.expire(series)
  }
}

/** See {@link ExponentialHistogram.watchJoins}. Series of other types need no second copy. */
const watchJoins = (
  { declaration: { type }, stride }: ThreadMetric,
  live: Float64Array,
  bases: ReadonlyArray<number>
) => type === "exponentialHistogram" ? ExponentialHistogram.watchJoins(live, bases, stride) : undefined

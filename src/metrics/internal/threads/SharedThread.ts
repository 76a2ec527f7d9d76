/**
 * A worker thread as the main thread sees it: which series it has, and what it
 * has counted in them.
 *
 * **Details**
 *
 * Each series in the memory of the thread is a part of a series of all threads.
 * Which one is decided when its entry is taken from the directory and stays so,
 * or else a sum would fall where a part moves to another series.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import * as ExponentialHistogram from "../aggregation/ExponentialHistogram.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import type { MetricPort } from "../model/MetricStoreShape.ts"
import { attributesOf, type MetricStorage, strideOf } from "../store/MetricStorage.ts"
import type { Series } from "../store/Series.ts"
import { copyInto, prepareCopy, type Reading } from "../store/SeriesNumbers.ts"
import { type Entry, SlabReader } from "./SharedSlab.ts"

interface ThreadMetric {
  readonly declaration: Checked
  readonly stride: number
  /** The storage of all threads; `undefined` if another thread has declared the metric differently. */
  readonly storage: MetricStorage | undefined
  /** The places of the thread's series in its memory, in the order of their entries. */
  readonly bases: Array<number>
  /** The series of all threads that each of them is a part of; `undefined` where the thread has it no more. */
  readonly series: Array<Series | undefined>
  /** How many of the parts have been moved to what ended threads leave. */
  left: number
}

/** Gives the family of all threads for what a thread has declared. */
export type FindStorage = (declaration: Checked) => MetricStorage | undefined

/** Adds what was read of a thread to the copies that were made of what ended threads left. */
export type AddParts = (copyOf: (storage: MetricStorage) => Float64Array) => Cooperation.Work<void>

/** Bytes of the directory that are taken in one piece of work. */
const pieceBytes = 8192
/** The same while a reading waits, for what has come since it was prepared; the next reading takes the rest. */
const lastBytes = 16_384
/** Memory for a copy in numbers there are by now: a thread goes on to have new series until it is read. */
const roomToGrow = 1.25
/** How often an ended thread is looked through for what was taken while it was. */
const mostRounds = 10
/** Series that are added in one piece of work. */
const piece = 200
/** What a part costs, in bytes. */
const overheadBytes = 16

export class SharedThread {
  readonly #slab: SlabReader
  readonly #find: FindStorage
  readonly #metrics: Array<ThreadMetric> = []
  /** Numbers up to the last series. */
  #end = 0
  /** When the thread was last read. */
  #readMillis = 0
  #hasEnded = false

  constructor(port: MetricPort, find: FindStorage) {
    this.#slab = new SlabReader(port)
    this.#find = find
  }

  /** Memory of the thread, estimated. */
  get bytes(): number {
    return this.#metrics.reduce((sum, { bases }) => sum + bases.length * overheadBytes, this.#slab.bytes)
  }

  /** Takes all series that the thread has by now. */
  *take(): Cooperation.Work<void> {
    const { end } = this.#slab
    while (this.#slab.read < end && !this.#hasEnded) {
      this.#takeNext(pieceBytes)
      yield
    }
  }

  /** Gets ready for {@link read}. */
  prepare(reading: Reading): Cooperation.Work<void> {
    return prepareCopy(reading, this.#slab, Math.ceil(this.#end * roomToGrow))
  }

  /** Reads all values now; the work adds them to those of other threads. */
  read(reading: Reading, nowMillis: number): AddParts {
    this.#takeNext(lastBytes)
    this.#readMillis = nowMillis
    const live = this.#slab.numbers(this.#end)
    const guards = this.#metrics.map((metric) => guardOf(metric, live, metric.bases))
    const numbers = copyInto(reading, this.#slab, live)
    for (const guard of guards) guard?.(numbers, 0)
    // What has left by now is in the copies of what ended threads left.
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

  /** The thread has ended: what it has counted is kept without its memory, and its levels are not. */
  *end(): Cooperation.Work<void> {
    yield* this.take()
    // What others take meanwhile leaves, too; a thread that has not stopped does not keep this from ending.
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

  /** At once: a reading finds the part here or there. */
  #leave(metric: ThreadMetric, position: number): void {
    const { bases, series: all, storage } = metric
    const series = all[position]
    if (series === undefined || storage === undefined) return
    series.threads--
    if (storage.aggregation.accumulates) this.#keep(metric, bases[position] as number, series)
    else if (series.threads === 0) storage.expire(series)
  }

  /** Adds a part to what ended threads have left. */
  #keep(metric: ThreadMetric, base: number, series: Series): void {
    const { storage, stride } = metric
    const live = this.#slab.numbers(base + stride)
    const guard = guardOf(metric, live, [base])
    const numbers = live.slice(base)
    guard?.(numbers, base)
    storage?.addPart(storage.context.numbers.values, series, numbers, 0, stride)
  }

  #takeNext(bytes: number): void {
    if (this.#hasEnded) return
    for (const entry of this.#slab.entries(bytes)) this.#take(entry)
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
    // A reading that has missed it must not be followed by one in which the series began before that reading.
    series.startMillis = Math.min(series.startMillis, Math.max(startMillis, this.#readMillis))
    series.threads++
    metric.bases.push(base)
    metric.series.push(series)
  }

  /** The thread does not give a value any more that it has observed, or has begun a total anew. */
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

/** What sees to it that series are copied whole, where the thread may take away numbers. */
const guardOf = ({ declaration: { type }, stride }: ThreadMetric, live: Float64Array, bases: ReadonlyArray<number>) =>
  type === "exponentialHistogram" ? ExponentialHistogram.guard(live, bases, stride) : undefined

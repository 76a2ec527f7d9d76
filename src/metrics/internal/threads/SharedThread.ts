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
import type { Merge } from "../aggregation/Aggregation.ts"
import * as ExponentialBuckets from "../aggregation/ExponentialHistogram.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import type { MetricPort } from "../model/MetricStoreShape.ts"
import { attributesOf, type MetricState, strideOf } from "../store/MetricStorage.ts"
import type { Series } from "../store/Series.ts"
import { copyInto, prepareCopy, type Reading } from "../store/SeriesStorage.ts"
import { accumulates, merger } from "./SeriesMerge.ts"
import { type Entry, SlabReader } from "./SharedSlab.ts"

interface Family {
  readonly declaration: Checked
  readonly stride: number
  /** Those of all threads; `undefined` where they differ. */
  readonly threads: { readonly state: MetricState; readonly merge: Merge } | undefined
  /** The places of the thread's series in its memory, in the order of their entries. */
  readonly bases: Array<number>
  /** The series of all threads that each of them is a part of; `undefined` where the thread has it no more. */
  readonly series: Array<Series | undefined>
  /** How many of the parts have been moved to what ended threads leave. */
  left: number
}

/** Gives the family of all threads for what a thread has declared. */
export type FindFamily = (declaration: Checked) => MetricState | undefined

/** Adds what was read of a thread to the copies that were made of what ended threads left. */
export type AddParts = (copyOf: (state: MetricState) => Float64Array) => Cooperation.Work<void>

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
  readonly #find: FindFamily
  readonly #families: Array<Family> = []
  /** Numbers up to the last series. */
  #end = 0
  /** When the thread was last read. */
  #readMillis = 0
  #hasEnded = false

  constructor(port: MetricPort, find: FindFamily) {
    this.#slab = new SlabReader(port)
    this.#find = find
  }

  /** Memory of the thread, estimated. */
  get bytes(): number {
    return this.#families.reduce((sum, { bases }) => sum + bases.length * overheadBytes, this.#slab.bytes)
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
    const guards = this.#families.map((family) => guardOf(family, live, family.bases))
    const numbers = copyInto(reading, this.#slab, live)
    for (const guard of guards) guard?.(numbers, 0)
    // What has left by now is in the copies of what ended threads left.
    const parts = this.#families.map(({ bases, left, series, threads }) => ({
      threads,
      bases: bases.slice(left),
      series: series.slice(left)
    }))
    return function*(copyOf) {
      for (const { bases, series: all, threads } of parts) {
        if (threads === undefined) continue
        const values = copyOf(threads.state)
        for (const [position, series] of all.entries()) {
          if (series !== undefined) threads.merge(values, series.base, numbers, bases[position] as number)
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
      for (const family of this.#families) {
        while (family.left < family.bases.length) {
          this.#leave(family, family.left++)
          if (family.left % piece === 0) yield
        }
      }
      if (this.#families.every(({ bases, left }) => left === bases.length)) break
    }
    this.#hasEnded = true
  }

  /** At once: a reading finds the part here or there. */
  #leave(family: Family, position: number): void {
    const { bases, declaration, series: all, threads } = family
    const series = all[position]
    if (series === undefined || threads === undefined) return
    series.threads--
    if (accumulates(declaration.type)) this.#keep(family, bases[position] as number, series)
    else if (series.threads === 0) threads.state.expire(series)
  }

  /** Adds a part to what ended threads have left. */
  #keep(family: Family, base: number, series: Series): void {
    const live = this.#slab.numbers(base + family.stride)
    const guard = guardOf(family, live, [base])
    const numbers = live.slice(base)
    guard?.(numbers, base)
    family.threads?.merge(family.threads.state.parts.storage.values, series.base, numbers, 0)
  }

  #takeNext(bytes: number): void {
    if (this.#hasEnded) return
    for (const entry of this.#slab.entries(bytes)) this.#take(entry)
  }

  #take(entry: Entry): void {
    if ("family" in entry) this.#addFamily({ ...entry.family, site: "a worker thread" })
    else if ("expired" in entry) this.#expire(this.#families[entry.of] as Family, entry.expired)
    else this.#addSeries(entry)
  }

  #addFamily(declaration: Checked): void {
    const state = this.#find(declaration)
    this.#families.push({
      declaration,
      stride: strideOf(declaration),
      threads: state === undefined ? undefined : { state, merge: merger(state.declaration, declaration) },
      bases: [],
      series: [],
      left: 0
    })
  }

  #addSeries({ base, of, startMillis, values }: Extract<Entry, { readonly base: number }>): void {
    const family = this.#families[of] as Family
    this.#end = Math.max(this.#end, base + family.stride)
    if (family.threads === undefined) return
    const { index } = family.threads.state.parts
    const series = values === null ? index.overflow() : index.find(attributesOf(family.declaration, values))
    // A reading that has missed it must not be followed by one in which the series began before that reading.
    series.startMillis = Math.min(series.startMillis, Math.max(startMillis, this.#readMillis))
    series.threads++
    family.bases.push(base)
    family.series.push(series)
  }

  /** The thread does not give a value any more that it has observed, or has begun a total anew. */
  #expire(family: Family, base: number): void {
    const { bases, declaration, series: all, threads } = family
    const position = bases.lastIndexOf(base)
    const series = all[position]
    if (series === undefined || threads === undefined) return
    all[position] = undefined
    if (accumulates(declaration.type)) this.#keep(family, base, series)
    if (--series.threads > 0) return
    const { stride, values } = threads.state.parts.storage
    const isEmpty = values.subarray(series.base + 1, series.base + stride).every((number) => number === 0)
    if (isEmpty) threads.state.expire(series)
  }
}

/** What sees to it that series are copied whole, where the thread may take away numbers. */
const guardOf = ({ declaration: { type }, stride }: Family, live: Float64Array, bases: ReadonlyArray<number>) =>
  type === "exponentialHistogram" ? ExponentialBuckets.guard(live, bases, stride) : undefined

/**
 * Adds the metrics of worker threads to the metrics of the main thread.
 *
 * **Details**
 *
 * The storages here have the counts of ended threads. A reading adds the counts
 * of running threads to a copy.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { MetricData, MetricSnapshot } from "../../MetricSnapshot.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import type { MetricPort } from "../model/MetricStoreShape.ts"
import { MetricStorage, strideOf } from "../store/MetricStorage.ts"
import { GrowingNumbers, type Reading } from "../store/SeriesNumbers.ts"
import * as SharedMemory from "./SharedMemory.ts"
import { WorkerThread } from "./WorkerThread.ts"

export interface Options {
  /** The limit of a metric that declares none. */
  readonly cardinalityLimit: number
  readonly nowMillis: () => number
  /** The metric of the main thread that is shown under a name. */
  readonly own: (name: string) => MetricStorage | undefined
  readonly onOverflow: (metric: string, count: number, widestKey: string) => void
  /** Called once for each metric that differs between threads. */
  readonly onConflict: (metric: string, difference: string) => void
}

export class WorkerThreads {
  readonly #options: Options
  readonly #threads = new Set<WorkerThread>()
  /** The metrics of all threads, by name. */
  readonly #storages = new Map<string, MetricStorage>()
  readonly #conflicts = new Set<string>()

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * Makes memory for a thread, which is read until the scope closes. Then its counts are kept and the memory is not.
   */
  share(maximumBytes: number): Effect.Effect<MetricPort, never, Scope.Scope> {
    const open = Effect.sync(() => {
      const port = SharedMemory.create(maximumBytes)
      const thread = new WorkerThread(port, (declaration) => this.#find(declaration))
      this.#threads.add(thread)
      return { port, thread }
    })
    const close = ({ thread }: { readonly thread: WorkerThread }) =>
      Effect.andThen(
        Effect.suspend(() => TimeSlice.run(thread.end())),
        Effect.sync(() => this.#threads.delete(thread))
      )
    return Effect.map(Effect.acquireRelease(open, close), ({ port }) => port)
  }

  /** The metrics of all threads together. */
  get storages(): Iterable<MetricStorage> {
    return this.#storages.values()
  }

  /** Memory of the running threads, estimated. */
  get bytes(): number {
    let bytes = 0
    for (const thread of this.#threads) bytes += thread.bytes
    return bytes
  }

  /** Links a new metric of the main thread with the metric of the threads. They share a limit and expire together. */
  link(own: MetricStorage): void {
    const storage = this.#storages.get(own.declaration.name)
    if (storage !== undefined) link(storage, own)
  }

  /** Reads the entries of all series so far. */
  *take(): TimeSlice.Work<void> {
    for (const thread of this.#threads) yield* thread.take()
  }

  /** Prepares memory for {@link read}. */
  *prepare(reading: Reading): TimeSlice.Work<void> {
    yield* this.take()
    for (const thread of this.#threads) yield* thread.prepare(reading)
    for (const storage of this.#storages.values()) yield* storage.prepare(reading)
  }

  /** Reads all threads at once. The work adds their metrics to the metrics of the main thread. */
  read(reading: Reading, nowMillis: number): (own: MetricSnapshot) => TimeSlice.Work<MetricSnapshot> {
    // Threads come first, because their new series then get places in the storages.
    const parts = Array.from(this.#threads, (thread) => thread.read(reading, nowMillis))
    const copies = new Map<MetricStorage, Float64Array>()
    const works = Array.from(this.#storages.values(), (storage) => {
      const copy = storage.context.numbers.copy(reading)
      copies.set(storage, copy)
      return storage.readOf(copy)
    })
    const conflict = (metric: string, difference: string) => this.#conflict(metric, difference)
    return function*(own) {
      for (const add of parts) yield* add((storage) => copies.get(storage) as Float64Array)
      const metrics: Array<MetricData> = []
      for (const work of works) {
        const metric = yield* work
        if (metric !== undefined) metrics.push(metric)
      }
      if (metrics.length === 0) return own
      const { conflicts, snapshot } = yield* MetricMerge.steps([own, { ...own, metrics }])
      for (const { difference, name } of conflicts) conflict(name, difference)
      return snapshot
    }
  }

  /** The storage of a metric that a thread declares; `undefined` if another thread declared it differently. */
  #find(declaration: Checked): MetricStorage | undefined {
    const known = this.#storages.get(declaration.name)
    if (known === undefined) return this.#make(declaration)
    const difference = MetricMerge.differenceOf(known.declaration, declaration)
    if (difference === undefined) return known
    this.#conflict(declaration.name, difference)
    return undefined
  }

  #make(declaration: Checked): MetricStorage {
    const { cardinalityLimit, nowMillis, onOverflow, own } = this.#options
    const storage = new MetricStorage({
      declaration,
      cardinalityLimit: declaration.cardinalityLimit ?? cardinalityLimit,
      numbers: new GrowingNumbers(strideOf(declaration)),
      exemplars: undefined,
      nowMillis,
      redact: (_, value) => value,
      misuse: () => {},
      // Effect's registry shows the main thread alone: it cannot read several memories at one instant.
      registry: undefined,
      onOverflow: (count, widestKey) => onOverflow(declaration.name, count, widestKey)
    })
    this.#storages.set(declaration.name, storage)
    const linked = own(declaration.name)
    if (linked !== undefined) link(storage, linked)
    return storage
  }

  #conflict(metric: string, difference: string): void {
    if (this.#conflicts.has(metric)) return
    this.#conflicts.add(metric)
    this.#options.onConflict(metric, difference)
  }
}

const link = (left: MetricStorage, right: MetricStorage): void => {
  if (MetricMerge.differenceOf(left.declaration, right.declaration) === undefined) left.linkWith(right)
}

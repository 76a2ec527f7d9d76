/**
 * The metrics of all worker threads together. The storages have the counts of ended
 * threads; a reading adds the counts of running threads to a copy.
 *
 * @internal
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { MetricData } from "../../MetricSnapshot.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import { MetricStorage, strideOf } from "../store/MetricStorage.ts"
import { GrowingNumbers, type Reading } from "../store/SeriesNumbers.ts"
import type { AddParts } from "./SharedThread.ts"

export interface Options {
  /** The limit of a metric that declares none. */
  readonly cardinalityLimit: number
  readonly nowMillis: () => number
  /** The metric of the main thread that is shown under a name. */
  readonly own: (name: string) => MetricStorage | undefined
  readonly onOverflow: (metric: string, count: number, culprit: string) => void
  /** Called once for each metric that differs between threads. */
  readonly onConflict: (metric: string, difference: string) => void
}

export class ThreadMetrics {
  readonly #options: Options
  readonly #storages = new Map<string, MetricStorage>()
  readonly #conflicts = new Set<string>()

  constructor(options: Options) {
    this.#options = options
  }

  get storages(): Iterable<MetricStorage> {
    return this.#storages.values()
  }

  /** The storage of a metric that a thread declares; `undefined` if another thread declared it differently. */
  readonly find = (declaration: Checked): MetricStorage | undefined => {
    const known = this.#storages.get(declaration.name)
    if (known === undefined) return this.#make(declaration)
    const difference = MetricMerge.differenceOf(known.declaration, declaration)
    if (difference === undefined) return known
    this.conflict(declaration.name, difference)
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
      redact: asIs,
      misuse: ignore,
      // Effect's registry shows the main thread alone: it cannot read several memories at one instant.
      registry: undefined,
      onOverflow: (count, culprit) => onOverflow(declaration.name, count, culprit)
    })
    this.#storages.set(declaration.name, storage)
    const linked = own(declaration.name)
    if (linked !== undefined) link(storage, linked)
    return storage
  }

  /** The main thread has a new metric. */
  link(own: MetricStorage): void {
    const storage = this.#storages.get(own.declaration.name)
    if (storage !== undefined) link(storage, own)
  }

  conflict(metric: string, difference: string): void {
    if (this.#conflicts.has(metric)) return
    this.#conflicts.add(metric)
    this.#options.onConflict(metric, difference)
  }

  /** Gets ready for {@link read}. */
  *prepare(reading: Reading): TimeSlice.Work<void> {
    for (const storage of this.#storages.values()) yield* storage.prepare(reading)
  }

  /** Reads the counts of ended threads now. The work adds the parts of running threads. */
  read(reading: Reading): (parts: ReadonlyArray<AddParts>) => TimeSlice.Work<ReadonlyArray<MetricData>> {
    const copies = new Map<MetricStorage, Float64Array>()
    const works = Array.from(this.#storages.values(), (storage) => {
      copies.set(storage, storage.context.numbers.copy(reading))
      return storage.readOf(copies.get(storage) as Float64Array)
    })
    return function*(parts) {
      for (const add of parts) yield* add((storage) => copies.get(storage) as Float64Array)
      const metrics: Array<MetricData> = []
      for (const work of works) {
        const metric = yield* work
        if (metric !== undefined) metrics.push(metric)
      }
      return metrics
    }
  }
}

const link = (left: MetricStorage, right: MetricStorage): void => {
  if (MetricMerge.differenceOf(left.declaration, right.declaration) === undefined) left.linkWith(right)
}

const asIs = (_: string, value: string) => value

const ignore = () => {}

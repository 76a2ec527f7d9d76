/**
 * The families of all worker threads together. Their numbers are what threads
 * have left that are gone; to read them, those of the threads there are are added.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { FamilySnapshot } from "../../MetricSnapshot.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import { MetricState, strideOf } from "../store/MetricStorage.ts"
import { GrowingStorage, type Reading } from "../store/SeriesStorage.ts"
import type { AddParts } from "./SharedThread.ts"

export interface Options {
  /** Series of a family that says no limit of its own. */
  readonly cardinalityLimit: number
  readonly nowMillis: () => number
  /** The family of the main thread that is shown under a name. */
  readonly own: (name: string) => MetricState | undefined
  readonly onOverflow: (metric: string, count: number, culprit: string) => void
  /** Told once of each metric why it is not the same in all threads. */
  readonly onConflict: (metric: string, difference: string) => void
}

export class ThreadFamilies {
  readonly #options: Options
  readonly #states = new Map<string, MetricState>()
  readonly #conflicts = new Set<string>()

  constructor(options: Options) {
    this.#options = options
  }

  get states(): Iterable<MetricState> {
    return this.#states.values()
  }

  /** The family that a thread has declared; `undefined` where another thread has declared it differently. */
  readonly find = (declaration: Checked): MetricState | undefined => {
    const known = this.#states.get(declaration.name)
    if (known === undefined) return this.#make(declaration)
    const difference = MetricMerge.differenceOf(known.declaration, declaration)
    if (difference === undefined) return known
    this.conflict(declaration.name, difference)
    return undefined
  }

  #make(declaration: Checked): MetricState {
    const { cardinalityLimit, nowMillis, onOverflow, own } = this.#options
    const state = new MetricState({
      declaration,
      cardinalityLimit: declaration.cardinalityLimit ?? cardinalityLimit,
      storage: new GrowingStorage(strideOf(declaration)),
      exemplars: undefined,
      nowMillis,
      redact: asIs,
      misuse: ignore,
      // Effect's registry has what the main thread records; it cannot be told to read several memories at one instant.
      registry: undefined,
      onOverflow: (count, culprit) => onOverflow(declaration.name, count, culprit)
    })
    this.#states.set(declaration.name, state)
    const twin = own(declaration.name)
    if (twin !== undefined) pair(state, twin)
    return state
  }

  /** The main thread has a new family. */
  pair(own: MetricState): void {
    const state = this.#states.get(own.declaration.name)
    if (state !== undefined) pair(state, own)
  }

  conflict(metric: string, difference: string): void {
    if (this.#conflicts.has(metric)) return
    this.#conflicts.add(metric)
    this.#options.onConflict(metric, difference)
  }

  /** Gets ready for {@link read}. */
  *prepare(reading: Reading): Cooperation.Work<void> {
    for (const state of this.#states.values()) yield* state.prepare(reading)
  }

  /** Reads what ended threads have left now; the work adds what was read of the others. */
  read(reading: Reading): (parts: ReadonlyArray<AddParts>) => Cooperation.Work<ReadonlyArray<FamilySnapshot>> {
    const copies = new Map<MetricState, Float64Array>()
    const works = Array.from(this.#states.values(), (state) => {
      copies.set(state, state.parts.storage.copy(reading))
      return state.readOf(copies.get(state) as Float64Array)
    })
    return function*(parts) {
      for (const add of parts) yield* add((state) => copies.get(state) as Float64Array)
      const families: Array<FamilySnapshot> = []
      for (const work of works) {
        const family = yield* work
        if (family !== undefined) families.push(family)
      }
      return families
    }
  }
}

const pair = (left: MetricState, right: MetricState): void => {
  if (MetricMerge.differenceOf(left.declaration, right.declaration) === undefined) left.pairWith(right)
}

const asIs = (_: string, value: string) => value

const ignore = () => {}

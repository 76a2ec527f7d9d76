/**
 * What the instruments of every kind work on.
 *
 * @internal
 */
import type { ExemplarFilter } from "./SeriesExemplars.ts"
import type { SeriesIndex } from "./SeriesIndex.ts"
import type { SeriesStorage } from "./SeriesStorage.ts"

export interface FamilyParts {
  readonly name: string
  /** The attribute keys of its series. */
  readonly keys: ReadonlyArray<string>
  readonly index: SeriesIndex
  readonly storage: SeriesStorage
  /** `undefined` where exemplars are off: recording then pays nothing for them. */
  readonly exemplars: ExemplarFilter | undefined
  /** Answers a measurement that makes no sense; may throw. */
  readonly misuse: (message: string) => void
}

/**
 * Reads the value of a series out of a copy of its storage. A value of many parts may be written over one that it gave
 * before.
 */
export type ReadValue<Value> = (values: Float64Array, base: number, over?: unknown) => Value

/** Adds the numbers of a series to those of another one, which may be in another array. */
export type Merge = (values: Float64Array, at: number, from: Float64Array, fromAt: number) => void

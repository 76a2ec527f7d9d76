/**
 * The numbers of the series of a metric, side by side in one typed array.
 *
 * **Details**
 *
 * The first number of a series tells whether it was recorded to since the last
 * search for idle series. It is next to the other numbers, so that recording
 * touches no other memory.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { Checked } from "../model/MetricDeclaration.ts"

/** The memory of one reading: a copy for each storage. Storages of a thread share one copy. */
export type Reading = Map<object, Float64Array>

export interface SeriesNumbers {
  /** The numbers. A larger array replaces it when series come, so never keep it. */
  readonly values: Float64Array
  /** How many numbers a series has, the first one included. */
  readonly stride: number
  /** Changes whenever a series expires, so that a bound instrument checks its series. */
  readonly generation: number
  /** Gives the position of a new series, with all numbers zero; `undefined` if there is no room. */
  allocate(values: ReadonlyArray<string>, startMillis: number): number | undefined
  /** Gives the position of the overflow series, for which there is always room. */
  allocateOverflow(startMillis: number): number
  /** Frees the position of an expired series. */
  release(base: number): void
  /** Prepares the memory of a large copy, which takes longer than copying. */
  prepare(reading: Reading): TimeSlice.Work<void>
  /** Copies the numbers of all series, at the beginning of a reading. */
  copy(reading: Reading): Float64Array
}

/** Where a store keeps its numbers. */
export interface Backend {
  /** The numbers of a metric; `undefined` if there is no room. */
  readonly numbers: (declaration: Checked) => SeriesNumbers | undefined
  /** Whether idle series expire. */
  readonly expires: boolean
  /** Whether another thread reads the storage. */
  readonly isShared: boolean
}

const firstSeries = 8

/** How many numbers fit into a page of memory. The system provides a page at its first write. */
const pageNumbers = 512

/** The memory of a larger copy is prepared before the reading, in pieces of so many numbers. */
const largeCopy = 16 * pageNumbers

/** Numbers in the memory of this thread, without a limit. */
export class GrowingNumbers implements SeriesNumbers {
  readonly stride: number
  values: Float64Array
  generation = 0
  readonly #free: Array<number> = []
  #used = 0

  constructor(stride: number) {
    this.stride = stride
    this.values = new Float64Array(stride * firstSeries)
  }

  allocate(): number {
    const free = this.#free.pop()
    if (free !== undefined) {
      this.values.fill(0, free, free + this.stride)
      return free
    }
    const base = this.#used
    this.#used += this.stride
    if (this.#used > this.values.length) {
      const larger = new Float64Array(this.values.length * 2)
      larger.set(this.values)
      this.values = larger
    }
    return base
  }

  allocateOverflow(): number {
    return this.allocate()
  }

  *prepare(reading: Reading): TimeSlice.Work<void> {
    yield* prepareCopy(reading, this, this.#used)
  }

  copy(reading: Reading): Float64Array {
    return copyInto(reading, this, this.values.subarray(0, this.#used))
  }

  /** Frees the position for the next series. */
  release(base: number): void {
    this.generation++
    this.#free.push(base)
  }
}

/** Prepares memory for so many numbers of `owner`. */
export function* prepareCopy(reading: Reading, owner: object, count: number): TimeSlice.Work<void> {
  if (count < largeCopy) return
  const room = new Float64Array(count)
  for (let at = 0; at < room.length; at += pageNumbers) {
    room[at] = 0
    if (at % largeCopy === 0) yield
  }
  reading.set(owner, room)
}

/** Copies the numbers, into the prepared memory if they fit. */
export const copyInto = (reading: Reading, owner: object, numbers: Float64Array): Float64Array => {
  const room = reading.get(owner)
  if (room === undefined || room.length < numbers.length) return numbers.slice()
  room.set(numbers)
  return room
}

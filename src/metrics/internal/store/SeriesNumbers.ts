/**
 * The numbers of the series of a metric, side by side in one typed array.
 *
 * **Details**
 *
 * The first number of a series says whether it was recorded to since the last
 * look for idle series. It stands beside the others so that recording touches no
 * other memory.
 *
 * @internal
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { Checked } from "../model/MetricDeclaration.ts"

/** Memory of one reading: for each storage the room for its copy, for each slab the copy that its storages share. */
export type Reading = Map<object, Float64Array>

export interface SeriesNumbers {
  /** Replaced by a larger array as series come; never keep it. */
  readonly values: Float64Array
  /** How many numbers a series has, the first one included. */
  readonly stride: number
  /** Changes whenever a place is given back, so that a bound instrument looks whether its place is still its own. */
  readonly generation: number
  /** The place of a new series, all zero; `undefined` where there is no room for one. */
  allocate(values: ReadonlyArray<string>, startMillis: number): number | undefined
  /** The place of the overflow series, for which there is always room. */
  allocateOverflow(startMillis: number): number
  /** Takes back the place of an expired series. */
  release(base: number): void
  /** Gets the memory of a large copy ready, which takes longer than to fill it. */
  prepare(reading: Reading): TimeSlice.Work<void>
  /** The numbers of all series as they are now, which is the beginning of a reading. */
  copy(reading: Reading): Float64Array
}

/** Where a store keeps the numbers of its series. */
export interface Backend {
  /** The numbers of a metric; `undefined` if there is no room. */
  readonly numbers: (declaration: Checked) => SeriesNumbers | undefined
  /** Whether idle series expire. */
  readonly expires: boolean
  /** Whether another thread reads the storage. */
  readonly isShared: boolean
}

const firstSeries = 8

/** Numbers of a page of memory. The system provides a page at the first write. */
const pageNumbers = 512

/** Numbers of a copy whose pages are got before, and numbers whose pages are got in one piece of work. */
const largeCopy = 16 * pageNumbers

/** Storage in the memory of this thread, without a limit of its own. */
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

  /** The next series gets the place. */
  release(base: number): void {
    this.generation++
    this.#free.push(base)
  }
}

/** Gets the memory ready that `owner` will copy so many numbers into. */
export function* prepareCopy(reading: Reading, owner: object, count: number): TimeSlice.Work<void> {
  if (count < largeCopy) return
  const room = new Float64Array(count)
  for (let at = 0; at < room.length; at += pageNumbers) {
    room[at] = 0
    if (at % largeCopy === 0) yield
  }
  reading.set(owner, room)
}

/** A copy of the numbers, in the prepared memory if they still fit into it. */
export const copyInto = (reading: Reading, owner: object, numbers: Float64Array): Float64Array => {
  const room = reading.get(owner)
  if (room === undefined || room.length < numbers.length) return numbers.slice()
  room.set(numbers)
  return room
}

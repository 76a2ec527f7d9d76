/**
 * The numbers of a metric, in memory that another thread reads.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricPort } from "../model/MetricStoreShape.ts"
import { strideOf } from "../store/MetricStorage.ts"
import type { Backend, Reading, SeriesNumbers } from "../store/SeriesNumbers.ts"
import { SharedMemoryWriter } from "./SharedMemory.ts"

export class SharedNumbers implements SeriesNumbers {
  readonly stride: number
  values: Float64Array
  generation = 0
  readonly #memory: SharedMemoryWriter
  readonly #number: number
  readonly #overflow: number
  #showsOverflow = false

  /** @param place number of the metric, and position of its overflow series */
  constructor(
    memory: SharedMemoryWriter,
    stride: number,
    place: { readonly number: number; readonly overflow: number }
  ) {
    this.stride = stride
    this.values = memory.numbers
    this.#memory = memory
    this.#number = place.number
    this.#overflow = place.overflow
  }

  allocate(values: ReadonlyArray<string>, startMillis: number): number | undefined {
    const base = this.#memory.addSeries(this.#number, this.stride, values, startMillis)
    this.values = this.#memory.numbers
    return base
  }

  allocateOverflow(startMillis: number): number {
    // The position may still have the numbers of an expired overflow series.
    this.values.fill(0, this.#overflow, this.#overflow + this.stride)
    if (!this.#showsOverflow) this.#memory.showOverflow(this.#number, this.#overflow, startMillis)
    this.#showsOverflow = true
    return this.#overflow
  }

  *prepare(): TimeSlice.Work<void> {}

  copy(reading: Reading): Float64Array {
    return this.#memory.copy(reading)
  }

  /** The position is not used again, because a reader may be about to read it. */
  release(base: number): void {
    this.generation++
    if (base === this.#overflow) this.#showsOverflow = !this.#memory.expireOverflow(this.#number, base)
    else this.#memory.expire(this.#number, base)
  }
}

/** Keeps the numbers of a worker thread's series in memory that the main thread reads. */
export const backend = (port: MetricPort): Backend => {
  const memory = new SharedMemoryWriter(port)
  return {
    // If a counter's series disappeared, the sum of all threads would fall.
    expires: false,
    isShared: true,
    numbers: (declaration) => {
      const stride = strideOf(declaration)
      const place = memory.addMetric(declaration, stride)
      return place === undefined ? undefined : new SharedNumbers(memory, stride, place)
    }
  }
}

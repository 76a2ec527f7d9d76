/**
 * Shows what the telemetry of a worker thread counts about itself to the main
 * thread.
 *
 * @internal
 */
import * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { NumberData } from "../../MetricSnapshot.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import type { MetricStorage } from "../store/MetricStorage.ts"
import * as ObservedValues from "../store/ObservedValues.ts"

export class SharedStatistics {
  readonly #make: (declaration: Checked) => MetricStorage | undefined
  /** By name. */
  readonly #shown = new Map<string, (series: NumberData["series"]) => void>()

  constructor(make: (declaration: Checked) => MetricStorage | undefined) {
    this.#make = make
  }

  /** Brings all of them up to date. */
  show(counters: ReadonlyArray<NumberData>): void {
    for (const { attributes, help, name, series } of counters) {
      let show = this.#shown.get(name)
      if (show === undefined) {
        const storage = this.#make({
          type: "counter",
          name,
          help,
          unit: undefined,
          attributes,
          buckets: undefined,
          maximumBuckets: undefined,
          cardinalityLimit: undefined,
          observed: true,
          site: "the telemetry itself"
        })
        // There may be no room for it.
        show = storage === undefined ? () => {} : into(storage)
        this.#shown.set(name, show)
      }
      show(series)
    }
  }
}

const into = (storage: MetricStorage) => {
  const values = new ObservedValues.ObservedValues(storage)
  return (series: NumberData["series"]) => TimeSlice.runNow(values.replace([ObservedValues.taken(storage, series)]))
}

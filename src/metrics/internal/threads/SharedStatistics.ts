/**
 * What the telemetry of a worker thread says about itself, as metrics of the
 * memory that the main thread reads.
 *
 * @internal
 */
import * as Cooperation from "../../../internal/Cooperation.ts"
import type { NumberFamily } from "../../MetricSnapshot.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import type { MetricState } from "../store/MetricStorage.ts"
import * as ObservedValues from "../store/ObservedValues.ts"

export class SharedStatistics {
  readonly #make: (declaration: Checked) => MetricState | undefined
  /** By name. */
  readonly #shown = new Map<string, (series: NumberFamily["series"]) => void>()

  constructor(make: (declaration: Checked) => MetricState | undefined) {
    this.#make = make
  }

  /** Brings all of them up to date. */
  show(counters: ReadonlyArray<NumberFamily>): void {
    for (const { attributes, help, name, series } of counters) {
      let show = this.#shown.get(name)
      if (show === undefined) {
        const state = this.#make({
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
        show = state === undefined ? () => {} : into(state)
        this.#shown.set(name, show)
      }
      show(series)
    }
  }
}

const into = (state: MetricState) => {
  const values = new ObservedValues.ObservedValues(state)
  return (series: NumberFamily["series"]) => Cooperation.runNow(values.replace([ObservedValues.taken(state, series)]))
}

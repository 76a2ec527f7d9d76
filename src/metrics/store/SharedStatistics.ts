/**
 * What the telemetry of a worker thread says about itself, as metrics of the
 * memory that the main thread reads.
 *
 * @internal
 */
import type { NumberFamily } from "../MetricSnapshot.ts"
import type { Checked } from "./MetricDeclaration.ts"
import type { MetricState } from "./MetricState.ts"
import { replace } from "./ObservedMetrics.ts"

export class SharedStatistics {
  readonly #make: (declaration: Checked) => MetricState | undefined
  /** By name; `undefined` where there was no room. */
  readonly #states = new Map<string, MetricState | undefined>()

  constructor(make: (declaration: Checked) => MetricState | undefined) {
    this.#make = make
  }

  /** Brings all of them up to date. */
  show(counters: ReadonlyArray<NumberFamily>): void {
    for (const { attributes, help, name, series } of counters) {
      if (!this.#states.has(name)) {
        this.#states.set(
          name,
          this.#make({
            type: "counter",
            name,
            help,
            unit: undefined,
            attributes,
            buckets: undefined,
            maximumBuckets: undefined,
            cardinalityLimit: undefined,
            site: "the telemetry itself"
          })
        )
      }
      const state = this.#states.get(name)
      if (state !== undefined) replace(state, series, true)
    }
  }
}

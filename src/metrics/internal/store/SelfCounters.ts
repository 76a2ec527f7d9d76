/**
 * Keeps the telemetry's counters about itself in storages, like observed metrics.
 *
 * **Details**
 *
 * Views apply to these counters as to other metrics. If a view gives a counter a
 * taken name, the counter keeps its own name. If a declared metric has its name,
 * the counter is left out. It never expires.
 */
import type { MetricView } from "../../../config/internal/metricView.ts"
import type { SelfCounter } from "../../../internal/SelfStatistics.ts"
import * as TimeSlice from "../../../internal/TimeSlice.ts"
import { check, type Checked } from "../model/MetricDeclaration.ts"
import type { MetricStorage } from "./MetricStorage.ts"
import * as ObservedValues from "./ObservedValues.ts"
import * as views from "./views.ts"

export interface Options {
  readonly views: ReadonlyArray<MetricView>
  readonly counters: () => ReadonlyArray<SelfCounter>
  /** Makes the storage of a counter; `undefined` if there is no room. */
  readonly makeStorage: (declaration: Checked) => MetricStorage | undefined
  /** Whether a declared metric has a name. */
  readonly isTaken: (name: string) => boolean
  /** Called once for each name. */
  readonly onConflict: (sentence: string) => void
}

/** Writes the values of a counter to its storage; does nothing if the counter is left out. */
type Show = (counters: ReadonlyArray<SelfCounter>) => void

export class SelfCounters {
  readonly #options: Options
  readonly #report: ReturnType<typeof views.reporter>
  /** By the name in the statistics. */
  readonly #shows = new Map<string, Show>()
  /** By the name after views. */
  readonly #storages = new Map<string, MetricStorage>()

  constructor(options: Options) {
    this.#options = options
    this.#report = views.reporter(options.onConflict)
  }

  get storages(): Iterable<MetricStorage> {
    return this.#storages.values()
  }

  /** Whether a counter is shown under the name. */
  isShown(name: string): boolean {
    return this.#storages.has(name)
  }

  /** Whether a counter has the name, or is shown under it. */
  has(name: string): boolean {
    return this.isShown(name) || this.#options.counters().some((counter) => counter.name === name)
  }

  /** Updates the storages. */
  refresh(): void {
    // Two parts of the telemetry may count under one name.
    for (const [name, counters] of Map.groupBy(this.#options.counters(), ({ name }) => name)) {
      if (counters.every(({ values }) => values.length === 0)) continue
      const show = this.#shows.get(name) ?? this.#declare(counters[0] as SelfCounter)
      this.#shows.set(name, show)
      show(counters)
    }
  }

  #declare({ attributes, help, name, type }: SelfCounter): Show {
    const { isTaken, makeStorage } = this.#options
    const declaration = check(type, { name, help, attributes, cardinalityLimit }, "the telemetry itself", true)
    const view = views.applyToDeclared(this.#options.views, declaration)
    if (view === undefined) return leaveOut
    const isUsed = (other: string) => isTaken(other) || this.has(other)
    const shown = views.renamed(declaration, view.name, isUsed, this.#report)
    if (isTaken(shown)) {
      this.#report(shown, `metric ${shown} of the telemetry is left out: a declared metric is called ${shown}`)
      return leaveOut
    }
    const storage = makeStorage({ ...view, name: shown, cardinalityLimit })
    if (storage === undefined) return leaveOut
    this.#storages.set(shown, storage)
    const values = new ObservedValues.ObservedValues(storage)
    return (counters) => {
      const readings = counters.map((counter) => ObservedValues.copyOf(storage, observationsOf(counter)))
      TimeSlice.runNow(values.replace(readings))
    }
  }
}

const leaveOut: Show = () => {}

/** Telemetry about itself must not overflow. The number of its parts bounds its series. */
const cardinalityLimit = 1_000_000

const observationsOf = ({ attributes: keys, values }: SelfCounter) =>
  values.map(({ attributes, value }) => ({
    attributes: Object.fromEntries(keys.map((key, index) => [key, attributes[index] ?? ""])),
    value
  }))

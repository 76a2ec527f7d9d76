/**
 * Reads what the telemetry counts about itself in `SelfStatistics`.
 *
 * **Details**
 *
 * Views deny, rename and thin out these counters as other metrics. A counter keeps
 * its name if a view gives it a name that is taken. It is left out if a declared
 * metric has its name.
 *
 * @internal
 */
import type { SelfCounter } from "../../../internal/SelfStatistics.ts"
import type { NumberData, SeriesSnapshot } from "../../MetricSnapshot.ts"
import type { MetricView } from "../../MetricView.ts"
import * as viewed from "./views.ts"

export interface Options {
  readonly counters: () => ReadonlyArray<SelfCounter>
  readonly startMillis: number
  /** Redacts the value of an attribute: programs name their subscribers. */
  readonly redact: (key: string, value: string) => string
  /** Called once for each name. */
  readonly onConflict: (sentence: string) => void
}

/** Reads the counters that have a value; `isTaken` says whether a declared metric has a name. */
export const reader = ({ counters, onConflict, redact, startMillis }: Options) => {
  const report = viewed.reporter(onConflict)

  return (
    views: ReadonlyArray<MetricView>,
    isTaken: (name: string) => boolean
  ): ReadonlyArray<NumberData> => {
    const all = counters()
    const metrics = new Map<string, NumberData>()
    const isUsed = (name: string) => isTaken(name) || metrics.has(name) || all.some((other) => other.name === name)
    for (const counter of all) {
      const view = viewed.ofRead(views, counter.name)
      if (view === undefined || counter.values.length === 0) continue
      const named = { name: counter.name, type: "counter", unit: undefined } as const
      const name = viewed.renamed(named, view.rename, isUsed, report)
      if (isTaken(name)) {
        report(name, `metric ${name} of the telemetry is left out: a declared metric is called ${name}`)
        continue
      }
      const kept = counter.attributes.filter((key) => view.keeps?.(key) ?? true)
      const series = new Map<string, SeriesSnapshot<number>>()
      for (const one of [...metrics.get(name)?.series ?? [], ...seriesOf(counter, kept, startMillis, redact)]) {
        const key = JSON.stringify(kept.map((key) => one.attributes[key]))
        series.set(key, { ...one, value: one.value + (series.get(key)?.value ?? 0) })
      }
      metrics.set(name, {
        type: "counter",
        name,
        help: counter.help,
        unit: undefined,
        attributes: kept,
        observed: true,
        series: [...series.values()]
      })
    }
    return [...metrics.values()]
  }
}

const seriesOf = (
  { attributes: keys, values }: SelfCounter,
  kept: ReadonlyArray<string>,
  startMillis: number,
  redact: Options["redact"]
): ReadonlyArray<SeriesSnapshot<number>> =>
  values.map(({ attributes, value }) => ({
    attributes: Object.fromEntries(kept.map((key) => [key, redact(key, attributes[keys.indexOf(key)] ?? "")])),
    startMillis,
    value,
    exemplars: []
  }))

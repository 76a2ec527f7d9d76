/**
 * Shows the series of a store to Effect's own metric registry, so that every
 * exporter of Effect sees them. Values are pulled; recording pays nothing.
 *
 * @internal
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { Checked } from "./MetricDeclaration.ts"
import type { HistogramValue } from "./MetricSnapshot.ts"

type Read = () => number | HistogramValue

/** Registers one series; `undefined` values mean the overflow series. */
type Register = (values: ReadonlyArray<string> | undefined, read: Read) => void

/**
 * A door into the registry of the context the layer is built in. A metric whose
 * name somebody else has registered already is left to them and reported.
 */
export const make = Effect.gen(function*() {
  const context = yield* Effect.context<never>()
  const registry = yield* Metric.MetricRegistry
  const report = Effect.runForkWith(context)
  const registrations: Array<Metric.Registration> = []
  yield* Effect.addFinalizer(() => Effect.sync(() => registrations.forEach((registration) => registration.remove())))

  const isTaken = (name: string) => [...registry.values()].some((metadata) => metadata.id === name)

  return {
    family: (declaration: Checked): Register => {
      if (isTaken(declaration.name)) {
        report(Effect.logDebug(
          `metric ${declaration.name} exists in Effect's metric registry already; Effect's exporters see that one`
        ))
        return () => {}
      }
      return (values, read) => {
        const attributes = values === undefined
          ? { otel_metric_overflow: "true" }
          : Object.fromEntries(declaration.attributes.map((key, position) => [key, values[position] as string]))
        registrations.push(register(context, declaration, attributes, read))
      }
    }
  }
})

const nothing = { update: () => {}, modify: () => {} }

const register = (
  context: Context.Context<never>,
  declaration: Checked,
  attributes: Readonly<Record<string, string>>,
  read: Read
): Metric.Registration => {
  const options = { description: declaration.help, attributes }
  const number = () => read() as number
  switch (declaration.type) {
    case "counter":
      return Metric.registerUnsafe(
        Metric.counter(declaration.name, { ...options, incremental: true }),
        context,
        { ...nothing, get: () => ({ count: number(), incremental: true }) }
      )
    case "upDownCounter":
      return Metric.registerUnsafe(
        Metric.counter(declaration.name, options),
        context,
        { ...nothing, get: () => ({ count: number(), incremental: false }) }
      )
    case "gauge":
      return Metric.registerUnsafe(
        Metric.gauge(declaration.name, options),
        context,
        { ...nothing, get: () => ({ value: number() }) }
      )
    case "histogram": {
      const boundaries = declaration.buckets ?? []
      return Metric.registerUnsafe(
        Metric.histogram(declaration.name, { ...options, boundaries }),
        context,
        { ...nothing, get: () => histogramState(boundaries, read() as HistogramValue) }
      )
    }
  }
}

/** Effect's histogram state: cumulative counts per bound, without `+Inf`. The bounds stand in for the extremes. */
const histogramState = (boundaries: ReadonlyArray<number>, value: HistogramValue) => {
  let cumulative = 0
  return {
    buckets: boundaries.map((bound, index): [number, number] => [bound, cumulative += value.counts[index] ?? 0]),
    count: value.count,
    min: 0,
    max: boundaries.at(-1) ?? 0,
    sum: value.sum
  }
}

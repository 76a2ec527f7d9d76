/**
 * Shows the series of a store to Effect's own metric registry, so that every
 * exporter of Effect sees them. Values are pulled; recording pays nothing.
 *
 * @internal
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { ExponentialHistogramValue, HistogramValue, SeriesSnapshot } from "../../MetricSnapshot.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import * as EffectHistogram from "./EffectHistogram.ts"
import type { Series } from "./Series.ts"

/** Reads the value that a series has now. */
type Read = (series: Series) => SeriesSnapshot["value"]

/** A metric whose series are shown to Effect. */
export interface ShownMetric {
  readonly declaration: Checked
  readonly read: Read
  /** All series there are; the registry forgets them with the store. */
  readonly series: () => Iterable<Series>
}

/** Registers one series. The series keeps its registration. */
export type Register = (series: Series) => void

/** Marks our own hooks. */
const ours = Symbol("tasker-telemetry/metrics/EffectRegistry")

/** A prototype, because a property on the hook of each series would cost an object each. */
const hookPrototype: object = Object.create(Function.prototype, { [ours]: { value: true } })

export const isOurs = (metadata: Metric.Metric.Metadata<unknown, unknown>): boolean => ours in metadata.hooks.get

/** How many metrics of a registry are ours. The registry keeps it, because several stores may share the registry. */
interface Count {
  value: number
}

const countIn = (registry: Metric.MetricRegistry & { [ours]?: Count }): Count => registry[ours] ??= { value: 0 }

/**
 * Registers metrics in the registry of the context that the layer is built in. A
 * name that another program part has registered already is reported and left.
 */
export const make = Effect.gen(function*() {
  const context = yield* Effect.context<never>()
  const registry = yield* Metric.MetricRegistry
  const report = Effect.runForkWith(context)
  const metrics: Array<ShownMetric> = []
  const count = countIn(registry)
  let closed = false

  /** Takes a series out that has expired, or whose store has closed. */
  const remove = (series: Series): void => {
    if (series.registration === undefined) return
    series.registration.remove()
    series.registration = undefined
    count.value--
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      closed = true
      for (const { series } of metrics) for (const one of series()) remove(one)
    })
  )

  const isTaken = (name: string) => [...registry.values()].some((metadata) => metadata.id === name)

  return {
    /** How many metrics of the registry are ours. */
    count: () => count.value,
    metric: (metric: ShownMetric): Register => {
      const { name } = metric.declaration
      if (isTaken(name)) {
        report(Effect.logDebug(
          `metric ${name} exists in Effect's metric registry already; Effect's exporters see that one`
        ))
        return () => {}
      }
      metrics.push(metric)
      const show = shower(context, metric)
      return (series) => {
        if (closed) return
        series.registration = show(series)
        count.value++
      }
    },
    remove
  }
})

const shower = (
  context: Context.Context<never>,
  { declaration, read }: ShownMetric
): (series: Series) => Metric.Registration => {
  const { help, name, type } = declaration
  const number = (series: Series) => read(series) as number
  const optionsOf = ({ attributes }: Series) => ({ description: help, attributes })
  switch (type) {
    case "counter":
    case "upDownCounter": {
      const incremental = type === "counter"
      const stateOf = (series: Series) => ({ count: number(series), incremental })
      return (series) =>
        Metric.registerUnsafe(
          Metric.counter(name, { ...optionsOf(series), incremental }),
          context,
          hooks(stateOf, series)
        )
    }
    case "gauge":
    case "info": {
      const stateOf = (series: Series) => ({ value: number(series) })
      return (series) => Metric.registerUnsafe(Metric.gauge(name, optionsOf(series)), context, hooks(stateOf, series))
    }
    case "histogram": {
      const boundaries = declaration.buckets ?? []
      const stateOf = (series: Series) => EffectHistogram.ofExplicit(boundaries, read(series) as HistogramValue)
      return (series) =>
        Metric.registerUnsafe(
          Metric.histogram(name, { ...optionsOf(series), boundaries }),
          context,
          hooks(stateOf, series)
        )
    }
    case "exponentialHistogram": {
      const stateOf = (series: Series) => EffectHistogram.ofExponential(read(series) as ExponentialHistogramValue)
      return (series) =>
        Metric.registerUnsafe(
          Metric.histogram(name, { ...optionsOf(series), boundaries: EffectHistogram.exponentialBounds }),
          context,
          hooks(stateOf, series)
        )
    }
  }
}

/** A metric of the program with the same identity records into these hooks, so they ignore what they get. */
const hooks = <State>(stateOf: (series: Series) => State, series: Series): Metric.Metric.Hooks<unknown, State> => ({
  get: Object.setPrototypeOf(() => stateOf(series), hookPrototype) as () => State,
  update: nothing,
  modify: nothing
})

const nothing = () => {}

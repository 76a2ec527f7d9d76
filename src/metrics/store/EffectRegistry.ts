/**
 * Shows the series of a store to Effect's own metric registry, so that every
 * exporter of Effect sees them. Values are pulled; recording pays nothing.
 *
 * @internal
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { ExponentialHistogramValue, HistogramValue, SeriesSnapshot } from "../MetricSnapshot.ts"
import type { Checked } from "./MetricDeclaration.ts"
import type { Series } from "./Series.ts"

type Read = () => SeriesSnapshot["value"]

/** Registers one series and gives what takes it out again. */
export type Register = (series: Series, read: Read) => () => void

/** What our own hooks are told from those of others by. */
const ours = Symbol("tasker-telemetry/metrics/EffectRegistry")

export const isOurs = (metadata: Metric.Metric.Metadata<unknown, unknown>): boolean => ours in metadata.hooks.get

/**
 * A door into the registry of the context the layer is built in. A metric whose
 * name somebody else has registered already is left to them and reported.
 */
export const make = Effect.gen(function*() {
  const context = yield* Effect.context<never>()
  const registry = yield* Metric.MetricRegistry
  const report = Effect.runForkWith(context)
  const registrations = new Set<Metric.Registration>()
  yield* Effect.addFinalizer(() => Effect.sync(() => registrations.forEach((registration) => registration.remove())))

  const isTaken = (name: string) => [...registry.values()].some((metadata) => metadata.id === name)

  return {
    /** How many metrics of the registry are ours. */
    count: () => registrations.size,
    family: (declaration: Checked): Register => {
      if (isTaken(declaration.name)) {
        report(Effect.logDebug(
          `metric ${declaration.name} exists in Effect's metric registry already; Effect's exporters see that one`
        ))
        return () => () => {}
      }
      return (series, read) => {
        const registration = register(context, declaration, series.attributes, read)
        registrations.add(registration)
        return () => {
          registrations.delete(registration)
          registration.remove()
        }
      }
    }
  }
})

const register = (
  context: Context.Context<never>,
  declaration: Checked,
  attributes: Readonly<Record<string, string>>,
  read: Read
): Metric.Registration => {
  const { help, name, type } = declaration
  const options = { description: help, attributes }
  const number = () => read() as number
  switch (type) {
    case "counter":
    case "upDownCounter": {
      const incremental = type === "counter"
      return Metric.registerUnsafe(
        Metric.counter(name, { ...options, incremental }),
        context,
        hooks(() => ({ count: number(), incremental }))
      )
    }
    case "gauge":
    case "info":
      return Metric.registerUnsafe(Metric.gauge(name, options), context, hooks(() => ({ value: number() })))
    case "histogram": {
      const boundaries = declaration.buckets ?? []
      return Metric.registerUnsafe(
        Metric.histogram(name, { ...options, boundaries }),
        context,
        hooks(() => explicitState(boundaries, read() as HistogramValue))
      )
    }
    case "exponentialHistogram":
      return Metric.registerUnsafe(
        Metric.histogram(name, { ...options, boundaries: [] }),
        context,
        hooks(() => exponentialState(read() as ExponentialHistogramValue))
      )
  }
}

/** Somebody else's metric of the same identity records into these hooks, so they take everything and do nothing. */
const hooks = <State>(get: () => State): Metric.Metric.Hooks<unknown, State> => ({
  get: Object.assign(get, { [ours]: true }),
  update: () => {},
  modify: () => {}
})

/** Effect's histogram state: cumulative counts per bound, without `+Inf`. The bounds stand in for the extremes. */
const explicitState = (boundaries: ReadonlyArray<number>, value: HistogramValue): Metric.HistogramState => {
  let cumulative = 0
  return {
    buckets: boundaries.map((bound, index): [number, number] => [bound, cumulative += value.counts[index] ?? 0]),
    count: value.count,
    min: 0,
    max: boundaries.at(-1) ?? 0,
    sum: value.sum
  }
}

/** Buckets of powers of two, the coarsest that exponential buckets of every finer scale fit into. */
const exponentialState = (value: ExponentialHistogramValue): Metric.HistogramState => {
  const { max = 0, min = 0, negative, positive, scale } = value
  const powers = new Map<number, number>()
  positive.counts.forEach((count, index) => {
    const power = scale >= 0
      ? ((positive.offset + index) >> scale) + 1
      : (positive.offset + index + 1) * 2 ** -scale
    powers.set(power, (powers.get(power) ?? 0) + count)
  })
  let cumulative = value.zeroCount + negative.counts.reduce((sum, count) => sum + count, 0)
  return {
    buckets: [...powers].map(([power, count]): [number, number] => [2 ** power, cumulative += count]),
    count: value.count,
    min,
    max,
    sum: value.sum
  }
}

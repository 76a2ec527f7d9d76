/**
 * Arguments: `ours` or `prom-client`; the number of attributes; of attribute sets; `constant` or `fresh` values;
 * `plain`, or `span` for a fiber in a sampled span. Sets are chosen as in real programs: few of them often (Zipf). The
 * order of the keys changes from call to call.
 */
import * as Effect from "effect/Effect"
import { Counter, Registry } from "prom-client"
import { MetricStore } from "tasker-telemetry"
import { nsPerCall } from "../support/measure.ts"
import * as Shapes from "../support/metricShapes.ts"
import * as Store from "../support/metricStore.ts"

const [library, keyCount, setCount, values, place] = process.argv.slice(2) as [string, string, string, string, string]
const shape = Shapes.make({ keys: Number(keyCount), sets: Number(setCount), isFresh: values === "fresh" })
const name = "bench_shapes_total"

const measure = (increment: (attributes: Record<string, string>) => void, total: () => number | Promise<number>) =>
  Effect.gen(function*() {
    const context = yield* Effect.context<never>()
    const run = Effect.runPromiseWith(context)
    const batch = (repeats: number) => {
      const recording = Effect.sync(() => shape.record(increment, repeats))
      return run(place === "span" ? Effect.withSpan(recording, "bench.recording") : recording)
    }
    // To make a series takes far longer than to find it, and happens once.
    shape.each(increment)
    return yield* Effect.promise(() => nsPerCall(batch, async () => await total() - Number(setCount)))
  })

const ours = Effect.gen(function*() {
  const store = yield* MetricStore.MetricStore
  const counter = store.counter({ name, help: "Steps.", attributes: shape.keys })
  const context = yield* Effect.context<never>()
  return yield* measure(
    (attributes) => counter.inc(attributes),
    () => Effect.runPromiseWith(context)(store.snapshot).then((snapshot) => Store.totalOf(snapshot, [name]))
  )
}).pipe(Effect.provide(Store.telemetry({
  metrics: { cardinalityLimit: 10_000, runtime: false },
  tracing: { exporter: "none" }
})))

const promClient = Effect.suspend(() => {
  const registers = [new Registry()]
  const counter = new Counter({ name, help: "Steps.", labelNames: shape.keys, registers })
  return measure(
    (attributes) => counter.inc(attributes),
    async () => (await counter.get()).values.reduce((sum, { value }) => sum + value, 0)
  )
})

console.log(JSON.stringify(await Effect.runPromise(library === "ours" ? ours : promClient)))

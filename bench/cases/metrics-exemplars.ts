/**
 * Arguments: the exemplar filter, `trace_based` or `always_off`; `span` or `no-span`. What recording costs in a fiber
 * that is, or is not, inside a sampled span.
 */
import * as Effect from "effect/Effect"
import { MetricStore } from "tasker-telemetry"
import { nsPerCall, runBatch } from "../support/measure.ts"
import * as Load from "../support/metricLoad.ts"
import * as Store from "../support/metricStore.ts"

const [exemplarFilter, context] = process.argv.slice(2) as ["trace_based" | "always_off", "span" | "no-span"]

const program = Effect.gen(function*() {
  const store = yield* MetricStore.MetricStore
  const counter = store.counter({ name: Load.counterName, help: Load.help, attributes: Load.keys })
  const increment = (set: number) =>
    counter.inc({
      task: Load.tasks[set] as string,
      step: Load.steps[set] as string,
      status: Load.statuses[set] as string
    })
  const fiberContext = yield* Effect.context<never>()
  const batch = (repeats: number) => {
    const recording = Effect.sync(() => runBatch(increment, repeats))
    return Effect.runPromiseWith(fiberContext)(
      context === "span" ? Effect.withSpan(recording, "bench.recording") : recording
    )
  }
  return yield* Effect.promise(() =>
    nsPerCall(
      batch,
      () =>
        Effect.runPromiseWith(fiberContext)(store.snapshot).then((snapshot) =>
          Store.totalOf(snapshot, [Load.counterName])
        )
    )
  )
})

const telemetry = Store.telemetry({ metrics: { exemplars: exemplarFilter }, tracing: { exporter: "none" } })
console.log(JSON.stringify(await Effect.runPromise(Effect.provide(program, telemetry))))

/**
 * A program with telemetry that records what a test says: `recording.ts <options as JSON> <client>`, started with a
 * channel for messages. Each record is a span with a log line in it, and counts. With `fetch` as the client, that sends.
 */
import * as Effect from "effect/Effect"
import * as LogDestination from "tasker-telemetry/logging/LogDestination"
import * as MetricStore from "tasker-telemetry/metrics/MetricStore"
import * as Telemetry from "tasker-telemetry/Telemetry"
import { serve } from "../faults/serve.ts"

const [, , options = "{}", client] = process.argv

/** Lines that the telemetry logs about itself. */
const reports: Array<string> = []
const destination = LogDestination.layer((line, level) => {
  const { message } = JSON.parse(line) as { readonly message: string }
  if (message !== "line") reports.push(`${level} ${message}`)
})

const count = Effect.map(
  MetricStore.MetricStore,
  (store) => store.counter({ name: "recorded_total", help: "Records.", attributes: [] }).inc({})
)

const accounts = Effect.gen(function*() {
  const { metrics } = yield* (yield* MetricStore.MetricStore).snapshot
  return Object.fromEntries(
    metrics.filter(({ name }) => /^tasker_(spans|log_records)_/.test(name)).flatMap(({ name, series }) =>
      series.map(({ attributes, value }) => [[name, ...Object.values(attributes)].join(" "), Number(value)])
    )
  )
})

Effect.runFork(serve({
  layer: Telemetry.layer(JSON.parse(options), {
    logDestination: destination,
    fetch: client === "fetch" ? globalThis.fetch : undefined
  }),
  record: (number) =>
    Effect.andThen(
      count,
      Effect.withSpan(Effect.logInfo("line", { number }), "work", { attributes: { number }, captureStackTrace: false })
    ),
  flush: Telemetry.flush,
  accounts,
  reports: () => reports
}))

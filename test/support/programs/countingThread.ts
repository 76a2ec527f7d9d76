/**
 * A worker thread that counts until it is told to stop, and keeps a ledger of what it has counted: one number after
 * each increment, in memory that outlives the thread.
 */
import * as Effect from "effect/Effect"
import { parentPort, workerData } from "node:worker_threads"
import * as MetricStore from "tasker-telemetry/metrics/MetricStore"
import type { MetricPort } from "tasker-telemetry/metrics/MetricStore"
import * as Telemetry from "tasker-telemetry/Telemetry"

interface Given {
  readonly metricPort: MetricPort
  readonly name: string
  /** At 0: whether to stop; at 1: the ledger. */
  readonly ledger: SharedArrayBuffer
}

const { ledger: memory, metricPort, name } = workerData as Given
const ledger = new Float64Array(memory)

const count = Effect.gen(function*() {
  const store = yield* MetricStore.MetricStore
  const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["thread", "kind"] })
  const all = store.counter({ name: "all_total", help: "All jobs.", attributes: [] }).bind({})
  const times = store.histogram({ name: "time_seconds", help: "Times.", attributes: [], buckets: [1, 2] })
  const sizes = store.exponentialHistogram({ name: "size_bytes", help: "Sizes.", unit: "bytes", attributes: [] })
  store.gauge({ name: "level", help: "Level.", attributes: [] }).set({}, 7)
  parentPort?.postMessage("ready")
  while (ledger[0] === 0) {
    const done = ledger[1] as number
    all.inc()
    ledger[1] = done + 1
    // New series come all the time, also while somebody reads.
    jobs.inc({ thread: name, kind: `k${done % 500}` })
    times.observe({}, done % 3)
    sizes.observe({}, done % 1000)
  }
})

await Effect.runPromise(
  Effect.provide(
    count,
    Telemetry.layer(
      { logging: { enabled: false }, tracing: { enabled: false } },
      { metricStore: MetricStore.layerShared(metricPort) }
    )
  )
)

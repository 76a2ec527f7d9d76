/**
 * From the store to what Prometheus reads.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { spawnSync } from "node:child_process"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import * as OpenMetricsFormat from "../../src/metrics/OpenMetricsFormat.ts"
import * as PrometheusFormat from "../../src/metrics/PrometheusFormat.ts"
import * as openMetricsParser from "../support/openMetricsParser.ts"
import * as prometheusParser from "../support/prometheusParser.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const layer = TestTelemetry.layer(TestTelemetry.metrics)

const odd = "a \"b\" \\ \n é \ud800"

const record = Effect.gen(function*() {
  const store = yield* MetricStore.MetricStore
  const attributes = ["kind"] as const
  const part = { help: `Help ${odd}`, attributes }
  store.counter({ ...part, name: "shop_mails_total" }).inc({ kind: odd }, 2.5)
  store.upDownCounter({ ...part, name: "shop_active" }).add({ kind: odd }, -2)
  store.gauge({ ...part, name: "shop_heap_bytes", unit: "bytes" }).set({ kind: odd }, Infinity)
  store.histogram({ ...part, name: "shop_wait_seconds", unit: "seconds", buckets: [0.1, 1] }).observe(
    { kind: odd },
    0.5
  )
  store.timer({ ...part, name: "shop_work_seconds" }).observe({ kind: odd }, 1e-4)
  store.info({ ...part, name: "shop_build_info" }, { kind: odd })
  const sizes = store.exponentialHistogram({ ...part, name: "shop_size_bytes", unit: "bytes" })
  for (const value of [0, 0.5, 3, 1000]) sizes.observe({ kind: odd }, value)
  yield* Metric.update(
    Metric.counter("shop.visits", { description: "Visits.", incremental: true, attributes: { "page.name": odd } }),
    3
  )
  yield* Metric.update(
    Metric.counter("shop-visits", { description: "Visits.", incremental: true, attributes: { "page-name": odd } }),
    4
  )
  yield* Metric.update(
    Metric.summary("shop.rpc", {
      description: "Calls.",
      maxAge: "1 minute",
      maxSize: 10,
      quantiles: [0.5, 1],
      attributes: { quantile: "q" }
    }),
    2
  )
  return store
})

const shown = "a \"b\" \\ \n é \ufffd"

describe("MetricStore", () => {
  it.effect("can be scraped in both formats, whatever has been recorded", () =>
    Effect.gen(function*() {
      const store = yield* record
      const snapshot = yield* store.snapshot
      const plain = prometheusParser.parse(PrometheusFormat.format(snapshot))
      const open = openMetricsParser.parse(OpenMetricsFormat.format(snapshot, { created: true }))
      const valueOf = (name: string, labels: Readonly<Record<string, string>>) => [
        plain.flatMap(({ samples }) => samples).find((sample) =>
          sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels)
        )?.value,
        open.flatMap(({ samples }) => samples).find((sample) =>
          sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels)
        )?.value
      ]
      const kind = shown
      assert.deepStrictEqual(valueOf("shop_mails_total", { kind }), [2.5, 2.5])
      assert.deepStrictEqual(valueOf("shop_active", { kind }), [-2, -2])
      assert.deepStrictEqual(valueOf("shop_heap_bytes", { kind }), [Infinity, Infinity])
      assert.deepStrictEqual(valueOf("shop_wait_seconds_bucket", { kind, le: "0.1" }), [0, 0])
      assert.deepStrictEqual(valueOf("shop_wait_seconds_bucket", { kind, le: "+Inf" }), [1, 1])
      assert.deepStrictEqual(valueOf("shop_work_seconds_sum", { kind }), [1e-4, 1e-4])
      assert.deepStrictEqual(valueOf("shop_build_info", { kind }), [1, 1])
      assert.deepStrictEqual(valueOf("shop_size_bytes_bucket", { kind, le: "+Inf" }), [4, 4])
      assert.deepStrictEqual(valueOf("shop_size_bytes_sum", { kind }), [1003.5, 1003.5])
      assert.deepStrictEqual(valueOf("shop_visits_total", { page_name: shown }), [7, 7])
      assert.deepStrictEqual(valueOf("shop_rpc_count", { exported_quantile: "q" }), [1, 1])
      assert.strictEqual(open.find(({ name }) => name === "shop_heap_bytes")?.unit, "bytes")
      for (const { help, name } of [...plain, ...open]) {
        if (["shop_mails", "shop_mails_total"].includes(name)) assert.strictEqual(help, `Help ${shown}`)
      }
    }).pipe(Effect.provide(layer)))

  const isInstalled = spawnSync("promtool", ["--version"]).status === 0

  const promtool = (text: string) => {
    const { status, stderr, stdout } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })
    return { status, output: `${stdout}${stderr}` }
  }

  // The linter of Prometheus; where it is not installed this test is skipped.
  it.effect.skipIf(!isInstalled)("writes what promtool has nothing to say about", () =>
    Effect.gen(function*() {
      const store = yield* record
      assert.deepStrictEqual(promtool(PrometheusFormat.format(yield* store.snapshot)), { status: 0, output: "" })
      assert.notStrictEqual(promtool("jobs 1\njobs 1\n").output, "")
    }).pipe(Effect.provide(layer)))
})

/**
 * Exports to the programs that they are for: Prometheus with its textfile linter and its receiver of remote write, and a
 * Pushgateway that Prometheus scrapes.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { ExportCoordinator } from "../../src/export/ExportCoordinator.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import * as Telemetry from "../../src/Telemetry.ts"
import * as prometheusServer from "../support/prometheusServer.ts"
import * as pushgatewayServer from "../support/pushgatewayServer.ts"
import { temporaryFolder } from "../support/temporaryFile.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

type Targets = NonNullable<NonNullable<TelemetryConfig.Options["export"]>["targets"]>

const layer = (targets: Targets) =>
  Layer.provideMerge(
    Telemetry.layer({ logging: { enabled: false }, export: { targets } }),
    TestTelemetry.registry
  )

const exportTo = (target: string) => ExportCoordinator.use(({ exportNow }) => exportNow({ target }))

/** Counters, gauges and histograms of both kinds. */
const record = (times: number) =>
  Effect.map(MetricStore, (store) => {
    const help = "Help with \"quotes\", a \\ and\na second line."
    const orders = store.counter({ name: "shop_orders_total", help, attributes: ["kind"] })
    const level = store.gauge({ name: "shop_level_celsius", help, unit: "celsius", attributes: [] })
    const latency = store.histogram({
      name: "shop_latency_seconds",
      help,
      unit: "seconds",
      attributes: [],
      buckets: [0.1, 1]
    })
    const wait = store.exponentialHistogram({ name: "shop_wait_seconds", help, unit: "seconds", attributes: ["queue"] })
    for (let round = 0; round < times; round++) {
      orders.inc({ kind: "Größe \"a\\b\"" })
      latency.observe({}, 0.05)
      latency.observe({}, 5)
      for (const seconds of [0, 0.25, 1, 1.5, 8]) wait.observe({ queue: "q" }, seconds)
    }
    level.set({}, -21.5)
  })

const { isInstalled } = prometheusServer

/** One value of an expression, once it is the expected one. */
const becomes = (expression: string, expected: number) =>
  Effect.gen(function*() {
    const server = yield* prometheusServer.PrometheusServer
    const found = yield* prometheusServer.eventually(
      server.query(expression),
      ([first]) => first?.value?.[1] === expected
    )
    assert.deepStrictEqual(found.map(({ value }) => value?.[1]), [expected], expression)
  })

describe.skipIf(!isInstalled)(
  "a file for the textfile collector (skipped where Debian's prometheus is missing)",
  () => {
    it.live("passes Prometheus' own linter", () =>
      Effect.gen(function*() {
        const path = join(yield* temporaryFolder, "shop.prom")
        yield* Effect.gen(function*() {
          yield* record(3)
          yield* exportTo("file")
        }).pipe(Effect.provide(layer([{ type: "file", path }])))
        const { output, status } = prometheusServer.lint(readFileSync(path, "utf8"))
        assert.deepStrictEqual([status, output], [0, ""])
      }), 30_000)
  }
)

describe.skipIf(!isInstalled)(
  "Prometheus as a receiver of remote write (skipped where Debian's prometheus is missing)",
  () => {
    it.live("holds the right values after a run, native histograms included", () =>
      Effect.gen(function*() {
        const { query, url } = yield* prometheusServer.PrometheusServer
        const target = { type: "remote_write", url: `${url}/api/v1/write`, labels: { job: "shop" } } as const
        yield* Effect.gen(function*() {
          yield* record(3)
          assert.strictEqual((yield* exportTo("remote_write"))._tag, "Exported")
          yield* record(4)
          assert.strictEqual((yield* exportTo("remote_write"))._tag, "Exported")
        }).pipe(Effect.provide(layer([{ ...target, maximumSeries: 50 }])))
        yield* becomes("shop_orders_total{kind=\"Größe \\\"a\\\\b\\\"\",job=\"shop\"}", 7)
        yield* becomes("shop_level_celsius", -21.5)
        yield* becomes("shop_latency_seconds_bucket{le=\"0.1\"}", 7)
        yield* becomes("shop_latency_seconds_bucket{le=\"+Inf\"}", 14)
        yield* becomes("shop_latency_seconds_count", 14)
        const [wait] = yield* query("shop_wait_seconds{queue=\"q\"}")
        const [, native] = wait!.histogram!
        assert.deepStrictEqual([native.count, native.sum], [35, 75.25])
        // Each of the five values has seven observations in a bucket of its own.
        assert.deepStrictEqual(native.buckets!.map(([, , , count]) => count), [7, 7, 7, 7, 7])
        for (const [index, value] of [0, 0.25, 1, 1.5, 8].entries()) {
          const [, lower, upper] = native.buckets![index]!
          assert.isTrue(lower <= value && value <= upper, `${lower} <= ${value} <= ${upper}`)
        }
      }).pipe(Effect.provide(prometheusServer.PrometheusServer.layer([]))), 60_000)
  }
)

describe.skipIf(!isInstalled || !pushgatewayServer.isInstalled)(
  "a Pushgateway (skipped where Debian's prometheus-pushgateway is missing)",
  () => {
    it.live(
      "holds the right values after a run, under grouping keys of any form, and loses a group at the end",
      () =>
        Effect.gen(function*() {
          const host = yield* pushgatewayServer.start
          const target = { type: "pushgateway", url: `http://${host}`, job: "a/b" } as const
          const groups = { plain: { instance: "h 1%" }, slashed: { path: "/x/ü" }, empty: { zone: "" } }
          const show = Effect.map(
            pushgatewayServer.exposition(host),
            (text) => text.split("\n").filter((line) => line.startsWith("shop_orders_total{"))
          )
          yield* Effect.gen(function*() {
            yield* record(3)
            for (const name of Object.keys(groups)) yield* exportTo(name)
            yield* record(4)
            for (const name of Object.keys(groups)) yield* exportTo(name)
            assert.deepStrictEqual((yield* show).toSorted(), [
              "shop_orders_total{instance=\"\",job=\"a/b\",kind=\"Größe \\\"a\\\\b\\\"\",path=\"/x/ü\"} 7",
              "shop_orders_total{instance=\"\",job=\"a/b\",kind=\"Größe \\\"a\\\\b\\\"\",zone=\"\"} 7",
              "shop_orders_total{instance=\"h 1%\",job=\"a/b\",kind=\"Größe \\\"a\\\\b\\\"\"} 7"
            ])
          }).pipe(Effect.provide(layer([
            { ...target, name: "plain", grouping: groups.plain },
            { ...target, name: "slashed", grouping: groups.slashed, method: "POST", deleteOnShutdown: true },
            { ...target, name: "empty", grouping: groups.empty, deleteOnShutdown: true }
          ])))
          assert.lengthOf(yield* show, 1)
        }),
      60_000
    )

    it.live("is scraped by Prometheus", () =>
      Effect.gen(function*() {
        const host = yield* pushgatewayServer.start
        yield* Effect.gen(function*() {
          yield* record(5)
          yield* exportTo("pushgateway")
        }).pipe(Effect.provide(layer([{ type: "pushgateway", url: `http://${host}`, job: "shop" }])))
        yield* Effect.provide(
          becomes("sum(shop_latency_seconds_count{exported_job=\"shop\"})", 10),
          prometheusServer.PrometheusServer.layer([{ job: "gateway", host, path: "/metrics" }])
        )
      }), 60_000)
  }
)

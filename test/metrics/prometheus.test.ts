/**
 * One store, scraped by a real Prometheus in each of its formats.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer, Metric } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"
import type { FamilySnapshot, MetricSnapshot, SeriesSnapshot } from "../../src/metrics/MetricSnapshot.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import * as OpenMetricsFormat from "../../src/metrics/OpenMetricsFormat.ts"
import * as PrometheusFormat from "../../src/metrics/PrometheusFormat.ts"
import * as PrometheusProtobufFormat from "../../src/metrics/PrometheusProtobufFormat.ts"
import { eventually, isInstalled, PrometheusServer, type QueryResult } from "../support/prometheusServer.ts"

const jobs = ["classic", "openmetrics", "protobuf"] as const
type Job = typeof jobs[number]

// --- The store ---

const bounds = [0.01, 0.1, 0.5, 1, 2.5, 10]

/** A thousand durations from a millisecond to 20 seconds, each one percent longer than the one before. */
const durations = Array.from({ length: 1000 }, (_, index) => 0.001 * 1.01 ** index)

/** The duration that a share of them does not exceed. */
const quantileOf = (share: number) => durations[Math.ceil(share * durations.length) - 1]!

const hostile = ["Größe 😀", "a\"b\\c\nd\re", "{x=\"1\"} 2 # 3", "", "\ud800"]

class Recorded extends Context.Service<Recorded, {
  readonly snapshot: MetricSnapshot
  readonly traceId: string
  readonly spanId: string
  /** Counts to 1 more. */
  readonly countLater: Effect.Effect<void>
}>()("tasker-telemetry/test/metrics/prometheus/Recorded") {
  static readonly layer: Layer.Layer<Recorded, never, MetricStore> = Layer.effect(
    Recorded,
    Effect.gen(function*() {
      const store = yield* MetricStore
      const help = "Help with \"quotes\", a \\ and\na second line."
      const orders = store.counter({ name: "shop_orders_total", help, attributes: ["kind"] })
      const active = store.upDownCounter({ name: "shop_orders_active", help, attributes: [] })
      const level = store.gauge({ name: "shop_level_celsius", help, unit: "celsius", attributes: ["of"] })
      const latency = store.histogram({
        name: "shop_latency_seconds",
        help,
        unit: "seconds",
        attributes: ["route", "status"],
        buckets: bounds
      })
      const wait = store.exponentialHistogram({
        name: "shop_wait_seconds",
        help,
        unit: "seconds",
        attributes: ["queue"]
      })
      const drift = store.exponentialHistogram({ name: "shop_drift_seconds", help, unit: "seconds", attributes: [] })
      const later = store.counter({ name: "shop_later_total", help, attributes: [] })
      store.info({ name: "shop_build_info", help, attributes: ["version"] }, { version: "1.2.3" })
      active.add({}, 5)
      active.add({}, -7)
      const levels = [21.5, -273.15, -0, 1e-300, Number.MAX_VALUE, NaN, Infinity, -Infinity]
      for (const value of levels) level.set({ of: `${value}` }, value)
      for (const value of [-8, -1.5, -1, 0, 0, 1, 1.5, 8]) drift.observe({}, value)
      later.inc({})
      // A metric that some library records with Effect's own `Metric`, under a name of its own kind.
      yield* Metric.update(Metric.counter("cache.hits", { incremental: true }), 12)
      yield* Metric.update(Metric.summary("cache.age", { maxAge: "1 hour", maxSize: 10, quantiles: [0.5, 1] }), 3)

      const span = yield* Effect.currentSpan.pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            for (const [index, kind] of hostile.entries()) orders.inc({ kind }, index + 0.5)
            orders.inc({ kind: "many" }, Number.MAX_SAFE_INTEGER)
            for (const duration of durations) {
              latency.observe({ route: "/orders", status: "ok" }, duration)
              wait.observe({ queue: "default" }, duration)
            }
            for (const route of hostile) latency.observe({ route, status: "error" }, 0.1)
          })
        ),
        Effect.withSpan("checkout"),
        Effect.orDie
      )
      return {
        snapshot: yield* store.snapshot,
        traceId: span.traceId,
        spanId: span.spanId,
        countLater: Effect.sync(() => later.inc({}))
      }
    })
  )
}

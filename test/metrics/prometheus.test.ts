/**
 * One store, scraped by a real Prometheus in each of its formats.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, Metric } from "effect"
import { Headers, HttpMiddleware, HttpRouter, HttpServer, HttpServerRequest } from "effect/http"
import { createServer } from "node:http"
import * as MetricsRoute from "../../src/http/MetricsRoute.ts"
import { catalog, runtimeCatalog } from "../../src/metrics/MetricCatalog.ts"
import type {
  ExponentialHistogramValue,
  MetricData,
  MetricSnapshot,
  SeriesSnapshot
} from "../../src/metrics/MetricSnapshot.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import * as PrometheusFormat from "../../src/metrics/PrometheusFormat.ts"
import {
  eventually,
  isInstalled,
  lint,
  number,
  PrometheusServer,
  type QueryResult
} from "../support/prometheusServer.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

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
  static readonly layer: Layer.Layer<Recorded, never, MetricStore.MetricStore> = Layer.effect(
    Recorded,
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
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
      const levels = [21.5, -273.15, 0, 1e-300, Number.MAX_VALUE, NaN, Infinity, -Infinity]
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

// --- What Prometheus is to have ---

/** Names of foreign metrics in the exposition. */
const exposed: Readonly<Record<string, string>> = { "cache.hits": "cache_hits_total", "cache.age": "cache_age" }

type Sample = readonly [series: string, value: number]

/** Bounds and quantiles as numbers, as formats write them differently; a label without a value is no label. */
const seriesKey = (name: string, labels: Readonly<Record<string, string>>): string => {
  const own = Object.entries(labels).filter(([key, value]) => !addedLabels.includes(key) && value !== "")
  const alike = own.map(([key, value]) =>
    [key, key === "le" || key === "quantile" ? `${number(value)}` : value].join("=")
  )
  return [name, ...sortedTexts(alike)].join(" ")
}

const addedLabels = ["__name__", "job", "instance"]

const sortedTexts = (texts: ReadonlyArray<string>) => texts.toSorted((a, b) => a < b ? -1 : 1)

const samplesOf = (metric: MetricData): ReadonlyArray<Sample> => {
  const name = exposed[metric.name] ?? metric.name
  return metric.series.flatMap(({ attributes, value }: SeriesSnapshot): ReadonlyArray<Sample> => {
    const labels = Object.fromEntries(Object.entries(attributes).map(([key, text]) => [key, text.toWellFormed()]))
    const sample = (suffix: string, value: number, more = {}): Sample => [
      seriesKey(name + suffix, { ...labels, ...more }),
      value
    ]
    if (typeof value === "number") return [sample("", value)]
    const totals = [sample("_sum", value.sum), sample("_count", value.count)]
    if ("quantiles" in value) {
      return [...value.quantiles.map(([quantile, of]) => sample("", of, { quantile: `${quantile}` })), ...totals]
    }
    if (!("counts" in value) || metric.type !== "histogram") return totals
    let total = 0
    const buckets = [...metric.buckets, Infinity].map((bound, index) => {
      total += value.counts[index]!
      return sample("_bucket", total, { le: `${bound}` })
    })
    return [...buckets, ...totals]
  })
}

const sorted = (samples: ReadonlyArray<Sample>) => samples.toSorted(([a], [b]) => a < b ? -1 : 1)

const isExponential = (name: string) => name.startsWith("shop_wait_") || name.startsWith("shop_drift_")

const numbersOf = (result: QueryResult): ReadonlyArray<Sample> =>
  result.flatMap(({ metric, value }) => value === undefined ? [] : [[seriesKey(metric["__name__"]!, metric), value[1]]])

/** The value of the only series of an exponential histogram. */
const valueOf = ({ snapshot }: Recorded["Service"], name: string): ExponentialHistogramValue => {
  const metric = snapshot.metrics.find((metric) => metric.name === name)
  assert(metric?.type === "exponentialHistogram" && metric.series.length === 1)
  return metric.series[0]!.value
}

const onlyNumber = (result: QueryResult): number => {
  assert.strictEqual(result.length, 1)
  return result[0]!.value![1]
}

// --- The scrape ---

/** Prometheus asks for protobuf of itself; for the other formats a parameter says what it is to ask for. */
const accepted: { readonly [J in Job]: string | undefined } = {
  classic: "text/plain;version=0.0.4",
  openmetrics: "application/openmetrics-text;version=1.0.0",
  protobuf: undefined
}

const acceptParameter = HttpMiddleware.make((answer) =>
  Effect.updateService(answer, HttpServerRequest.HttpServerRequest, (request) => {
    const accept = new URL(request.url, "http://localhost").searchParams.get("accept")
    return accept === null ? request : request.modify({ headers: Headers.set(request.headers, "accept", accept) })
  })
)

const Scraped = Layer.unwrap(Effect.map(HttpServer.HttpServer, ({ address }) => {
  const host = `127.0.0.1:${"port" in address ? address.port : 0}`
  return PrometheusServer.layer(jobs.map((job) => {
    const accept = accepted[job]
    return { job, host, path: "/metrics", parameters: accept === undefined ? {} : { accept } }
  }))
})).pipe(
  // Nothing is asked for before every target has been scraped.
  Layer.tap((context) =>
    eventually(
      Context.get(context, PrometheusServer).targets,
      (targets) => targets.length === jobs.length && targets.every(({ health }) => health === "up")
    )
  ),
  Layer.provideMerge(HttpRouter.serve(MetricsRoute.layer, { disableListenLog: true, middleware: acceptParameter })),
  Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provideMerge(Recorded.layer),
  Layer.provideMerge(TestTelemetry.layer(TestTelemetry.metrics))
)

const unless = isInstalled ? "" : ": not installed, so these tests are skipped"

describe.skipIf(!isInstalled)(`a real Prometheus${unless}`, () => {
  layer(Scraped, { excludeTestServices: true, timeout: "90 seconds" })((it) => {
    it.effect("finds every target up and nothing to complain about", () =>
      Effect.gen(function*() {
        const prometheus = yield* PrometheusServer
        // On a busy machine a scrape may come too late.
        const targets = yield* eventually(prometheus.targets, (all) => all.every(({ health }) => health === "up"))
        assert.deepStrictEqual(
          sortedTexts(targets.map(({ health, labels, lastError }) => [labels["job"], health, lastError].join(" "))),
          jobs.map((job) => `${job} up `)
        )
      }))

    it.effect.each(jobs)("has the values of the store from %s", (job) =>
      Effect.gen(function*() {
        const { snapshot } = yield* Recorded
        const { query } = yield* PrometheusServer
        const expected = snapshot.metrics
          .filter(({ name }) => !name.startsWith("tasker_") && !isExponential(name))
          .flatMap(samplesOf)
        const found = yield* query(`{job="${job}", __name__=~"(shop|cache)_.+", __name__!~"shop_(wait|drift)_.+"}`)
        assert.isAbove(expected.length, 60)
        assert.deepStrictEqual(sorted(numbersOf(found)), sorted(expected))
      }))

    it.effect("has the buckets of an exponential histogram as they were recorded, from protobuf", () =>
      Effect.gen(function*() {
        const { query } = yield* PrometheusServer
        const [wait] = yield* query(`shop_wait_seconds{job="protobuf"}`)
        const { buckets = [], count, sum } = wait!.histogram![1]
        assert.strictEqual(count, 1000)
        assert.strictEqual(sum, valueOf(yield* Recorded, "shop_wait_seconds").sum)
        assert.isAbove(buckets.length, 100)
        for (const [, lower, upper, inBucket] of buckets) {
          assert.strictEqual(inBucket, durations.filter((duration) => duration > lower && duration <= upper).length)
        }
        const [drift] = yield* query(`shop_drift_seconds{job="protobuf"}`)
        const found = drift!.histogram![1].buckets!.map(([, lower, upper, inBucket]) =>
          [-8, -1.5, -1, 0, 1, 1.5, 8].filter((value) => value >= lower && value <= upper).concat(inBucket)
        )
        assert.deepStrictEqual(found, [[-8, 1], [-1.5, 1], [-1, 1], [0, 2], [1, 1], [1.5, 1], [8, 1]])
      }))

    it.effect.each(["classic", "openmetrics"] as const)(
      "has the sum and count of an exponential histogram from %s",
      (job) =>
        Effect.gen(function*() {
          const { query } = yield* PrometheusServer
          const { count, sum } = valueOf(yield* Recorded, "shop_wait_seconds")
          assert.strictEqual(onlyNumber(yield* query(`shop_wait_seconds_count{job="${job}"}`)), count)
          assert.strictEqual(onlyNumber(yield* query(`shop_wait_seconds_sum{job="${job}"}`)), sum)
        })
    )

    it.effect.each(jobs)(
      "estimates quantiles from explicit buckets of %s within the bucket they are in",
      (job) =>
        Effect.gen(function*() {
          const { query } = yield* PrometheusServer
          for (const share of [0.1, 0.5, 0.75, 0.9]) {
            const estimate = onlyNumber(
              yield* query(`histogram_quantile(${share}, shop_latency_seconds_bucket{job="${job}", status="ok"})`)
            )
            const exact = quantileOf(share)
            const upper = bounds.findIndex((bound) => exact <= bound)
            assert.isAtLeast(estimate, bounds[upper - 1] ?? 0)
            assert.isAtMost(estimate, bounds[upper]!)
          }
        })
    )

    it.effect.each([
      ["classic", "shop_wait_seconds_bucket"],
      ["openmetrics", "shop_wait_seconds_bucket"],
      ["protobuf", "shop_wait_seconds"]
    ])(
      "estimates quantiles of an exponential histogram of %s within the width of a bucket",
      ([job, name]) =>
        Effect.gen(function*() {
          const { query } = yield* PrometheusServer
          const { scale } = valueOf(yield* Recorded, "shop_wait_seconds")
          // Bounds of neighbouring buckets differ by this factor: 4.4 percent for a range of 1 to 20 000.
          const width = 2 ** (2 ** -scale)
          assert.isBelow(width, 1.1)
          for (const share of [0.01, 0.1, 0.5, 0.9, 0.99, 0.999]) {
            const estimate = onlyNumber(yield* query(`histogram_quantile(${share}, ${name}{job="${job}"})`))
            assert.isAbove(estimate, quantileOf(share) / width)
            assert.isBelow(estimate, quantileOf(share) * width)
          }
        })
    )

    it.effect.each(["openmetrics", "protobuf"] as const)(
      "links counters and buckets of %s to their trace",
      (job) =>
        Effect.gen(function*() {
          const { spanId, traceId } = yield* Recorded
          const { exemplars } = yield* PrometheusServer
          const found = yield* exemplars(`{job="${job}", __name__=~"shop_(orders_total|latency_seconds_bucket)"}`)
          const labels = { trace_id: traceId, span_id: spanId }
          for (const { exemplars } of found) assert.deepStrictEqual(exemplars.map(({ labels }) => labels), [labels])
          const ofCounter = found.filter(({ seriesLabels }) => seriesLabels["kind"] === "many")
          assert.deepStrictEqual(
            ofCounter.map(({ exemplars }) => exemplars.map(({ value }) => value)),
            [[Number.MAX_SAFE_INTEGER]]
          )
          const ofBuckets = found.filter(({ seriesLabels }) => seriesLabels["status"] === "ok").map((series) =>
            [number(series.seriesLabels["le"]!), series.exemplars[0]!.value] as const
          )
          assert.deepStrictEqual(ofBuckets.map(([bound]) => bound).toSorted((a, b) => a - b), [...bounds, Infinity])
          const ends = [...bounds, Infinity]
          for (const [bound, value] of ofBuckets) {
            assert.isTrue(value > (ends[ends.indexOf(bound) - 1] ?? 0) && value <= bound)
            assert.include(durations, value)
          }
        })
    )

    it.effect("has what is recorded later with a later scrape", () =>
      Effect.gen(function*() {
        const { query } = yield* PrometheusServer
        yield* Effect.flatMap(Recorded, ({ countLater }) => countLater)
        const values = yield* eventually(
          Effect.map(query("shop_later_total"), (result) => result.map(({ value }) => value![1])),
          (values) => values.every((value) => value === 2)
        )
        assert.deepStrictEqual(values, [2, 2, 2])
      }))
  })

  it.effect("has nothing to say about the names, units and help of our metrics", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      const declarations = [...Object.values(catalog), ...Object.values(runtimeCatalog)]
      for (const declaration of declarations) {
        const attributes = Object.fromEntries(declaration.attributes.map((name) => [name, "a \"b\" \\ \n é"])) as never
        if (declaration.type === "histogram") store.histogram(declaration).observe(attributes, 0.3)
        else if (declaration.type === "counter") store.counter(declaration).inc(attributes)
        else if (declaration.type === "info") store.info(declaration, attributes)
        else if (declaration.type === "gauge") store.gauge(declaration).set(attributes, 1)
        else store.upDownCounter(declaration).add(attributes, 1)
      }
      const exposition = PrometheusFormat.format(yield* store.snapshot)
      for (const { name } of declarations) assert.include(exposition, `\n# TYPE ${name} `)
      assert.deepStrictEqual(lint(exposition), { status: 0, output: "" })
      // It does speak up.
      assert.strictEqual(lint("# TYPE jobs counter\njobs 1\n").status, 3)
    }).pipe(Effect.provide(TestTelemetry.layer(TestTelemetry.metrics))))
})

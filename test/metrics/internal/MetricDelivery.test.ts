import { assert, describe, it } from "@effect/vitest"
import { type Duration, Effect, Exit, Fiber, Layer, Logger, Schema, Scope, Tracer } from "effect"
import { TestClock } from "effect/testing"
import type * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import { FlushRegistry } from "../../../src/internal/FlushRegistry.ts"
import { SelfStatistics } from "../../../src/internal/SelfStatistics.ts"
import * as MetricDelivery from "../../../src/metrics/internal/MetricDelivery.ts"
import * as MetricStore from "../../../src/metrics/MetricStore.ts"
import * as eventLoop from "../../support/eventLoop.ts"
import { loggerInto } from "../../support/loggedLines.ts"
import * as otlpMetricDecoder from "../../support/otlpMetricDecoder.ts"
import { OtlpReceiver } from "../../support/otlpReceiver.ts"
import * as recorder from "../../support/recorder.ts"
import * as TestTelemetry from "../../support/TestTelemetry.ts"

type Options = TelemetryConfig.Options

const lines: Array<string> = []
const logger = Logger.layer([loggerInto(lines)])

/** A store without an export, and all that an export needs. */
const layerStore = (options: (url: string) => Options) =>
  Layer.unwrap(Effect.gen(function*() {
    lines.length = 0
    const { url } = yield* OtlpReceiver
    return TestTelemetry.layer(TestTelemetry.metrics, options(url))
  })).pipe(Layer.provideMerge(OtlpReceiver.layer), Layer.provideMerge(logger))

const layer = (options: (url: string) => Options) => Layer.provideMerge(MetricDelivery.layer, layerStore(options))

const toReceiver = (rest: Options = {}) => (url: string): Options => ({
  ...rest,
  delivery: { endpoint: url, ...rest.delivery }
})

const delta = (rest: Options = {}) => toReceiver({ ...rest, metrics: { temporality: "delta", ...rest.metrics } })

const flush = Effect.flatMap(FlushRegistry, (registry) => registry.flush)

/** Points of the metrics of a test, not those that the telemetry has of itself. */
const ownPoints = (body: string) =>
  otlpMetricDecoder.pointsOf(body).filter(({ metric }) => !/^(?:tasker_|otel\.sdk\.)/.test(metric))

const received = Effect.map(OtlpReceiver, ({ received }) => received.map(({ body }) => ownPoints(body)))

const counts = Effect.map(SelfStatistics, (statistics) =>
  Object.fromEntries(
    statistics.read().filter(({ name }) => name.startsWith("tasker_metric_exports")).flatMap(({ name, values }) =>
      values.map(({ attributes, value }) => [[name, ...attributes].join(" "), value])
    )
  ))

/** Waits until something has been exported and the export has ended. */
const exported = eventLoop.turnUntil(
  Effect.map(
    SelfStatistics,
    (statistics) =>
      statistics.read().some(({ name, values }) => name === "tasker_metric_points_exported_total" && values.length > 0)
  )
).pipe(
  Effect.andThen(recorder.quiet)
)

/** The accounts of data points by name. */
const points = Effect.map(
  SelfStatistics,
  (statistics) =>
    Object.fromEntries(
      statistics.read().flatMap(({ name, values: [first] }) => {
        const account = /^tasker_metric_points_(\w+?)(?:_total)?$/.exec(name)?.[1]
        return account === undefined ? [] : [[account, first!.value]]
      })
    )
)

const jobs = Effect.map(
  MetricStore.MetricStore,
  (store) => store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["queue"] })
)

const countJobs = (amount = 1, queue = "a") => Effect.map(jobs, (jobs) => jobs.inc({ queue }, amount))

/** Waits until an attempt has ended and its outcome has been looked at, then lets time pass. */
const passAfterAttempt = (duration: Duration.Input) =>
  Effect.flatMap(OtlpReceiver, ({ attemptEnded }) => attemptEnded).pipe(
    Effect.andThen(recorder.quiet),
    Effect.andThen(TestClock.adjust(duration))
  )

/** An attempt a second, four in an export. */
const impatient: Options = {
  delivery: { retry: { multiplier: 1, jitter: 0 } },
  metrics: { exportTimeout: "3500 millis" }
}

/** A flush whose request is answered with 503 until it is given up. */
const flushInVain = Effect.gen(function*() {
  const { answer } = yield* OtlpReceiver
  answer(...Array.from({ length: 4 }, () => ({ status: 503 })))
  const flushing = yield* Effect.forkChild(flush)
  for (let attempt = 0; attempt < 4; attempt++) yield* passAfterAttempt("1 second")
  yield* Fiber.join(flushing)
})

describe("MetricDelivery", () => {
  it.effect("masks secrets in the attributes of the service", () =>
    Effect.gen(function*() {
      yield* countJobs()
      yield* flush
      const { received: requests } = yield* OtlpReceiver
      const { resource } = otlpMetricDecoder.decode(requests[0]!.body)
      assert.deepStrictEqual([resource["service.name"], resource["api_key"], resource["db.url"]], [
        "shop",
        "[FILTERED]",
        "postgres://[FILTERED]@db"
      ])
    }).pipe(Effect.provide(layer(toReceiver({
      service: { name: "shop", attributes: { api_key: "hidden", "db.url": "postgres://u:hidden@db" } }
    })))))

  it.effect("delivers every kind of metric with its values, times, unit and the service", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      yield* TestClock.setTime(1_000_000)
      yield* countJobs(3)
      store.upDownCounter({ name: "running", help: "Running.", attributes: [] }).add({}, -2)
      store.gauge({ name: "load_ratio", help: "Load.", unit: "ratio", attributes: [] }).set({}, 1)
      const buckets = [1, 5]
      store.histogram({ name: "wait_seconds", help: "Waits.", unit: "seconds", attributes: [], buckets }).observe({}, 2)
      const sizes = store.exponentialHistogram({ name: "size_bytes", help: "Sizes.", unit: "bytes", attributes: [] })
      sizes.observe({}, 4)
      sizes.observe({}, -3)
      store.info({ name: "build_info", help: "Build.", attributes: ["version"] }, { version: "1" })
      yield* TestClock.adjust("5 seconds")
      yield* flush
      const { received: requests } = yield* OtlpReceiver
      assert.deepStrictEqual(requests.map(({ headers, path }) => [path, headers["x-tenant"]]), [["/v1/metrics", "a"]])
      const { metrics, resource, scopes } = otlpMetricDecoder.decode(requests[0]!.body)
      assert.deepStrictEqual([resource["service.name"], resource["service.version"], scopes], [
        "shop",
        "1.2.3",
        ["tasker-telemetry"]
      ])
      assert.deepStrictEqual(
        metrics.filter(({ name }) => !/^(?:tasker_|otel\.sdk\.)/.test(name)).map((metric) => [
          metric.name,
          metric.description,
          metric.unit,
          Object.keys(metric).at(-1)
        ]),
        [
          ["build_info", "Build.", undefined, "sum"],
          ["jobs_total", "Jobs.", undefined, "sum"],
          ["load_ratio", "Load.", "1", "gauge"],
          ["running", "Running.", undefined, "sum"],
          ["size_bytes", "Sizes.", "By", "exponentialHistogram"],
          ["wait_seconds", "Waits.", "s", "histogram"]
        ]
      )
      const at = { attributes: {}, start: 1_000_000_000_000n, time: 1_005_000_000_000n, delta: false }
      assert.deepStrictEqual(ownPoints(requests[0]!.body), [
        { ...at, metric: "build_info", attributes: { version: "1" }, value: 1 },
        { ...at, metric: "jobs_total", attributes: { queue: "a" }, value: 3 },
        { ...at, metric: "load_ratio", value: 1 },
        { ...at, metric: "running", value: -2 },
        { ...at, metric: "size_bytes", value: { count: 2n, sum: 1 } },
        { ...at, metric: "wait_seconds", value: { count: 1n, sum: 2 } }
      ])
    }).pipe(Effect.provide(layer(toReceiver({
      service: { name: "shop", version: "1.2.3" },
      metrics: { exportInterval: "1 hour" },
      delivery: { headers: { "x-tenant": "a" } }
    })))))

  it.effect("delivers exemplars with the span that they were measured in", () =>
    Effect.gen(function*() {
      const span = yield* Effect.withSpan(Effect.andThen(countJobs(), Effect.currentSpan), "work")
      yield* flush
      const { received: requests } = yield* OtlpReceiver
      const metric = otlpMetricDecoder.decode(requests[0]!.body).metrics.find(({ name }) => name === "jobs_total")
      assert.deepStrictEqual(
        metric?.sum?.dataPoints[0]?.exemplars?.map(({ spanId, traceId }) => ({ spanId, traceId })),
        [{ spanId: span.spanId, traceId: span.traceId }]
      )
    }).pipe(
      Effect.withTracer(Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })),
      Effect.provide(layer(toReceiver()))
    ))

  it.effect("sends what it counts about itself under the names of OpenTelemetry, and says what a flush did", () =>
    Effect.gen(function*() {
      const { received: requests } = yield* OtlpReceiver
      yield* countJobs()
      const { metrics } = yield* flush
      yield* flush
      const sent = otlpMetricDecoder.pointsOf(requests[0]!.body).length
      assert.deepStrictEqual(metrics, { exported: sent, dropped: 0, pending: 0 })
      const named = otlpMetricDecoder.pointsOf(requests[1]!.body).filter(({ metric }) => metric.includes("exported"))
      assert.deepStrictEqual(
        named.map(({ attributes, metric, value }) => [metric, attributes["error.type"], value]),
        [
          ["otel.sdk.exporter.metric_data_point.exported", undefined, sent],
          ["otel.sdk.exporter.metric_data_point.exported", "rejected", 0]
        ]
      )
    }).pipe(Effect.provide(layer(toReceiver()))))

  it.effect("exports by itself, interval after interval", () =>
    Effect.gen(function*() {
      const { next, received: requests } = yield* OtlpReceiver
      yield* countJobs(1)
      yield* recorder.advance("9999 millis")
      assert.deepStrictEqual(requests, [])
      yield* TestClock.adjust("1 millis")
      yield* next
      yield* exported
      yield* countJobs(1)
      yield* recorder.advance("10 seconds")
      yield* next
      assert.deepStrictEqual((yield* received).map(([point]) => [point?.time, point?.value]), [
        [10_000_000_000n, 1],
        [20_000_000_000n, 2]
      ])
    }).pipe(Effect.provide(layer(toReceiver({ metrics: { exportInterval: "10 seconds" } })))))

  it.effect("exports a last time when it closes", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(MetricDelivery.layer, scope)
      yield* countJobs(4)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual((yield* received).map((points) => points.map(({ value }) => value)), [[4]])
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* received, 1)
    }).pipe(Effect.provide(layerStore(toReceiver()))))

  it.effect("closes within the time limit while the receiver hangs", () =>
    Effect.gen(function*() {
      const { answer, next } = yield* OtlpReceiver
      answer("hang", "hang")
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(MetricDelivery.layer, scope)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* next
      yield* recorder.advance("500 millis")
      yield* next
      yield* recorder.advance("499 millis")
      assert.isUndefined(closing.pollUnsafe())
      yield* recorder.advance("1 millis")
      assert.deepStrictEqual(closing.pollUnsafe(), Exit.void)
    }).pipe(Effect.provide(layerStore(toReceiver({ delivery: { shutdownTimeout: "1 second" } })))))

  it.effect("exports a last time when it closes though the export before hangs", () =>
    Effect.gen(function*() {
      const { answer, next } = yield* OtlpReceiver
      answer("hang")
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(MetricDelivery.layer, scope)
      yield* countJobs(1)
      yield* recorder.advance("10 seconds")
      yield* next
      yield* countJobs(41)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* recorder.advance("1 second")
      yield* next
      yield* Fiber.join(closing)
      assert.deepStrictEqual((yield* received).map((points) => points.map(({ value }) => value)), [[1], [42]])
    }).pipe(Effect.provide(layerStore(delta({
      metrics: { exportInterval: "10 seconds" },
      delivery: { shutdownTimeout: "2 seconds" }
    })))))

  it.effect("waits for a second attempt when it closes, though an export has less time than its pause", () =>
    Effect.gen(function*() {
      const { answer } = yield* OtlpReceiver
      answer({ status: 503 })
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(MetricDelivery.layer, scope)
      yield* countJobs(7)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* passAfterAttempt("1 second")
      yield* Fiber.join(closing)
      assert.deepStrictEqual((yield* received).map((points) => points.map(({ value }) => value)), [[7], [7]])
    }).pipe(Effect.provide(layerStore(toReceiver({
      delivery: { retry: { initialInterval: "1 second", jitter: 0 }, shutdownTimeout: "5 seconds" },
      metrics: { exportTimeout: "500 millis" }
    })))))

  it.effect("does not ask a receiver again that refuses the last export", () =>
    Effect.gen(function*() {
      const { answer } = yield* OtlpReceiver
      answer({ status: 400 }, { status: 400 })
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(MetricDelivery.layer, scope)
      yield* countJobs(7)
      yield* Scope.close(scope, Exit.void)
      assert.lengthOf(yield* received, 1)
    }).pipe(Effect.provide(layerStore(toReceiver()))))

  it.effect("leaves what a worker thread shares to the main thread", () =>
    Effect.gen(function*() {
      const main = yield* MetricStore.MetricStore
      const port = yield* main.share()
      const thread = MetricStore.layerShared(port).pipe(Layer.provideMerge(Layer.fresh(SelfStatistics.layer)))
      yield* Effect.gen(function*() {
        yield* countJobs(5)
        yield* flush
      }).pipe(Effect.provide(Layer.provideMerge(MetricDelivery.layer, Layer.merge(thread, FlushRegistry.layer))))
      assert.deepStrictEqual(yield* received, [])
      yield* Effect.scoped(Layer.build(MetricDelivery.layer))
      assert.deepStrictEqual((yield* received).map((points) => points.map(({ value }) => value)), [[5]])
    }).pipe(Effect.scoped, Effect.provide(layerStore(toReceiver()))))

  it.effect("gives each of several exports all of its time", () =>
    Effect.gen(function*() {
      const { answer, next } = yield* OtlpReceiver
      answer("hang", "hang")
      const first = yield* Effect.forkChild(flush)
      yield* next
      yield* recorder.advance("500 millis")
      const second = yield* Effect.forkChild(flush)
      yield* recorder.advance("500 millis")
      yield* Fiber.join(first)
      yield* next
      yield* recorder.advance("999 millis")
      assert.isUndefined(second.pollUnsafe())
      yield* recorder.advance("1 millis")
      yield* Fiber.join(second)
      assert.deepStrictEqual(yield* counts, { "tasker_metric_exports_failed_total timed_out": 2 })
    }).pipe(Effect.provide(layer(toReceiver({ metrics: { exportTimeout: "1 second" } })))))

  it.effect("gives up an export that takes too long, says so, and sends its differences with the next one", () =>
    Effect.gen(function*() {
      const { answer, next, url } = yield* OtlpReceiver
      answer("hang")
      yield* countJobs(2)
      const flushing = yield* Effect.forkChild(flush)
      yield* next
      yield* recorder.advance("1 second")
      assert.isTrue(Exit.isSuccess(flushing.pollUnsafe()!))
      assert.deepStrictEqual(yield* counts, { "tasker_metric_exports_failed_total timed_out": 1 })
      yield* countJobs(3)
      yield* flush
      assert.deepStrictEqual((yield* received).map((points) => points.map(({ value }) => value)), [[2], [5]])
      assert.deepStrictEqual(lines, [
        `Warn metrics cannot be delivered to ${url}/v1/metrics: ` +
        "no answer came within metrics.exportTimeout (1s); trying again",
        `Info metrics are delivered to ${url}/v1/metrics again after 0, 1 failed attempts, none lost`
      ])
    }).pipe(Effect.provide(layer(delta({ metrics: { exportTimeout: "1 second" } })))))

  it.effect("sends differences, and nothing twice", () =>
    Effect.gen(function*() {
      yield* countJobs(2)
      yield* flush
      yield* TestClock.adjust("1 second")
      yield* countJobs(3)
      yield* flush
      yield* TestClock.adjust("1 second")
      yield* flush
      const seconds = (point: otlpMetricDecoder.DecodedPoint) =>
        [point.start, point.time].map((time) => time / 10n ** 9n)
      assert.deepStrictEqual(
        (yield* received).map((points) => points.map((point) => [point.delta, point.value, ...seconds(point)])),
        [[[true, 2, 0n, 0n]], [[true, 3, 0n, 1n]], []]
      )
    }).pipe(Effect.provide(layer(delta()))))

  it.effect("owes what a receiver does not take for a while, and says so once", () =>
    Effect.gen(function*() {
      const { received: requests, url } = yield* OtlpReceiver
      for (let round = 0; round < 3; round++) {
        yield* countJobs(1)
        yield* flushInVain
      }
      yield* countJobs(1)
      yield* flush
      assert.lengthOf(requests, 13)
      assert.deepStrictEqual((yield* received).at(-1)?.map(({ start, value }) => [start, value]), [[0n, 4]])
      assert.deepStrictEqual(yield* counts, { "tasker_metric_exports_failed_total unreachable": 3 })
      assert.deepStrictEqual(lines, [
        `Warn metrics cannot be delivered to ${url}/v1/metrics: it answered with status 503; trying again`,
        `Info metrics are delivered to ${url}/v1/metrics again after 12s, 12 failed attempts, none lost`
      ])
    }).pipe(Effect.provide(layer(delta(impatient)))))

  it.effect("counts points that a receiver rejects of a request that it accepts, and never sends them again", () =>
    Effect.gen(function*() {
      const { answer, received: requests, url } = yield* OtlpReceiver
      for (const queue of ["a", "b", "c", "d"]) yield* countJobs(1, queue)
      const rejected = { rejectedDataPoints: "3", errorMessage: "too old" }
      answer({ status: 200, body: JSON.stringify({ partialSuccess: rejected }) })
      yield* flush
      const store = yield* MetricStore.MetricStore
      const counted = (yield* store.snapshot).metrics
        .filter(({ name }) => /^tasker_metric_(?:points|exports)/.test(name))
        .map(({ name, series }) => [name, series.map(({ attributes, value }) => [attributes, value])])
      const sent = otlpMetricDecoder.pointsOf(requests[0]!.body).length
      assert.deepStrictEqual(counted, [
        ["tasker_metric_exports_failed_total", [[{ reason: "partially_rejected" }, 1]]],
        ["tasker_metric_points_collected_total", [[{}, sent]]],
        ["tasker_metric_points_exported_total", [[{}, sent - 3]]],
        ["tasker_metric_points_pending", [[{}, 0]]],
        ["tasker_metric_points_rejected_total", [[{}, 3]]],
        ["tasker_metric_points_replaced_total", [[{}, 0]]]
      ])
      yield* flush
      assert.deepStrictEqual((yield* received).map((points) => points.length), [4, 0])
      assert.deepStrictEqual(lines, [
        `Warn metrics were accepted by ${url}/v1/metrics, which rejected 3 of a request: too old`
      ])
    }).pipe(Effect.provide(layer(delta()))))

  const manyQueues = (count: number) =>
    Effect.forEach(Array.from({ length: count }), (_, index) => countJobs(1, `${index}`.padStart(5, "0")), {
      discard: true
    })

  const large = { metrics: { cardinalityLimit: 10_000 } }

  it.effect("splits what is large, and does not send again what has arrived", () =>
    Effect.gen(function*() {
      const { answer } = yield* OtlpReceiver
      yield* manyQueues(4500)
      answer({ status: 200 }, { status: 400 })
      yield* flush
      yield* countJobs(1, "00000")
      yield* flush
      const [first, refused, third, again, ...others] = yield* received
      assert.deepStrictEqual([first, refused, third].map((points) => points?.length), [2000, 2000, 500])
      assert.deepStrictEqual(
        again?.map(({ attributes }) => attributes["queue"]),
        ["00000", ...refused!.map(({ attributes }) => attributes["queue"]).slice(0, 1999)]
      )
      assert.deepStrictEqual(others.map((points) => points.map(({ attributes }) => attributes)), [[
        refused!.at(-1)!.attributes
      ]])
      assert.deepStrictEqual(yield* counts, { "tasker_metric_exports_failed_total rejected": 1 })
    }).pipe(Effect.provide(layer(delta(large)))))

  it.effect("does not try the other parts after one could not be delivered at all", () =>
    Effect.gen(function*() {
      const { received: requests } = yield* OtlpReceiver
      yield* manyQueues(4500)
      yield* flushInVain
      assert.lengthOf(requests, 4)
      yield* flush
      assert.strictEqual((yield* received).slice(4).flat().length, 4500)
      assert.deepStrictEqual(yield* counts, { "tasker_metric_exports_failed_total unreachable": 1 })
    }).pipe(Effect.provide(layer(delta({ ...impatient, metrics: { ...impatient.metrics, ...large.metrics } })))))

  it.effect("sends fewer series in a request where the receiver finds one too large", () =>
    Effect.gen(function*() {
      const { answer, url } = yield* OtlpReceiver
      yield* manyQueues(3000)
      answer({ status: 413 }, { status: 200 }, { status: 413 })
      yield* flush
      // Metrics of the telemetry itself are in requests of their own.
      const sizes = Effect.map(received, (all) => all.map((points) => points.length).filter((size) => size > 0))
      assert.deepStrictEqual(yield* sizes, [2000, 1000, 1000, 1000, 500, 500])
      assert.deepStrictEqual(yield* counts, {})
      yield* TestClock.adjust("1 second")
      yield* manyQueues(3000)
      yield* flush
      assert.deepStrictEqual((yield* sizes).slice(6), [500, 500, 500, 500, 500, 500])
      assert.deepStrictEqual(lines, [
        `Warn metrics were sent to ${url}/v1/metrics in too large a batch: it answered with status 413; splitting it`
      ])
    }).pipe(Effect.provide(layer(delta(large)))))

  it.effect("goes on when values cannot be read", () =>
    Effect.gen(function*() {
      yield* MetricDelivery.make(Effect.die("no values"))
      yield* flush
      yield* recorder.advance("1 minute")
      assert.deepStrictEqual((yield* OtlpReceiver).received, [])
      assert.deepStrictEqual(yield* counts, { "tasker_metric_exports_failed_total failed": 2 })
      assert.isTrue(lines.every((line) => line.startsWith("Warn metrics were not exported")))
    }).pipe(Effect.scoped, Effect.provide(layerStore(toReceiver()))))

  for (
    const [what, options] of [
      ["without an endpoint", () => ({})],
      [
        "with the exporter none",
        (url: string) => ({ metrics: { exporter: "none" as const }, delivery: { endpoint: url } })
      ]
    ] as const
  ) {
    it.effect(`sends nothing ${what}`, () =>
      Effect.gen(function*() {
        yield* countJobs()
        yield* flush
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual((yield* OtlpReceiver).received, [])
      }).pipe(Effect.provide(layer(options))))
  }

  it.effect("sends to the full address and with the headers for metrics where they are given", () =>
    Effect.gen(function*() {
      yield* flush
      assert.deepStrictEqual(
        (yield* OtlpReceiver).received.map(({ headers, path }) => [path, headers["x-key"], headers["x-other"]]),
        [["/custom/path", "metrics", undefined]]
      )
    }).pipe(Effect.provide(layer((url) => ({
      delivery: {
        endpoint: "http://127.0.0.1:9",
        headers: { "x-key": "all", "x-other": "all" },
        metrics: { endpoint: `${url}/custom/path`, headers: { "x-key": "metrics" } }
      }
    })))))

  const Round = Schema.Struct({
    queues: Schema.Array(Schema.Literals(["a", "b", "c", "d", "e"])),
    statuses: Schema.NonEmptyArray(Schema.Literals([200, 200, 400, 500]))
  })

  it.effect.prop(
    "delivers every count once, whatever the receiver refuses, and its accounts add up after each export",
    [Schema.Array(Round)],
    ([rounds]) =>
      Effect.gen(function*() {
        const { answer, received: requests } = yield* OtlpReceiver
        const store = yield* MetricStore.MetricStore
        const wide = store.counter({ name: "wide_total", help: "w", attributes: ["n"] })
        const expected = { jobs: 0, wide: 0 }
        const taken = { jobs: 0, wide: 0 }
        for (const { queues, statuses } of [...rounds, { queues: [], statuses: [200] as const }]) {
          for (const queue of queues) yield* countJobs(1, queue)
          // Two thousand series more than one request takes.
          for (let n = 0; n < 2100; n += 1) wide.inc({ n: `${n}` })
          expected.jobs += queues.length
          expected.wide += 2100
          const before = requests.length
          answer(...statuses.slice(0, 2).map((status) => ({ status })))
          yield* flush
          const { collected, exported, pending, rejected, replaced } = yield* points
          assert.strictEqual(collected, exported! + rejected! + replaced! + pending!)
          requests.slice(before).forEach(({ body }, index) => {
            if ((statuses[index] ?? 200) !== 200) return
            for (const { metric, value } of ownPoints(body)) {
              taken[metric === "jobs_total" ? "jobs" : "wide"] += Number(value)
            }
          })
        }
        assert.deepStrictEqual(taken, expected)
      }).pipe(Effect.provide(layer(delta(large)))),
    { arbitrary: { runs: 15 } }
  )
})

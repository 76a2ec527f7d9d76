import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { connect } from "node:net"
import { gunzipSync } from "node:zlib"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as MetricsRoute from "../../src/http/MetricsRoute.ts"
import * as CsvFormat from "../../src/metrics/CsvFormat.ts"
import * as JsonFormat from "../../src/metrics/JsonFormat.ts"
import type { MetricSnapshot } from "../../src/metrics/MetricSnapshot.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import * as PrometheusFormat from "../../src/metrics/PrometheusFormat.ts"
import * as PrometheusProtobufFormat from "../../src/metrics/PrometheusProtobufFormat.ts"
import * as MetricFamilyDecoder from "../support/metricFamilyDecoder.ts"
import * as snapshots from "../support/metricSnapshots.ts"
import * as prometheusParser from "../support/prometheusParser.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as server from "./server.ts"
import { order, ProcessOrder } from "./tasks.ts"

const tasks = [ProcessOrder] as const
const token = "scrape-me"

/** The route over a store that holds a snapshot. */
const holding = (snapshot: MetricSnapshot) =>
  server.serve(MetricsRoute.layer.pipe(
    Layer.provide(
      Layer.effect(
        MetricStore.MetricStore,
        Effect.map(MetricStore.MetricStore, (store) =>
          MetricStore.MetricStore.of({ ...store, snapshot: Effect.succeed(snapshot) }))
      ).pipe(Layer.provide(MetricStore.layerNoop))
    )
  )).pipe(Layer.provideMerge(TestTelemetry.whole()))

const jobs = snapshots.numbers("counter", "jobs_total", [snapshots.series({ kind: "mail" }, 3)])

const text = `# HELP jobs_total Help.
# TYPE jobs_total counter
jobs_total{kind="mail"} 3
`

const openMetrics = `# TYPE jobs counter
# HELP jobs Help.
jobs_total{kind="mail"} 3
# EOF
`

/** What the Prometheus server of version 3 sends. */
const prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
  "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4," +
  "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

describe("GET /metrics", () => {
  it.effect("gives the metrics of the tasks in the text format", () =>
    Effect.gen(function*() {
      const { body } = yield* server.post("/tasker/tasks", { name: "process_order", context: order })
      yield* server.awaitStatus(body.taskId, "complete")
      const answer = yield* server.get("/tasker/metrics")
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
      assert.strictEqual(answer.headers["cache-control"], "no-store")
      const samples = prometheusParser.parse(answer.text).flatMap((family) => family.samples)
      const total = samples.find(({ labels, name }) => name === "tasker_tasks_total" && labels["status"] === "complete")
      assert.strictEqual(total?.value, 1)
      assert.notInclude(answer.text, body.taskId)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect.each(
    [
      ["", "text"],
      ["*/*", "text"],
      ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text"],
      ["application/xml", "text"],
      ["application/json;q=0, */*", "text"],
      ["text/*", "text"],
      ["text/plain;version=0.0.4", "text"],
      ["application/openmetrics-text;version=0.0.1", "text"],
      ["application/openmetrics-text;q=0, */*", "text"],
      ["application/vnd.google.protobuf", "text"],
      ["application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", "text"],
      [prometheus, "openmetrics"],
      ["application/openmetrics-text", "openmetrics"],
      ["APPLICATION/OpenMetrics-Text; Version=\"1.0.0\"", "openmetrics"],
      ["text/plain;q=0.5, application/openmetrics-text; version=1.0.0", "openmetrics"]
    ] as const
  )("answers %j in %s", ([accept, format]) =>
    Effect.gen(function*() {
      const answer = yield* server.get("/metrics", { accept })
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.text, format === "text" ? text : openMetrics)
      assert.strictEqual(
        answer.headers["content-type"],
        format === "text"
          ? "text/plain; version=0.0.4; charset=utf-8"
          : "application/openmetrics-text; version=1.0.0; charset=utf-8"
      )
      assert.strictEqual(answer.headers["vary"], "Accept, Accept-Encoding")
    }).pipe(Effect.provide(holding(snapshots.snapshot(jobs)))))

  it.effect.each(
    [
      ["application/json", "json"],
      ["Application/JSON; charset=utf-8", "json"],
      ["text/html;q=0.9, application/json", "json"],
      ["text/csv;q=0.1, application/json;q=0.2", "json"],
      ["text/csv", "csv"],
      ["text/plain;q=0.5, text/csv;header=present", "csv"]
    ] as const
  )("answers %j in %s, compressed where the client takes gzip", ([accept, format]) =>
    Effect.gen(function*() {
      const plain = yield* server.get("/metrics", { accept })
      const compressed = yield* server.get("/metrics", { accept, "accept-encoding": "gzip" })
      assert.deepStrictEqual([plain.status, plain.headers["vary"]], [200, "Accept, Accept-Encoding"])
      assert.strictEqual(gunzipSync(compressed.bytes).toString(), plain.text)
      if (format === "json") {
        assert.strictEqual(plain.headers["content-type"], "application/json; charset=utf-8")
        assert.deepStrictEqual(yield* JsonFormat.decode(plain.text), snapshots.snapshot(jobs))
      } else {
        assert.strictEqual(plain.headers["content-type"], "text/csv; charset=utf-8; header=present")
        assert.strictEqual(plain.text, CsvFormat.format(snapshots.snapshot(jobs)))
      }
    }).pipe(Effect.provide(holding(snapshots.snapshot(jobs)))))

  it.effect.each([["text/plain", text], [prometheus, openMetrics]] as const)(
    "compresses %s where the client takes gzip",
    ([accept, expected]) =>
      Effect.gen(function*() {
        const answer = yield* server.get("/metrics", { accept, "accept-encoding": "br;q=1, gzip;q=0.5" })
        assert.strictEqual(answer.headers["content-encoding"], "gzip")
        assert.strictEqual(answer.headers["vary"], "Accept, Accept-Encoding")
        assert.strictEqual(gunzipSync(answer.bytes).toString(), expected)
        const plain = yield* server.get("/metrics", { accept, "accept-encoding": "gzip;q=0, identity" })
        assert.isUndefined(plain.headers["content-encoding"])
        assert.strictEqual(plain.text, expected)
      }).pipe(Effect.provide(holding(snapshots.snapshot(jobs))))
  )

  it.effect.each([
    `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,${prometheus}`,
    "text/plain;q=0.5, Application/Vnd.Google.Protobuf; Encoding=delimited; Proto=io.prometheus.client.MetricFamily"
  ])("answers %j in protobuf", (accept) =>
    Effect.gen(function*() {
      const answer = yield* server.get("/metrics", { accept })
      assert.strictEqual(answer.headers["content-type"], PrometheusProtobufFormat.contentType)
      assert.strictEqual(answer.headers["vary"], "Accept, Accept-Encoding")
      const decoded = (bytes: Uint8Array) =>
        MetricFamilyDecoder.decode(bytes).map(({ metrics, name }) => [name, metrics.map(({ value }) => value)])
      assert.deepStrictEqual(decoded(answer.bytes), [["jobs_total", [3]]])
      const compressed = yield* server.get("/metrics", { accept, "accept-encoding": "gzip" })
      assert.strictEqual(compressed.headers["content-encoding"], "gzip")
      assert.deepStrictEqual(decoded(gunzipSync(compressed.bytes)), [["jobs_total", [3]]])
    }).pipe(Effect.provide(holding(snapshots.snapshot(jobs)))))

  const many = snapshots.numbers(
    "counter",
    "jobs_total",
    Array.from({ length: 50_000 }, (_, index) => snapshots.series({ kind: `kind-${index}` }, index))
  )

  it.effect("writes many series piece by piece, and others have their turn in between", () =>
    Effect.gen(function*() {
      let turns = 0
      const others = yield* Effect.forkChild(
        Effect.forever(Effect.andThen(Effect.sync(() => turns++), Effect.yieldNow), { disableYield: true })
      )
      const answer = yield* server.get("/metrics")
      yield* Fiber.interrupt(others)
      assert.strictEqual(answer.headers["transfer-encoding"], "chunked")
      assert.strictEqual(answer.text, PrometheusFormat.format(snapshots.snapshot(many)))
      assert.isAtLeast(turns, answer.text.length / 70_000)
    }).pipe(Effect.provide(holding(snapshots.snapshot(many)))))

  it.effect("writes many series compressed", () =>
    Effect.gen(function*() {
      const answer = yield* server.get("/metrics", { "accept-encoding": "gzip" })
      assert.isBelow(answer.bytes.length, 500_000)
      assert.strictEqual(gunzipSync(answer.bytes).toString(), PrometheusFormat.format(snapshots.snapshot(many)))
    }).pipe(Effect.provide(holding(snapshots.snapshot(many)))))

  it.effect("goes on after a client that leaves in the middle", () =>
    Effect.gen(function*() {
      const { host, port } = yield* server.Target
      yield* Effect.callback<void>((resume) => {
        const socket = connect(port, host, () => socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"))
        socket.once("data", () => {
          socket.destroy()
          resume(Effect.void)
        })
      })
      assert.strictEqual((yield* server.get("/metrics")).status, 200)
    }).pipe(Effect.provide(holding(snapshots.snapshot(many)))))

  it.effect("warns once about a metric that has no place", () =>
    Effect.gen(function*() {
      for (let round = 0; round < 3; round++) {
        assert.strictEqual(
          (yield* server.get("/metrics")).text,
          "# HELP a_total Help.\n# TYPE a_total gauge\na_total 1\n"
        )
      }
      const [line, ...others] = yield* server.logged("is scraped without its series")
      assert.strictEqual(
        line?.message,
        "metric \"a\" is scraped without its series: a_total is taken by the gauge a_total"
      )
      assert.deepStrictEqual(others, [])
    }).pipe(Effect.provide(holding(snapshots.snapshot(
      snapshots.numbers("gauge", "a_total", [snapshots.series({}, 1)]),
      snapshots.numbers("counter", "a", [snapshots.series({}, 2)])
    )))))

  it.effect("answers HEAD without a body", () =>
    Effect.gen(function*() {
      const answer = yield* server.send("HEAD", "/tasker/metrics")
      assert.deepStrictEqual([answer.status, answer.text], [200, ""])
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect.each([
    { metrics: { enabled: false } },
    { enabled: false }
  ])("answers 404 under %j", (options) =>
    Effect.gen(function*() {
      const answer = yield* server.get("/tasker/metrics")
      assert.strictEqual(answer.status, 404)
      assert.deepStrictEqual(answer.body, {
        error: "metrics_disabled",
        message: "set the options enabled and metrics.enabled to true"
      })
    }).pipe(Effect.provide(server.layer(tasks, options))))

  it.effect("needs the token where the configuration says so", () =>
    Effect.gen(function*() {
      for (const authorization of ["", "Bearer", "Bearer scrape-m", "Bearer scrape-mee", "Basic scrape-me"]) {
        const refused = yield* server.get("/tasker/metrics", { authorization })
        assert.strictEqual(refused.status, 401, authorization)
        assert.strictEqual(refused.headers["www-authenticate"], "Bearer")
        assert.strictEqual(refused.body.error, "unauthorized")
        assert.notInclude(JSON.stringify([refused.headers, refused.text]), token)
      }
      assert.strictEqual((yield* server.get("/tasker/metrics")).status, 401)
      assert.strictEqual((yield* server.get("/tasker/metrics", { authorization: `bearer ${token}` })).status, 200)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token }, metrics: { authRequired: true } }))))

  it.effect("does not tell those without the token whether there are metrics", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get("/tasker/metrics")).status, 401)
      assert.strictEqual((yield* server.get("/tasker/metrics", { authorization: `Bearer ${token}` })).status, 404)
    }).pipe(
      Effect.provide(server.layer(tasks, { http: { token }, metrics: { authRequired: true, enabled: false } }))
    ))

  it.effect("is open where a token is set and not required", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get("/tasker/metrics")).status, 200)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token } }))))

  const handMade = (token: Redacted.Redacted<string> | undefined) =>
    Layer.effect(
      TelemetryConfig.Current,
      Effect.map(TelemetryConfig.make(), (config) => ({
        ...config,
        metrics: { ...config.metrics, authRequired: true },
        http: { ...config.http, token }
      }))
    )

  it.effect.each([undefined, Redacted.make("")])(
    "lets nobody in if the required token is %s",
    (token) =>
      Effect.gen(function*() {
        for (const authorization of ["", "Bearer ", "Bearer undefined"]) {
          assert.strictEqual((yield* server.get("/metrics", { authorization })).status, 401)
        }
      }).pipe(Effect.provide(
        server.serve(MetricsRoute.layer).pipe(Layer.provide([MetricStore.layerNoop, handMade(token)]))
      ))
  )

  const broken = Layer.effect(
    MetricStore.MetricStore,
    Effect.map(
      MetricStore.MetricStore,
      (store) => MetricStore.MetricStore.of({ ...store, snapshot: Effect.die(new Error("out of order")) })
    )
  ).pipe(Layer.provide(MetricStore.layerNoop))

  it.effect("answers a broken store with 500 and a line in the log", () =>
    Effect.gen(function*() {
      const answer = yield* server.get("/metrics")
      assert.deepStrictEqual([answer.status, answer.body.error], [500, "internal_error"])
      assert.lengthOf(yield* server.logged("a request could not be handled"), 1)
    }).pipe(Effect.provide(
      server.serve(MetricsRoute.layer.pipe(
        Layer.provide(broken)
      )).pipe(Layer.provideMerge(TestTelemetry.whole()))
    )))
})

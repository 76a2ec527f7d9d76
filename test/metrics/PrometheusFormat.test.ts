import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric, Schema } from "effect"
import { spawnSync } from "node:child_process"
import { EventBus } from "../../src/events/EventBus.ts"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"
import { catalog } from "../../src/metrics/MetricCatalog.ts"
import * as MetricEventSink from "../../src/metrics/MetricEventSink.ts"
import type { FamilySnapshot } from "../../src/metrics/MetricSnapshot.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import * as PrometheusFormat from "../../src/metrics/PrometheusFormat.ts"
import * as prometheusParser from "../support/prometheusParser.ts"

const family = (part: Partial<FamilySnapshot>): FamilySnapshot => ({
  name: "jobs",
  help: "Jobs.",
  type: "gauge",
  attributes: [],
  buckets: undefined,
  series: [],
  ...part
})

const live = MetricStore.layer.pipe(Layer.provide(SelfStatistics.layer))

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0

const promtool = (text: string) => {
  const { status, stderr, stdout } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })
  return { status, output: `${stdout}${stderr}` }
}

describe("PrometheusFormat", () => {
  it("writes nothing for an empty snapshot", () => {
    assert.strictEqual(PrometheusFormat.format([]), "")
  })

  it("writes counters, gauges and up-down counters", () => {
    assert.strictEqual(
      PrometheusFormat.format([
        family({
          name: "jobs_total",
          type: "counter",
          series: [{ attributes: { kind: "mail", site: "a" }, value: 3 }, {
            attributes: { otel_metric_overflow: "true" },
            value: 0.5
          }]
        }),
        family({ name: "level", help: "Level.", series: [{ attributes: {}, value: -1.5 }] }),
        family({
          name: "active",
          help: "Active.",
          type: "upDownCounter",
          series: [{ attributes: { task: "t" }, value: 1e21 }]
        })
      ]),
      `# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total{kind="mail",site="a"} 3
jobs_total{otel_metric_overflow="true"} 0.5
# HELP level Level.
# TYPE level gauge
level -1.5
# HELP active Active.
# TYPE active gauge
active{task="t"} 1e+21
`
    )
  })

  it("writes the buckets of a histogram cumulatively up to +Inf, then sum and count", () => {
    assert.strictEqual(
      PrometheusFormat.format([family({
        name: "wait_seconds",
        help: "Waits.",
        type: "histogram",
        buckets: [0.005, 1, 2.5],
        series: [
          { attributes: { kind: "mail" }, value: { counts: [1, 0, 2, 4], count: 7, sum: 17.25 } },
          { attributes: {}, value: { counts: [0, 0, 0, 0], count: 0, sum: 0 } }
        ]
      })]),
      `# HELP wait_seconds Waits.
# TYPE wait_seconds histogram
wait_seconds_bucket{kind="mail",le="0.005"} 1
wait_seconds_bucket{kind="mail",le="1"} 1
wait_seconds_bucket{kind="mail",le="2.5"} 3
wait_seconds_bucket{kind="mail",le="+Inf"} 7
wait_seconds_sum{kind="mail"} 17.25
wait_seconds_count{kind="mail"} 7
wait_seconds_bucket{le="0.005"} 0
wait_seconds_bucket{le="1"} 0
wait_seconds_bucket{le="2.5"} 0
wait_seconds_bucket{le="+Inf"} 0
wait_seconds_sum 0
wait_seconds_count 0
`
    )
  })

  it("escapes help and values, and spells what is no number", () => {
    assert.strictEqual(
      PrometheusFormat.format([family({
        help: "A \"b\" \\ c\nd",
        series: [
          { attributes: { kind: "a\"b\\c\nd{}=,\ud800é" }, value: Number.NaN },
          { attributes: { kind: "" }, value: Infinity },
          { attributes: { kind: "\r\t" }, value: -Infinity }
        ]
      })]),
      "# HELP jobs A \"b\" \\\\ c\\nd\n# TYPE jobs gauge\n" +
        "jobs{kind=\"a\\\"b\\\\c\\nd{}=,\ufffdé\"} NaN\njobs{kind=\"\"} +Inf\njobs{kind=\"\r\t\"} -Inf\n"
    )
  })

  it.effect.prop(
    "writes what a strict parser reads back, whatever the values are",
    {
      rest: Schema.String,
      points: Schema.Array(Schema.Struct({ a: Schema.String, b: Schema.String, value: Schema.Number }))
    },
    ({ points, rest }) =>
      Effect.gen(function*() {
        const help = `h${rest}`
        const store = yield* MetricStore
        const gauge = store.gauge({ name: "level", help, attributes: ["a", "b"] })
        const histogram = store.histogram({ name: "wait", help, attributes: ["a"], buckets: [-1, 0, 1e-7, 1e21] })
        for (const { a, b, value } of points) {
          gauge.set({ a, b }, value)
          histogram.observe({ a }, value)
        }
        const families = prometheusParser.parse(PrometheusFormat.format(yield* store.snapshot))
        const written = new Map(
          points.map(({ a, b, value }) => [JSON.stringify({ a: a.toWellFormed(), b: b.toWellFormed() }), value])
        )
        const level = families.find(({ name }) => name === "level")
        assert.deepStrictEqual(
          new Map(level?.samples.map(({ labels, value }) => [JSON.stringify(labels), value + 0])),
          new Map(Array.from(written, ([labels, value]) => [labels, value + 0]))
        )
        if (points.length > 0) assert.strictEqual(level?.help, help)
        assert.strictEqual(families.length, points.length === 0 ? 0 : 2)
      }).pipe(Effect.provide(live), Effect.provideService(Metric.MetricRegistry, new Map())),
    { arbitrary: { runs: 300 } }
  )

  // promtool is the linter of Prometheus; where it is not installed this test is skipped.
  it.effect.skipIf(!hasPromtool)("writes what promtool has nothing to say about", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore
      for (const key of Object.keys(catalog) as Array<keyof typeof catalog>) {
        const declaration = catalog[key]
        const attributes = Object.fromEntries(declaration.attributes.map((name) => [name, "a \"b\" \\ \n é"])) as never
        if ("buckets" in declaration) store.histogram(declaration).observe(attributes, 0.3)
        else if (declaration.name.endsWith("_total")) store.counter(declaration).inc(attributes)
        else store.upDownCounter(declaration).add(attributes, 1)
      }
      assert.deepStrictEqual(promtool(PrometheusFormat.format(yield* store.snapshot)), { status: 0, output: "" })
      assert.notStrictEqual(promtool("jobs 1\njobs 1").output, "")
    }).pipe(
      Effect.provide(
        Layer.provideMerge(MetricEventSink.layer, Layer.mergeAll(MetricStore.layer, EventBus.layer)).pipe(
          Layer.provide(SelfStatistics.layer)
        )
      ),
      Effect.provideService(Metric.MetricRegistry, new Map())
    ))
})

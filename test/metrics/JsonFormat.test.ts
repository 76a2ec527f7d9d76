import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as JsonFormat from "../../src/metrics/JsonFormat.ts"
import type { MetricData, MetricSnapshot } from "../../src/metrics/MetricSnapshot.ts"
import { anySnapshot } from "../support/anySnapshot.ts"
import { snapshot } from "../support/metricSnapshots.ts"

const gauge = (...values: ReadonlyArray<number>): MetricData => ({
  type: "gauge",
  name: "depth",
  help: "Depth.",
  unit: undefined,
  attributes: ["at"],
  series: values.map((value, index) => ({ attributes: { at: `${index}` }, startMillis: 0, value, exemplars: [] }))
})

const histogram: MetricData = {
  type: "histogram",
  name: "wait_seconds",
  help: "Wait.",
  unit: "seconds",
  attributes: ["task"],
  buckets: [0.1, 1],
  series: [{
    attributes: { task: "greet" },
    startMillis: 1_767_225_000_000,
    value: { counts: [1, 2, 3], count: 6, sum: 12.5 },
    exemplars: [{ value: 0.07, timeMillis: 1_767_225_599_000, traceId: "a".repeat(32), spanId: "b".repeat(16) }]
  }]
}

describe("JsonFormat", () => {
  it("is the snapshot with its schema's name, the time and the resource", () => {
    assert.strictEqual(
      JsonFormat.format(snapshot(histogram), { resource: { "service.name": "shop" } }),
      "{\"format\":\"tasker-telemetry/metrics\",\"version\":1,\"time\":\"2023-11-14T22:13:20.000Z\"," +
        "\"timeMillis\":1700000000000,\"resource\":{\"service.name\":\"shop\"},\"families\":[{\"type\":\"histogram\"," +
        "\"name\":\"wait_seconds\",\"help\":\"Wait.\",\"unit\":\"seconds\",\"attributes\":[\"task\"]," +
        "\"buckets\":[0.1,1],\"series\":[{\"attributes\":{\"task\":\"greet\"},\"startMillis\":1767225000000," +
        "\"value\":{\"counts\":[1,2,3],\"count\":6,\"sum\":12.5},\"exemplars\":[{\"value\":0.07," +
        `"timeMillis":1767225599000,"traceId":"${"a".repeat(32)}","spanId":"${"b".repeat(16)}"}]}]}]}`
    )
  })

  it("writes what JSON has no number for as text, and -0 as the number it is", () => {
    const { families } = JSON.parse(JsonFormat.format(snapshot(gauge(NaN, Infinity, -Infinity, -0, 1e21, 5e-324))))
    assert.deepStrictEqual(
      families[0].series.map(({ value }: { readonly value: unknown }) => value),
      ["NaN", "Infinity", "-Infinity", -0, 1e21, 5e-324]
    )
  })

  it("has no time for people where the clock has no date", () => {
    const { time, timeMillis } = JSON.parse(JsonFormat.format({ timeMillis: 1e20, metrics: [] }))
    assert.deepStrictEqual([time, timeMillis], [undefined, 1e20])
  })

  it.effect.prop("reads back into an equal snapshot", [anySnapshot], ([snapshot]) =>
    Effect.gen(function*() {
      const text = JsonFormat.format(snapshot, { resource: { "service.name": "\ud800\"" } })
      assert.deepStrictEqual(yield* JsonFormat.decode(text), snapshot)
    }))

  it.effect.prop("says the same as its schema", [anySnapshot], ([{ metrics, timeMillis }]) =>
    Effect.gen(function*() {
      const document = { format: "tasker-telemetry/metrics", version: 1, timeMillis, families: metrics } as const
      const { time: _, ...written } = JSON.parse(JsonFormat.format({ timeMillis, metrics }))
      assert.deepStrictEqual(written, yield* Schema.encodeEffect(JsonFormat.Document)(document))
    }))

  it.effect("comes in chunks that make up the whole and are no longer than a series above 64 Ki characters", () =>
    Effect.gen(function*() {
      const large = snapshot(gauge(...Array.from({ length: 5000 }, (_, index) => index)), histogram)
      const chunks = Array.from(JsonFormat.chunks(large))
      assert.isAbove(chunks.length, 4)
      assert.isBelow(Math.max(...chunks.map(({ length }) => length)), 65_536 + 200)
      const text = Buffer.concat(chunks).toString()
      assert.strictEqual(text, JsonFormat.format(large))
      assert.deepStrictEqual(yield* JsonFormat.decode(text), large)
    }))

  it.effect("refuses other documents and says where they differ", () =>
    Effect.gen(function*() {
      const refusal = (text: string) => Effect.map(Effect.flip(JsonFormat.decode(text)), ({ message }) => message)
      const empty: MetricSnapshot = { timeMillis: 0, metrics: [] }
      assert.include(yield* refusal("{"), "JSON")
      assert.include(yield* refusal("{}"), "[\"format\"]")
      assert.include(
        yield* refusal(JsonFormat.format(empty).replace("\"version\":1", "\"version\":2")),
        "[\"version\"]"
      )
      assert.include(
        yield* refusal(JsonFormat.format(snapshot(gauge(1))).replace("\"value\":1", "\"value\":\"1\"")),
        "[\"families\"][0][\"series\"][0][\"value\"]"
      )
    }))

  it.effect("ignores fields that it does not know", () =>
    Effect.gen(function*() {
      const text = JsonFormat.format(snapshot(histogram))
        .replace("\"version\":1", "\"version\":1,\"later\":{}")
        .replace("\"help\"", "\"more\":[1],\"help\"")
      assert.deepStrictEqual(yield* JsonFormat.decode(text), snapshot(histogram))
    }))
})

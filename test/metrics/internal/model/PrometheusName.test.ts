import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as PrometheusName from "../../../../src/metrics/internal/model/PrometheusName.ts"

describe("PrometheusName", () => {
  it.each([
    ["jobs_total", "jobs_total"],
    ["ns:jobs", "ns:jobs"],
    ["http.server.duration", "http_server_duration"],
    ["a.-b", "a_b"],
    ["a__b", "a_b"],
    ["1st", "_1st"],
    ["", "_"],
    ["___", "_"],
    ["größe", "gr_e"],
    ["😀", "_"],
    ["\ud800x", "_x"],
    ["a b\n", "a_b_"]
  ])("names the metric %j %s", (text, name) => {
    assert.strictEqual(PrometheusName.metricName(text), name)
  })

  it.each([
    ["kind", "kind"],
    ["ns:kind", "ns_kind"],
    ["http.method", "http_method"],
    ["__name__", "_name_"],
    ["4", "_4"],
    ["", "_"]
  ])("names the label %j %s", (text, name) => {
    assert.strictEqual(PrometheusName.labelName(text), name)
  })

  it.effect.prop("names everything", [Schema.String], ([text]) =>
    Effect.sync(() => {
      assert.match(PrometheusName.metricName(text), /^(?!.*__)[a-zA-Z_:][a-zA-Z0-9_:]*$/)
      assert.match(PrometheusName.labelName(text), /^(?!.*__)[a-zA-Z_][a-zA-Z0-9_]*$/)
      assert.strictEqual(PrometheusName.metricName(PrometheusName.metricName(text)), PrometheusName.metricName(text))
    }), { arbitrary: { runs: 1000, seed: 1 } })

  it.each([
    ["seconds", "seconds"],
    ["s", "seconds"],
    ["By", "bytes"],
    ["By/s", "bytes_per_second"],
    ["1", "ratio"],
    ["%", "percent"],
    ["{packet}", undefined],
    ["{packet}/s", "per_second"],
    ["", undefined],
    ["constructor", "constructor"]
  ])("names the unit %j %s", (unit, name) => {
    assert.strictEqual(PrometheusName.unitName(unit), name)
  })
})

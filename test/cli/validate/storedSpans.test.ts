import { assert, describe, it } from "@effect/vitest"
import { fromJaeger, fromOtlp } from "../../../src/cli/validate/storedSpans.ts"

const expected = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentId: "00f067aa0ba902b7",
  name: "work",
  service: "shop",
  start: 1_700_000_000_000_001,
  duration: 2500,
  attributes: { text: "a", whole: 3, half: 0.5, yes: true },
  events: [{ name: "queued", attributes: { "tasker.event": "x" } }]
}

describe("stored spans", () => {
  it("are read from the JSON of OTLP", () => {
    const body = {
      result: {
        resourceSpans: [{
          resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
          scopeSpans: [{
            spans: [{
              traceId: expected.traceId,
              spanId: expected.spanId,
              parentSpanId: expected.parentId,
              name: "work",
              startTimeUnixNano: "1700000000000001999",
              endTimeUnixNano: "1700000000002501999",
              attributes: [
                { key: "text", value: { stringValue: "a" } },
                { key: "whole", value: { intValue: "3" } },
                { key: "half", value: { doubleValue: 0.5 } },
                { key: "yes", value: { boolValue: true } }
              ],
              events: [{ name: "queued", attributes: [{ key: "tasker.event", value: { stringValue: "x" } }] }]
            }]
          }]
        }]
      }
    }
    assert.deepStrictEqual(fromOtlp(body), [expected])
  })

  it("are read from Jaeger's own JSON", () => {
    const body = {
      data: [{
        processes: { p1: { serviceName: "shop" } },
        spans: [{
          traceID: expected.traceId,
          spanID: expected.spanId,
          operationName: "work",
          references: [{ refType: "CHILD_OF", traceID: expected.traceId, spanID: expected.parentId }],
          startTime: expected.start,
          duration: 2500,
          processID: "p1",
          tags: [
            { key: "text", value: "a" },
            { key: "whole", value: 3 },
            { key: "half", value: 0.5 },
            { key: "yes", value: true }
          ],
          logs: [{ fields: [{ key: "event", value: "queued" }, { key: "tasker.event", value: "x" }] }]
        }]
      }]
    }
    assert.deepStrictEqual(fromJaeger(body), [expected])
  })

  it("are none in an answer of another kind", () => {
    for (const body of [undefined, null, "x", [], {}, { result: null, data: null }, { data: [{}] }]) {
      assert.deepStrictEqual(fromOtlp(body), [])
      assert.deepStrictEqual(fromJaeger(body), [])
    }
  })
})

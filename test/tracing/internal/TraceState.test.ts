import { assert, describe, it } from "@effect/vitest"
import { Schema, Tracer } from "effect"
import * as Context from "effect/Context"
import * as TraceState from "../../../src/tracing/internal/TraceState.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"

describe("TraceState", () => {
  it.each([
    ["", ""],
    ["a=1", "a=1"],
    [" a=1 ,, b=2\t", "a=1,b=2"],
    ["tenant@vendor=x:y", "tenant@vendor=x:y"],
    // What a receiver has to refuse as a whole.
    ["a=1,a=2", ""],
    ["A=1", ""],
    ["a", ""],
    ["a=", ""],
    ["a=ü", ""],
    [Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(), ""]
  ])("reads %j as %j", (header, state) => {
    assert.strictEqual(TraceState.parse(header), state)
  })

  it("leaves out the last members of a state that is too long", () => {
    const long = `a=${"x".repeat(200)},b=${"y".repeat(200)},c=${"z".repeat(200)}`
    assert.strictEqual(TraceState.parse(long), long.slice(0, long.indexOf(",c=")))
  })

  it("puts a changed member first, and removes one", () => {
    assert.strictEqual(TraceState.set("a=1,b=2", "b", "3"), "b=3,a=1")
    assert.strictEqual(TraceState.set("a=1,b=2", "c", "3"), "c=3,a=1,b=2")
    assert.strictEqual(TraceState.set("a=1,b=2", "a", undefined), "b=2")
    assert.strictEqual(TraceState.get("ab=1,b=2", "b"), "2")
    assert.isUndefined(TraceState.get("ab=1", "b"))
  })

  it.each([
    ["", "8", "ot=th:8"],
    ["x=1", "8", "ot=th:8,x=1"],
    ["ot=rv:00000000000001;th:4,x=1", "8", "ot=th:8;rv:00000000000001,x=1"],
    ["ot=th:4,x=1", undefined, "x=1"],
    ["ot=th:4;rv:00000000000001", undefined, "ot=rv:00000000000001"],
    ["x=1", undefined, "x=1"]
  ])("of %j with the threshold %j makes %j", (state, threshold, expected) => {
    assert.strictEqual(TraceState.withThreshold(state, threshold), expected)
  })

  // The examples of the specification.
  it.each([
    [1, "0"],
    [0.5, "8"],
    [0.25, "c"],
    [0.75, "4"],
    [1 / 3, "aaaaaaaaaaaaac"],
    [0.1, "e6666666666666"]
  ])("rejects by the threshold of the ratio %s", (ratio, text) => {
    assert.strictEqual(TraceState.thresholdText(TraceState.rejected(ratio)), text)
  })

  it("takes the randomness from the state, else from the trace id", () => {
    assert.strictEqual(TraceState.randomness(traceId, ""), 0x48eb211c80319cn)
    assert.strictEqual(TraceState.randomness(traceId, "ot=rv:00000000000fff"), 0xfffn)
    assert.strictEqual(TraceState.randomness(traceId, "ot=rv:wrong"), 0x48eb211c80319cn)
  })

  it("knows the state of an external span by its annotation", () => {
    const span = Tracer.externalSpan({
      traceId,
      spanId: "b7ad6b7169203331",
      annotations: Context.make(TraceState.Incoming, "a=1")
    })
    assert.strictEqual(TraceState.of(span), "a=1")
    assert.strictEqual(TraceState.of(Tracer.externalSpan({ traceId, spanId: "b7ad6b7169203331" })), "")
  })

  it.prop(
    "gives nothing for a header that it cannot pass on, and else what it takes again",
    [Schema.String],
    ([text]) => {
      const state = TraceState.parse(text)
      assert.strictEqual(TraceState.parse(state), state)
      assert.isAtMost(state.length, 512)
    },
    { arbitrary: { runs: 500 } }
  )
})

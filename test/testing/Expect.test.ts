import { assert, describe, it } from "@effect/vitest"
import type { SpanData } from "../../src/delivery/SpanData.ts"
import * as Expect from "../../src/testing/Expect.ts"

let number = 0

/** A span of one trace that starts at the given second. */
const span = (name: string, start: number, parent?: SpanData, part: Partial<SpanData> = {}): SpanData => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: (++number).toString(16).padStart(16, "0"),
  parentSpanId: parent?.spanId,
  name,
  kind: "internal",
  startTimeNanos: BigInt(start) * 1_000_000_000n,
  endTimeNanos: BigInt(start) * 1_000_000_000n,
  attributes: new Map(),
  events: [],
  links: [],
  statusCode: "unset",
  statusMessage: undefined,
  droppedAttributes: 0,
  droppedEvents: 0,
  droppedLinks: 0,
  ...part
})

const task = span("task", 0, undefined, { attributes: new Map<string, unknown>([["name", "order"], ["count", 2]]) })
const first = span("step", 1, task, {
  kind: "client",
  statusCode: "error",
  events: [{ name: "e", timeNanos: 0n, attributes: {} }]
})
const query = span("query", 2, first)
const second = span("step", 3, task)
/** In the order of their ends, as a tracer gives them. */
const spans = [query, first, second, task]

const mismatch = (expected: ReadonlyArray<Expect.ExpectedSpan>, actual = spans): string => {
  try {
    Expect.spanTree(actual, expected)
  } catch (error) {
    assert.instanceOf(error, Expect.SpanTreeMismatch)
    return (error as Error).message
  }
  return assert.fail("the spans are as expected")
}

describe("Expect.spanTree", () => {
  it("accepts a tree that is as expected", () => {
    Expect.spanTree(spans, [{
      name: "task",
      kind: "internal",
      status: "unset",
      attributes: { name: "order" },
      events: [],
      children: [
        { name: "step", kind: "client", status: "error", events: ["e"], children: [{ name: "query", children: [] }] },
        { name: "step", children: [] }
      ]
    }])
  })

  it("does not compare what is not given", () => {
    Expect.spanTree(spans, [{ name: "task" }])
    Expect.spanTree([], [])
  })

  it("takes a span whose parent was not recorded for a root", () => {
    Expect.spanTree([query, second], [{ name: "query" }, { name: "step" }])
  })

  it("takes siblings that start together in any order, and no others", () => {
    const parent = span("task", 0)
    const together = [span("a", 1, parent), span("b", 1, parent), span("a", 1, parent, { kind: "client" }), parent]
    for (const order of [["a", "b", "a"], ["a", "a", "b"], ["b", "a", "a"]]) {
      Expect.spanTree(together, [{ name: "task", children: order.map((name) => ({ name })) }])
    }
    Expect.spanTree(together, [{
      name: "task",
      children: [{ name: "a", kind: "client" }, { name: "b" }, { name: "a" }]
    }])
    const apart = [span("a", 1, parent), span("b", 2, parent), parent]
    assert.include(
      mismatch([{ name: "task", children: [{ name: "b" }, { name: "a" }] }], apart),
      "the roots > task > b: got a in its place"
    )
  })

  it("says what is different, and what was recorded", () => {
    assert.strictEqual(
      mismatch([{
        name: "task",
        kind: "server",
        status: "error",
        attributes: { name: "other", count: "2", missing: true },
        events: ["x"],
        children: [{ name: "step", events: [], children: [{ name: "mail" }] }, { name: "step" }]
      }]),
      `the spans are not as expected:
  - the roots > task: expected kind "server", got "internal"
  - the roots > task: expected status "error", got "unset"
  - the roots > task: expected events ["x"], got []
  - the roots > task: expected attribute name "other", got "order"
  - the roots > task: expected attribute count "2", got 2
  - the roots > task: expected attribute missing true, got undefined
  - the roots > task > step: expected events [], got ["e"]
  - the roots > task > step > mail: got query in its place
recorded:
  task
    step (error)
      query
    step`
    )
  })

  it("names spans that are missing and spans that are too many", () => {
    assert.strictEqual(
      mismatch([{ name: "task", children: [{ name: "step" }] }, { name: "other" }]),
      `the spans are not as expected:
  - the roots: expected task, other, got task
recorded:
  task
    step (error)
      query
    step`
    )
    assert.include(
      mismatch([{ name: "task", children: [{ name: "step" }] }]),
      "\n  - the roots > task: expected step, got step, step\n"
    )
    assert.include(
      mismatch([{ name: "task", children: [] }]),
      "\n  - the roots > task: expected nothing, got step, step\n"
    )
    assert.include(mismatch([{ name: "task" }], []), "\n  - the roots: expected task, got nothing\n")
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Expect from "../../../src/testing/internal/Expect.ts"
import type { SpanData } from "../../../src/tracing/SpanData.ts"

let number = 0

/** A span of one trace that starts at the given second. */
const span = (name: string, start: number, parent?: SpanData, part: Partial<SpanData> = {}): SpanData => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: (++number).toString(16).padStart(16, "0"),
  parentSpanId: parent?.spanId,
  isParentRemote: false,
  traceState: "",
  sampled: true,
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
  events: [{ name: "e", timeNanos: 0n, attributes: {}, droppedAttributes: 0 }]
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

  it("takes spans of two traces apart, even if their ids are equal", () => {
    const other = "4bf92f3577b34da6a3ce929d0e0e4736"
    const [one, two] = [span("one", 0), span("two", 1, undefined, { traceId: other })]
    const twin = { ...two, spanId: one.spanId }
    const children = [span("of one", 2, one), span("of two", 3, twin, { traceId: other })]
    Expect.spanTree([...children, twin, one], [
      { name: "one", children: [{ name: "of one", children: [] }] },
      { name: "two", children: [{ name: "of two", children: [] }] }
    ])
    Expect.spanTree([children[1]!, one], [{ name: "one", children: [] }, { name: "of two" }])
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

/** A task of two steps, one of which is tried twice, with the spans of the engine around them. */
const engineRun = () => {
  const run = span("tasker.task.execution", 0, undefined, {
    attributes: new Map<string, unknown>([["tasker.task.name", "process_order"]])
  })
  const loop = span("tasker.workflow.orchestration", 0, run)
  const step = (name: string, attempt: number, start: number, part: Partial<SpanData> = {}) => {
    const batch = span("tasker.batch.execution", start, loop)
    const attributes = new Map<string, unknown>([["tasker.step.name", name], ["tasker.step.attempt", attempt]])
    return [batch, span("tasker.step.execution", start + 1, batch, { attributes, ...part })] as const
  }
  const [batch1, load] = step("load", 1, 1)
  const [batch2, failed] = step("charge", 1, 3, { statusCode: "error" })
  const [batch3, charged] = step("charge", 2, 5)
  return [
    span("sql.execute", 2, load),
    span("tasker.state.transition", 2, load),
    load,
    batch1,
    failed,
    batch2,
    charged,
    batch3,
    span("tasker.dependency.resolution", 0, loop),
    loop,
    run
  ]
}

describe("Expect.format", () => {
  it("names tasks and steps, with the attempt", () => {
    assert.strictEqual(
      Expect.format(engineRun()),
      `  tasker.task.execution process_order
    tasker.workflow.orchestration
      tasker.dependency.resolution
      tasker.batch.execution
        tasker.step.execution load #1
          sql.execute
          tasker.state.transition
      tasker.batch.execution
        tasker.step.execution charge #1 (error)
      tasker.batch.execution
        tasker.step.execution charge #2`
    )
  })

  it("leaves the engine's spans out, and what is below them stays", () => {
    assert.strictEqual(
      Expect.format(engineRun(), { engine: false }),
      `  tasker.task.execution process_order
    tasker.step.execution load #1
      sql.execute
    tasker.step.execution charge #1 (error)
    tasker.step.execution charge #2`
    )
    assert.strictEqual(Expect.format(engineRun().slice(-3, -1), { engine: false }), "")
    const orphans = engineRun().filter(({ name }) => name !== "tasker.task.execution")
    assert.strictEqual(Expect.format(orphans, { engine: false }).split("\n")[0], "  tasker.step.execution load #1")
  })
})

describe("Expect.spanTree of a run", () => {
  it("says which step and which attempt is not as expected", () => {
    const attempt = (step: string, attempt: number, status: "unset" | "error" = "unset") => ({
      name: "tasker.step.execution",
      status,
      attributes: { "tasker.step.name": step, "tasker.step.attempt": attempt }
    })
    const isRun = (steps: ReadonlyArray<Expect.ExpectedSpan>) => {
      Expect.spanTree(engineRun(), [{ name: "tasker.task.execution", children: steps }], { engine: false })
    }
    const messageOf = (steps: ReadonlyArray<Expect.ExpectedSpan>) => {
      try {
        isRun(steps)
      } catch (error) {
        return (error as Expect.SpanTreeMismatch).message
      }
      return ""
    }
    isRun([attempt("load", 1), attempt("charge", 1, "error"), attempt("charge", 2)])
    const task = "the roots > tasker.task.execution process_order"
    const [load, failed, charged] = ["load #1", "charge #1", "charge #2"].map((step) => `tasker.step.execution ${step}`)
    const wrong = messageOf([attempt("load", 1), attempt("charge", 1), attempt("charge", 3)])
    assert.include(wrong, `  - ${task} > ${failed}: expected status "unset", got "error"\n`)
    assert.include(wrong, `  - ${task} > ${charged}: expected attribute tasker.step.attempt 3, got 2\n`)
    assert.include(wrong, `recorded:\n  tasker.task.execution process_order\n    ${load}\n`)
    assert.notInclude(wrong, "tasker.batch.execution")
    assert.include(
      messageOf([attempt("load", 1), attempt("mail", 1)]),
      `  - ${task}: expected ${load}, tasker.step.execution mail #1, got ${load}, ${failed}, ${charged}\n`
    )
    assert.include(
      messageOf([{ name: "mail" }, attempt("charge", 1, "error"), attempt("charge", 2)]),
      `  - ${task} > mail: got ${load} in its place\n`
    )
  })
})

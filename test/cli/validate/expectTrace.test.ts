import { assert, describe, it } from "@effect/vitest"
import { expectTrace } from "../../../src/cli/validate/expectTrace.ts"
import { expectOperations } from "../../../src/cli/validate/planOperations.ts"
import type { StoredSpan } from "../../../src/cli/validate/storedSpans.ts"
import { diamond, trace } from "../../support/storedTrace.ts"

const failures = (spans: ReadonlyArray<StoredSpan>, run = diamond) =>
  expectTrace(run, spans).filter(({ outcome }) => outcome === "failed")

const without = (id: string) => trace.filter(({ spanId }) => spanId !== id)

const changed = (id: string, change: (span: StoredSpan) => Partial<StoredSpan>) =>
  trace.map((span) => span.spanId === id ? { ...span, ...change(span) } : span)

const step = "tasker.step.execution"

describe("a trace", () => {
  it("is as expected if every span is there once, in its place, with its attributes and times", () => {
    assert.deepStrictEqual(expectTrace(diamond, trace).map(({ check, outcome }) => [check, outcome]), [
      ["diamond: complete", "ok"],
      ["diamond: parents", "ok"],
      ["diamond: attributes", "ok"],
      ["diamond: times", "ok"]
    ])
  })

  it("may have spans of the program, and continue a trace from elsewhere", () => {
    const own: StoredSpan = { ...trace[0]!, spanId: "20", parentId: "4", name: "SELECT", attributes: {} }
    const continued = [...changed("1", () => ({ parentId: "remote" })), own]
    assert.deepStrictEqual(failures(continued, { ...diamond, remoteParent: "remote" }), [])
  })

  it.each<readonly [string, ReadonlyArray<StoredSpan>, string, string]>([
    ["nothing", [], "trace", "no trace"],
    ["the trace of another run", trace.map((span) => ({ ...span, attributes: {} })), "trace", "11 other spans"],
    ["no span of an attempt", without("7"), "complete", "no span of c#1"],
    ["a span twice", [...trace, { ...trace[3]!, spanId: "30" }], "complete", "too many spans of a#1"],
    ["no span of the loop", without("2"), "complete", "0 spans tasker.workflow.orchestration"],
    ["no span around attempts", without("5"), "parents", `the parent of ${step} of b is missing`],
    ["an attempt in the wrong place", changed("7", () => ({ parentId: "1" })), "parents", `${step} of c is below`],
    ["two beginnings", changed("2", () => ({ parentId: undefined })), "parents", "2 spans begin the trace"],
    [
      "another state",
      changed("11", (span) => ({ attributes: { ...span.attributes, "tasker.step.status": "error" } })),
      "attributes",
      `${step} of d: tasker.step.status is error, not complete`
    ],
    [
      "no time of work",
      changed("7", ({ attributes: { "tasker.step.work_seconds": _, ...rest } }) => ({ attributes: rest })),
      "attributes",
      `${step} of c has no tasker.step.work_seconds`
    ],
    [
      "a span outside of its parent",
      changed("4", ({ start }) => ({ start: start - 2500 })),
      "times",
      `${step} of a is not within tasker.batch.execution`
    ],
    [
      "a step before the one that it needs",
      changed("11", () => ({ start: 1_000_002_000 })),
      "times",
      "d begins before b has ended"
    ],
    [
      "spans that tell of other work",
      changed("11", (span) => ({ attributes: { ...span.attributes, "tasker.step.work_seconds": 5 } })),
      "times",
      "d has worked for 0.01 s, its spans say 5 s and are 0.010000 s long"
    ]
  ])("with %s is not", (_, spans, part, found) => {
    const all = failures(spans)
    const finding = all.find(({ check }) => check === `diamond: ${part}`)
    assert.include(finding?.found ?? JSON.stringify(all), found)
    assert.isAbove(finding?.advice?.length ?? 0, 20)
  })

  it("with a span that is shorter than the work is not", () => {
    const steps = diamond.steps.map((step) => step.name === "d" ? { ...step, workSeconds: 2 } : step)
    const worked = changed("11", (span) => ({ attributes: { ...span.attributes, "tasker.step.work_seconds": 2 } }))
    assert.include(failures(worked, { ...diamond, steps })[0]?.found, "and are 0.010000 s long")
  })

  it("of a service whose clock is wrong is at the wrong time, and says by how much", () => {
    for (const [away, word] of [[3600, "late"], [-3600, "early"]] as const) {
      const [finding] = failures(trace.map((span) => ({ ...span, start: span.start + away * 1e6 })))
      assert.match(finding?.found ?? "", new RegExp(`3\\d{3}\\.\\d s too ${word}`))
      assert.include(finding?.advice ?? "", "set it by NTP")
    }
  })
})

describe("the operations of the plan", () => {
  const outcomes = (spans: ReadonlyArray<StoredSpan>) => expectOperations(spans).map(({ outcome }) => outcome)
  const all = (outcome: string) => Array.from({ length: 4 }, () => outcome)

  it("are span events, and the span of the loop", () => {
    assert.deepStrictEqual(outcomes(trace), all("ok"))
    assert.include(expectOperations(trace)[2]?.found, "5 span events step.completed")
  })

  it("are spans if the option is on", () => {
    const names = ["task.created", "task.completed", "step.processed", "workflow.executed"]
    const findings = expectOperations(names.map((name) => ({ ...trace[0]!, name })))
    assert.deepStrictEqual(findings.map(({ found }) => found), all("1 spans (tracing.planOperations)"))
  })

  it("are missing if nothing stands for them", () => {
    assert.deepStrictEqual(outcomes(without("2").map((span) => ({ ...span, events: [] }))), all("failed"))
  })
})

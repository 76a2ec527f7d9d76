import { assert, describe, it } from "@effect/vitest"
import { expectLogs } from "../../../src/cli/validate/expectLogs.ts"

const run = {
  taskId: "t-1",
  name: "order",
  status: "error",
  correlationId: "c-1",
  steps: [
    { name: "load", dependsOn: [], status: "complete", attempts: 1, workSeconds: 1 },
    { name: "charge", dependsOn: ["load"], status: "error", attempts: 2, workSeconds: 1 }
  ]
}

const line = (event: string, more: object = {}) =>
  JSON.stringify({ task_id: "t-1", correlation_id: "c-1", trace_id: "trace", event, message: event, ...more })

const lines = [
  line("observability.task.enqueue", { trace_id: undefined }),
  line("task.start_requested"),
  line("step.completed"),
  line("step.failed"),
  line("step.failed"),
  line("task.failed"),
  line("task.completed", { task_id: "another" }),
  "not JSON"
]

const failures = (given: ReadonlyArray<string>) =>
  expectLogs([{ run, traceId: "trace" }], given.join("\n")).filter(({ outcome }) => outcome === "failed")

describe("log lines", () => {
  it("are as expected if each run has its lines with its ids", () => {
    assert.deepStrictEqual(failures(lines), [])
  })

  it.each<readonly [string, ReadonlyArray<string>, string, string, string]>([
    ["no JSON", ["10:00 INFO hello"], "log lines", "1 lines that are no JSON", "logging.format"],
    ["nothing", [], "log lines", "no new line", "--log-file"],
    ["a line twice", [...lines, line("task.failed")], "lines of ended runs", "2", "second telemetry layer"],
    ["a line too few", lines.filter((_, index) => index !== 3), "lines of ended attempts", "2", "events.filtered"],
    [
      "another trace",
      [...lines, line("step.started", { trace_id: "other" })],
      "ids in lines",
      "1 lines have others",
      "traceparent"
    ],
    ["another correlation id", [...lines, line("x", { correlation_id: "d" })], "ids in lines", "1 lines", "traceparent"]
  ])("with %s are not", (_, given, check, found, advice) => {
    const finding = failures(given).find((finding) => finding.check === check)
    assert.include(finding?.found ?? "", found)
    assert.include(finding?.advice ?? "", advice)
  })
})

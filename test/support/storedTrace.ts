/**
 * A run and the trace that a backend should have of it.
 */
import type { ExpectedRun, ExpectedStep } from "../../src/cli/validate/expectTrace.ts"
import type { StoredSpan } from "../../src/cli/validate/storedSpans.ts"

const step = (name: string, dependsOn: ReadonlyArray<string> = [], attempts = 1): ExpectedStep => ({
  name,
  dependsOn,
  attempts,
  status: "complete",
  workSeconds: 0.01 * attempts
})

export const diamond: ExpectedRun = {
  label: "diamond",
  taskId: "t-1",
  taskName: "validation_diamond",
  status: "complete",
  steps: [step("a"), step("b", ["a"], 2), step("c", ["a"]), step("d", ["b", "c"])],
  window: [1_000_000, 1_001_000]
}

const ids = { "tasker.task.id": "t-1", "tasker.task.name": "validation_diamond" }

const span = (
  spanId: string,
  parentId: string | undefined,
  name: string,
  [start, duration]: readonly [start: number, duration: number],
  attributes: StoredSpan["attributes"] = {},
  events: StoredSpan["events"] = []
): StoredSpan => ({
  traceId: "trace",
  spanId,
  parentId,
  name,
  service: "tasker",
  start: 1_000_000_000 + start,
  duration,
  attributes: { ...ids, ...attributes },
  events
})

const attempt = (id: string, batch: string, name: string, number: number, start: number, status = "complete") =>
  span(id, batch, "tasker.step.execution", [start, 10_000], {
    "tasker.step.name": name,
    "tasker.step.attempt": number,
    "tasker.step.status": status,
    "tasker.step.work_seconds": 0.01
  }, [{ name: "tasker.state.transition", attributes: { "tasker.event": "step.completed" } }])

/** The trace of {@link diamond}. */
export const trace: ReadonlyArray<StoredSpan> = [
  span("1", undefined, "tasker.task.execution", [0, 100_000], { "tasker.task.status": "complete" }, [
    { name: "tasker.state.transition", attributes: { "tasker.event": "task.initialize_requested" } },
    { name: "tasker.state.transition", attributes: { "tasker.event": "task.completed" } }
  ]),
  span("2", "1", "tasker.workflow.orchestration", [1000, 98_000]),
  span("3", "2", "tasker.batch.execution", [2000, 12_000]),
  attempt("4", "3", "a", 1, 3000),
  span("5", "2", "tasker.batch.execution", [14_000, 20_000]),
  attempt("6", "5", "b", 1, 15_000, "pending"),
  attempt("7", "5", "c", 1, 15_000),
  span("8", "2", "tasker.batch.execution", [35_000, 20_000]),
  attempt("9", "8", "b", 2, 36_000),
  span("10", "2", "tasker.batch.execution", [55_000, 20_000]),
  attempt("11", "10", "d", 1, 56_000)
]

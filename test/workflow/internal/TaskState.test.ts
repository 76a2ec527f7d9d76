import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as TaskState from "../../../src/workflow/internal/TaskState.ts"

/** Rows: states; columns: events. `-` is a refusal. */
const table = `
                  initialize_requested start_requested completed failed retry_requested cancelled resolved_manually
pending           -                    in_progress     -         error  -               cancelled -
in_progress       pending              -               complete  error  -               cancelled -
error             -                    -               -         -      pending         -         resolved_manually
complete          -                    -               -         -      -               cancelled -
resolved_manually -                    -               -         -      -               cancelled -
cancelled         -                    -               -         -      -               -         -
`
const [head, ...rows] = table.trim().split("\n").map((line) => line.trim().split(/ +/))
const cells = rows.flatMap(([state, ...targets]) =>
  targets.map((target, index) => [state, head?.[index], target] as [TaskState.TaskState, TaskState.TaskEvent, string])
)

describe("TaskState", () => {
  it("has a row for every state and a cell for every event", () => {
    assert.sameMembers([...TaskState.TaskState.literals], rows.map(([state]) => state as never))
    assert.lengthOf(cells, 42)
  })

  it.each(cells)("%s, on %s: %s", (state, event, target) => {
    const next = TaskState.transition(state, event)
    if (Result.isSuccess(next)) return assert.strictEqual(next.success, target)
    assert.strictEqual(target, "-")
    assert.strictEqual(next.failure.message, `task in state "${state}" cannot take "${event}"`)
    assert.deepStrictEqual([next.failure.subject, next.failure.state, next.failure.event], ["task", state, event])
  })

  it("has ended in any state but pending and in_progress", () => {
    assert.deepStrictEqual(TaskState.TaskState.literals.filter(TaskState.hasEnded), [
      "complete",
      "error",
      "cancelled",
      "resolved_manually"
    ])
  })
})

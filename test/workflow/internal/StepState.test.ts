import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as StepState from "../../../src/workflow/internal/StepState.ts"

/** Rows: states; columns: events. `-` is a refusal. */
const table = `
                  execution_requested completed failed retry_requested cancelled resolved_manually
pending           in_progress         -         error  -               cancelled resolved_manually
in_progress       -                   complete  error  -               cancelled -
error             -                   -         -      pending         -         resolved_manually
complete          -                   -         -      -               -         -
cancelled         -                   -         -      -               -         -
resolved_manually -                   -         -      -               -         -
`
const [head, ...rows] = table.trim().split("\n").map((line) => line.trim().split(/ +/))
const cells = rows.flatMap(([state, ...targets]) =>
  targets.map((target, index) => [state, head?.[index], target] as [StepState.StepState, StepState.StepEvent, string])
)

describe("StepState", () => {
  it("has a row for every state and a cell for every event", () => {
    assert.deepStrictEqual(rows.map(([state]) => state), [
      "pending",
      "in_progress",
      "error",
      "complete",
      "cancelled",
      "resolved_manually"
    ])
    assert.sameMembers([...StepState.StepState.literals], rows.map(([state]) => state as never))
    assert.lengthOf(cells, 36)
  })

  it.each(cells)("%s, on %s: %s", (state, event, target) => {
    const next = StepState.transition(state, event)
    if (Result.isSuccess(next)) return assert.strictEqual(next.success, target)
    assert.strictEqual(target, "-")
    assert.strictEqual(next.failure.message, `step in state "${state}" cannot take "${event}"`)
    assert.deepStrictEqual([next.failure.subject, next.failure.state, next.failure.event], ["step", state, event])
  })

  it("lets dependants start after complete and resolved_manually alone", () => {
    assert.deepStrictEqual(StepState.StepState.literals.filter(StepState.satisfiesDependants), [
      "complete",
      "resolved_manually"
    ])
  })
})

/**
 * D24: a state that one part of the code knew and another did not ended the run with a NameError.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as StepGraph from "../../src/workflow/internal/StepGraph.ts"
import * as StepState from "../../src/workflow/internal/StepState.ts"
import * as TaskState from "../../src/workflow/internal/TaskState.ts"
import * as Step from "../../src/workflow/Step.ts"

const taskEvents: ReadonlyArray<TaskState.TaskEvent> = [
  "initialize_requested",
  "start_requested",
  "completed",
  "failed",
  "retry_requested",
  "cancelled",
  "resolved_manually"
]
const stepEvents: ReadonlyArray<StepState.StepEvent> = [
  "execution_requested",
  "completed",
  "failed",
  "retry_requested",
  "cancelled",
  "resolved_manually"
]

describe("D24 unknown task state", () => {
  it("answers every state and event with a known state or a typed refusal", () => {
    const answers = [
      ...TaskState.TaskState.literals.flatMap((state) => taskEvents.map((event) => TaskState.transition(state, event))),
      ...StepState.StepState.literals.flatMap((state) => stepEvents.map((event) => StepState.transition(state, event)))
    ]
    for (const answer of answers) {
      if (Result.isSuccess(answer)) assert.include(TaskState.TaskState.literals, answer.success)
      else assert.strictEqual(answer.failure._tag, "TransitionRefused")
    }
    assert.lengthOf(answers, 6 * 7 + 6 * 6)
  })

  it("says of every state whether it has ended and whether it lets dependants start", () => {
    const step = Step.make("s", { run: () => Effect.void })
    for (const state of TaskState.TaskState.literals) {
      assert.isBoolean(TaskState.hasEnded(state))
      assert.isBoolean(StepState.satisfiesDependants(state))
      assert.isArray(StepGraph.readySteps(StepGraph.make("t", [step]), [state]))
    }
  })
})

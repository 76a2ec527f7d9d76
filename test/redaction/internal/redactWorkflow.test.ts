import { assert, describe, it } from "@effect/vitest"
import { redactWorkflow } from "../../../src/redaction/internal/redactWorkflow.ts"
import * as Redaction from "../../../src/redaction/Redaction.ts"

const policy = Redaction.make()

describe("redactWorkflow", () => {
  it("gives the context itself where no name holds a secret", () => {
    for (
      const workflow of [
        { taskId: "t-1", taskName: "deploy" },
        { taskId: "t-1", taskName: "deploy", stepId: "t-1/push", stepName: "push", attempt: 1 },
        { taskId: "token=abc", taskName: "deploy", stepId: "token=abc/push", stepName: "push" }
      ]
    ) {
      assert.strictEqual(redactWorkflow(workflow, policy), workflow)
    }
  })

  it("masks secrets in the names of task and step, and in the id that has the step's name in it", () => {
    assert.deepStrictEqual(redactWorkflow({ taskId: "t-1", taskName: "deploy password=hunter2" }, policy), {
      taskId: "t-1",
      taskName: "deploy password=[FILTERED]",
      stepName: undefined,
      stepId: undefined
    })
    assert.deepStrictEqual(
      redactWorkflow(
        { taskId: "t-1", taskName: "deploy", stepId: "t-1/token=abc", stepName: "token=abc", attempt: 2 },
        policy
      ),
      { taskId: "t-1", taskName: "deploy", stepId: "t-1/token=[FILTERED]", stepName: "token=[FILTERED]", attempt: 2 }
    )
  })
})

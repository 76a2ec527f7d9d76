import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as StepGraph from "../../../src/workflow/internal/StepGraph.ts"
import { StepState } from "../../../src/workflow/internal/StepState.ts"
import * as Step from "../../../src/workflow/Step.ts"

const step = (name: string, dependsOn: ReadonlyArray<Step.Any> = []): Step.Any =>
  Step.make(name, { dependsOn, run: () => Effect.void })

const refusal = (steps: ReadonlyArray<Step.Any>) => {
  try {
    StepGraph.make("order", steps)
  } catch (error) {
    return error instanceof RangeError ? error.message : error
  }
  return "nothing is refused"
}

const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 11 }))
/** Per step which of the steps before it, counted backwards, it waits for. */
const Shape = Schema.Array(Schema.Array(Index).check(Schema.isMaxLength(4))).check(
  Schema.isMinLength(1),
  Schema.isMaxLength(12)
)

const stepsOf = (shape: ReadonlyArray<ReadonlyArray<number>>) => {
  const steps: Array<Step.Any> = []
  shape.forEach((needs, index) =>
    steps.push(
      step(`s${index}`, needs.filter((back) => back < index).map((back) => steps[index - 1 - back] as Step.Any))
    )
  )
  return steps
}

describe("StepGraph", () => {
  it("refuses what is no task", () => {
    const stranger = step("stranger")
    const twin = step("twin")
    const first = step("first")
    const second = step("second", [first])
    Object.assign(first, { dependsOn: [second] })
    assert.strictEqual(refusal([]), "task \"order\" has no steps")
    assert.strictEqual(refusal([step("a"), step("a")]), "task \"order\" has two steps named \"a\"")
    assert.strictEqual(
      refusal([step("a", [stranger])]),
      "step \"a\" of task \"order\" depends on \"stranger\", which is not among the task's steps"
    )
    assert.strictEqual(
      refusal([step("twin"), step("a", [twin])]),
      "step \"a\" of task \"order\" depends on \"twin\", which is not among the task's steps"
    )
    assert.strictEqual(
      refusal([step("free"), first, second, step("behind", [second])]),
      "task \"order\" has a cycle among the steps first, second, behind"
    )
  })

  it("knows edges in both directions and levels, whatever the order of the steps", () => {
    const a = step("a")
    const b = step("b", [a])
    const c = step("c", [a])
    const d = step("d", [b, c, a, b])
    const graph = StepGraph.make("diamond", [d, b, c, a])
    assert.deepStrictEqual(graph.dependencies, [[1, 2, 3], [3], [3], []])
    assert.deepStrictEqual(graph.dependants, [[], [0], [0], [0, 1, 2]])
    assert.deepStrictEqual(graph.levels, [2, 1, 1, 0])
    assert.deepStrictEqual([...graph.indexOf], [["d", 0], ["b", 1], ["c", 2], ["a", 3]])
  })

  it.prop("gives each step the level after the highest of its dependencies", [Shape], ([shape]) => {
    const { dependencies, levels } = StepGraph.make("t", stepsOf(shape))
    const expected = dependencies.map((needed) =>
      needed.length === 0 ? 0 : 1 + Math.max(...needed.map((other) => levels[other] as number))
    )
    assert.deepStrictEqual(levels, expected)
  })

  it.prop(
    "finds the same ready steps as a look at every step",
    [Shape, Schema.Array(StepState).check(Schema.isBetweenLength(12, 12))],
    ([shape, states]) => {
      const steps = stepsOf(shape)
      const stateOf = (one: Step.Any) => states[steps.indexOf(one)] as string
      const naive = steps.filter((one) =>
        stateOf(one) === "pending" &&
        !one.dependsOn.some((other) => stateOf(other) !== "complete" && stateOf(other) !== "resolved_manually")
      )
      assert.deepStrictEqual(
        StepGraph.readySteps(StepGraph.make("t", steps), states).map((index) => steps[index]),
        naive
      )
    }
  )

  it("takes failures, ready steps, running steps and completion in this order", () => {
    const none = { total: 3, satisfied: 0, inProgress: 0, ready: 0, blocked: 0 }
    const all = { total: 3, satisfied: 3, inProgress: 1, ready: 1, blocked: 1 }
    assert.deepStrictEqual(
      [all, { ...all, blocked: 0 }, { ...all, blocked: 0, ready: 0 }, { ...none, satisfied: 3 }, none, {
        ...none,
        satisfied: 2
      }]
        .map(StepGraph.executionStatus),
      [
        "blocked_by_failures",
        "has_ready_steps",
        "processing",
        "all_complete",
        "waiting_for_dependencies",
        "waiting_for_dependencies"
      ]
    )
  })
})

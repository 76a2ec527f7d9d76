import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"

const ok = Step.make("ok", { run: () => Effect.void })

const refusal = (make: () => unknown) => {
  try {
    make()
  } catch (error) {
    return error instanceof RangeError ? error.message : error
  }
  return "nothing is refused"
}
const ofStep = (options: Pick<Parameters<typeof Step.make>[1], "retry" | "timeout">, name = "s") => () =>
  Task.make("order", { input: Schema.Void, steps: [Step.make(name, { run: () => Effect.void, ...options })] })

describe("Task", () => {
  it("takes the default namespace and version", () => {
    const task = Task.make("order", { input: Schema.Void, steps: [ok] })
    assert.deepStrictEqual([task.name, task.namespace, task.version], ["order", "default", "0.1.0"])
    assert.deepStrictEqual(task.steps, [ok])
    assert.deepStrictEqual(task.graph.levels, [0])
  })

  const untyped = (options: object) => () => Task.make("order", { input: Schema.Void, steps: [ok], ...options })
  const untypedStep = (options: object) => untyped({ steps: [Step.make("s", { run: () => Effect.void, ...options })] })
  it.each([
    ["an input of nothing", untyped({ input: undefined }), "task \"order\": expected a schema at input, got nothing"],
    [
      "an input that is an object",
      untyped({ input: { id: "text" } }),
      "task \"order\": expected a schema at input, got an object"
    ],
    [
      "a step of nothing",
      untyped({ steps: [ok, undefined] }),
      "task \"order\": expected a step at steps[1], got nothing"
    ],
    [
      "a step that is a function",
      untyped({ steps: [() => ok] }),
      "task \"order\": expected a step at steps[0], got a function"
    ],
    [
      "no run",
      untypedStep({ run: undefined }),
      "step \"s\" of task \"order\": expected a function at run, got nothing"
    ],
    [
      "steps that are no list",
      untyped({ steps: ok }),
      "task \"order\": expected a list of steps at steps, got an object"
    ],
    [
      "a run that is an Effect",
      untypedStep({ run: Effect.void }),
      "step \"s\" of task \"order\": expected a function at run, got an object"
    ],
    [
      "a skipWhen that is no function",
      untypedStep({ skipWhen: true }),
      "step \"s\" of task \"order\": expected a function at skipWhen, got true"
    ],
    [
      "a whenSkipped that is no function",
      untypedStep({ skipWhen: () => true, whenSkipped: 1 }),
      "step \"s\" of task \"order\": expected a function at whenSkipped, got 1"
    ],
    [
      "a whenSkipped without skipWhen",
      untypedStep({ whenSkipped: () => 1 }),
      "step \"s\" of task \"order\": whenSkipped needs skipWhen beside it"
    ],
    [
      "a name that is a number",
      () => Task.make("order", { input: Schema.Void, steps: [Step.make(7 as never, { run: () => Effect.void })] }),
      "step 7 of task \"order\": expected a text as the name"
    ],
    [
      "a dependency of nothing",
      untypedStep({ dependsOn: [undefined] }),
      "step \"s\" of task \"order\": expected a list of steps at dependsOn, got [nothing]"
    ],
    [
      "a dependency that is a name",
      untypedStep({ dependsOn: ["ok"] }),
      "step \"s\" of task \"order\": expected a list of steps at dependsOn, got [\"ok\"]"
    ],
    [
      "dependencies that are no list",
      untypedStep({ dependsOn: ok }),
      "step \"s\" of task \"order\": expected a list of steps at dependsOn, got an object"
    ]
  ])("refuses %s from code without types", (_, make, message) => assert.strictEqual(refusal(make), message))

  it.each([
    ["no name", () => Task.make("", { input: Schema.Void, steps: [ok] }), "task \"\": a name is missing"],
    [
      "a name that cannot be a key",
      ofStep({}, "__proto__"),
      "step \"__proto__\" of task \"order\": the name cannot be a key of results"
    ],
    [
      "a name of 300 characters",
      () => Task.make("x".repeat(300), { input: Schema.Void, steps: [ok] }),
      "task \"…\" (300 characters): a name has at most 200 characters"
    ],
    ["no steps", () => Task.make("order", { input: Schema.Void, steps: [] }), "task \"order\" has no steps"],
    ["a step without a name", ofStep({}, ""), "step \"\" of task \"order\": a name is missing"],
    [
      "a bad retry policy",
      ofStep({ retry: { maximumAttempts: 0 } }),
      "step \"s\" of task \"order\": expected a whole number between 1 and 1000 at retry.maximumAttempts, got 0"
    ],
    [
      "a time-out of nothing",
      ofStep({ timeout: 0 }),
      "step \"s\" of task \"order\": expected a positive duration such as \"10 seconds\" at timeout, got 0"
    ],
    [
      "a time-out that is no duration",
      ofStep({ timeout: "soon" as never }),
      "step \"s\" of task \"order\": expected a positive duration such as \"10 seconds\" at timeout, got \"soon\""
    ]
  ])("refuses %s", (_, make, message) => {
    assert.strictEqual(refusal(make), message)
  })
})

/**
 * What holds for every task: random graphs, random behaviour, random meddling.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result, Schema } from "effect"
import type { CatalogEnvelope } from "../../../src/events/EventEnvelope.ts"
import * as StepState from "../../../src/workflow/internal/StepState.ts"
import * as TaskState from "../../../src/workflow/internal/TaskState.ts"
import * as Step from "../../../src/workflow/Step.ts"
import * as Task from "../../../src/workflow/Task.ts"
import * as TaskRunner from "../../../src/workflow/TaskRunner.ts"
import * as recorder from "../../support/recorder.ts"
import { runs } from "../../support/runs.ts"

const Small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))

/** A step by its wait in seconds, what it does in the end, and which of the steps before it it waits for. */
const Node = Schema.Struct({
  seconds: Small,
  does: Schema.Literals(["succeed", "succeed", "succeed", "fail once", "fail", "die", "interrupt", "hang"]),
  needs: Schema.Array(Small).check(Schema.isMaxLength(3))
})
const Nodes = Schema.Array(Node).check(Schema.isMinLength(1), Schema.isMaxLength(8))

const Meddling = Schema.Struct({
  after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 24 })),
  step: Small,
  does: Schema.Literals(["resolve", "resolve", "resolve", "cancel", "interrupt"])
})

type StepOfTest = Step.Step<string, unknown, unknown, never, void>

const needed = (
  nodes: ReadonlyArray<typeof Node.Type>,
  index: number
) => [...new Set((nodes[index]?.needs ?? []).map((distance) => index - 1 - distance).filter((other) => other >= 0))]

const behave = (node: typeof Node.Type, attempt: number): Effect.Effect<unknown, string> => {
  switch (node.does) {
    case "succeed":
      return Effect.void
    case "fail once":
      return attempt === 1 ? Effect.fail("once") : Effect.void
    case "fail":
      return Effect.fail("always")
    case "die":
      return Effect.die("defect")
    case "interrupt":
      return Effect.interrupt
    case "hang":
      return Effect.never
  }
}

const stepsOf = (nodes: ReadonlyArray<typeof Node.Type>): ReadonlyArray<StepOfTest> => {
  const steps: Array<StepOfTest> = []
  nodes.forEach((node, index) =>
    steps.push(Step.make(`s${index}`, {
      dependsOn: needed(nodes, index).map((other) => steps[other] as StepOfTest),
      timeout: "7 seconds",
      retry: { maximumAttempts: 2 },
      run: ({ attempt }) => Effect.andThen(Effect.sleep(`${node.seconds} seconds`), behave(node, attempt))
    }))
  )
  return steps
}

const meddle = Effect.fnUntraced(function*(
  taskId: string,
  fiber: Fiber.Fiber<unknown, unknown>,
  steps: ReadonlyArray<StepOfTest>,
  { after, does, step }: typeof Meddling.Type
) {
  yield* Effect.sleep(`${after / 2} seconds`)
  if (does === "cancel") return yield* Effect.exit(TaskRunner.cancel(taskId))
  if (does === "interrupt") return yield* Effect.exit(Fiber.interrupt(fiber))
  return yield* Effect.exit(TaskRunner.resolveStep(taskId, steps[step % steps.length] as StepOfTest, "by hand"))
})

/** Follows the events as an outsider: every one must be what its state machine allows next. */
const checkEvents = (events: ReadonlyArray<CatalogEnvelope>, steps: ReadonlyArray<StepOfTest>, concurrency: number) => {
  const states = new Map<string, string>(steps.map((step) => [step.name, "pending"]))
  let task = "pending"
  for (const event of events) {
    if (event.name.endsWith("initialize_requested")) continue
    const [domain, happening] = event.name.split(".") as [string, never]
    if (event.name === "task.start_requested") task = "in_progress"
    else if (domain === "task") {
      const next = TaskState.transition(task as TaskState.TaskState, happening)
      task = Result.getOrThrow(next)
    } else if (domain === "step" && "fromState" in event.payload && "stepName" in event.payload) {
      const { fromState, stepName, toState } = event.payload
      assert.strictEqual(fromState, states.get(stepName))
      assert.deepStrictEqual(
        StepState.transition(fromState as StepState.StepState, happening),
        Result.succeed(toState as never)
      )
      states.set(stepName, toState)
      if (toState === "in_progress") {
        const step = steps.find(({ name }) => name === stepName)
        const open = step?.dependsOn.filter(({ name }) =>
          !/^(?:complete|resolved_manually)$/.test(states.get(name) ?? "")
        )
        assert.deepStrictEqual(open, [], `${stepName} started early`)
        assert.isAtMost([...states.values()].filter((state) => state === "in_progress").length, concurrency)
      }
    }
  }
  return { task, states }
}

describe("Orchestrator", () => {
  it.effect.prop(
    "brings every run to an end in which everything is settled, whatever happens to it",
    {
      nodes: Nodes,
      meddlings: Schema.Array(Meddling).check(Schema.isMaxLength(4)),
      concurrency: Schema.Literals([1, 2, 12]),
      yielding: Schema.Boolean
    },
    ({ concurrency, meddlings, nodes, yielding }) =>
      Effect.gen(function*() {
        const steps = stepsOf(nodes)
        const { fiber, taskId } = yield* TaskRunner.start(Task.make("t", { input: Schema.Void, steps }), undefined)
        for (const each of meddlings) yield* Effect.forkChild(meddle(taskId, fiber, steps, each))
        yield* recorder.advance("10 minutes")
        assert.isDefined(fiber.pollUnsafe(), "the run has not ended")
        const { state, steps: records } = yield* TaskRunner.inspect(taskId)
        const { events } = yield* recorder.Recorder
        const seen = checkEvents(events, steps, concurrency)
        assert.deepStrictEqual(new Map(records.map((step) => [step.name, step.state as string])), seen.states)
        assert.strictEqual(state, seen.task as never)
        assert.isTrue(TaskState.hasEnded(state))
        assert.isFalse(records.some((step) => step.state === "in_progress"))
        if (state !== "error") assert.isFalse(records.some((step) => step.state === "pending"))
        assert.deepStrictEqual(yield* recorder.misfits, [])
      }).pipe(
        Effect.provide(
          recorder.layer({ execution: { concurrency } }, yielding ? { store: recorder.layerYieldingStore } : {}),
          { local: true }
        )
      ),
    { arbitrary: { runs: runs(100) } }
  )

  it.effect.prop(
    "takes as long as the critical path if the concurrency allows",
    [Nodes],
    ([nodes]) =>
      Effect.gen(function*() {
        const finish: Array<number> = []
        nodes.forEach((node, index) =>
          finish.push(node.seconds + Math.max(0, ...needed(nodes, index).map((other) => finish[other] as number)))
        )
        const steps = stepsOf(nodes.map((node) => ({ ...node, does: "succeed" })))
        const fiber = yield* Effect.forkChild(TaskRunner.run(Task.make("t", { input: Schema.Void, steps }), undefined))
        yield* recorder.advance("1 hour")
        const { durationSeconds, steps: records } = yield* Fiber.join(fiber)
        const start = (yield* recorder.named("task.start_requested"))[0]?.time as number
        assert.strictEqual(durationSeconds, Math.max(...finish))
        assert.deepStrictEqual(records.map((step) => ((step.endedAt as number) - start) / 1000), finish)
        assert.deepStrictEqual(new Set(records.map((step) => step.queueSeconds)), new Set([0]))
      }).pipe(Effect.provide(recorder.layer(), { local: true })),
    { arbitrary: { runs: runs(50) } }
  )

  it.effect.prop(
    "never mixes the ids of two tasks that run at the same time",
    [Nodes, Nodes],
    ([left, right]) =>
      Effect.gen(function*() {
        const run = (nodes: ReadonlyArray<typeof Node.Type>, correlationId: string) =>
          TaskRunner.start(Task.make(correlationId, { input: Schema.Void, steps: stepsOf(nodes) }), undefined, {
            correlationId
          })
        const started = [yield* run(left, "left"), yield* run(right, "right")]
        yield* recorder.advance("10 minutes")
        const ids = new Map(started.map(({ correlationId, taskId }) => [taskId, correlationId]))
        for (const { correlationId, payload } of (yield* recorder.Recorder).events) {
          if (!("taskId" in payload)) assert.fail("an event of a run has its task")
          assert.strictEqual(correlationId, ids.get(payload.taskId))
          assert.strictEqual(payload.taskName, correlationId)
          if ("stepId" in payload) assert.strictEqual(payload.stepId, `${payload.taskId}/${payload.stepName}`)
        }
      }).pipe(Effect.provide(recorder.layer(), { local: true })),
    { arbitrary: { runs: runs(50) } }
  )
})

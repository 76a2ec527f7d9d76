/**
 * What a step does reaches the caller unchanged, whoever listens.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Schema } from "effect"
import * as Correlation from "../../../src/Correlation.ts"
import * as EventBus from "../../../src/events/EventBus.ts"
import { SelfStatistics } from "../../../src/internal/SelfStatistics.ts"
import * as Step from "../../../src/workflow/Step.ts"
import { PermanentError } from "../../../src/workflow/StepError.ts"
import * as Task from "../../../src/workflow/Task.ts"
import * as TaskRunner from "../../../src/workflow/TaskRunner.ts"
import * as TaskStore from "../../../src/workflow/TaskStore.ts"
import * as recorder from "../../support/recorder.ts"
import * as TestTelemetry from "../../support/TestTelemetry.ts"

class Hostile extends Error {
  override get message(): string {
    throw new Error("message getter")
  }
  get _tag(): string {
    throw new Error("tag getter")
  }
}

const circular: Record<string, unknown> = { name: "circular" }
circular["self"] = circular
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const hostileValue = {
  get secret(): string {
    throw new Error("getter")
  },
  toJSON() {
    throw new Error("toJSON")
  }
}

const behaviours: ReadonlyArray<readonly [name: string, Exit.Exit<unknown, unknown>]> = [
  ["a BigInt", Exit.succeed(12n)],
  ["a circular object", Exit.succeed(circular)],
  ["a value whose getters throw", Exit.succeed(hostileValue)],
  ["undefined", Exit.succeed(undefined)],
  ["a function", Exit.succeed(() => 1)],
  ["a failure", Exit.fail({ _tag: "Domain", reason: null })],
  ["a failure whose getters throw", Exit.fail(new Hostile())],
  ["a failure that nothing can be asked", Exit.fail(revoked())],
  ["a defect that nothing can be asked", Exit.die(revoked())],
  ["a circular failure", Exit.fail(circular)],
  ["an undefined failure", Exit.fail(undefined)],
  ["a symbol", Exit.fail(Symbol("odd"))],
  ["a permanent error", Exit.fail(new PermanentError({ message: "no" }))],
  ["a defect", Exit.die(new RangeError("boom"))],
  ["a defect whose getters throw", Exit.die(new Hostile())],
  ["a failure and a defect", Exit.failCause(Cause.combine(Cause.fail("a"), Cause.die("b")))],
  ["a failure and an interruption", Exit.failCause(Cause.combine(Cause.fail("a"), Cause.interrupt(7)))],
  ["an interruption", Exit.failCause(Cause.interrupt(7))]
]

/** A sink that takes every event apart and then throws. */
const layerThrowing = Layer.effectDiscard(Effect.gen(function*() {
  const bus = yield* EventBus.EventBus
  yield* bus.register({
    name: "throwing",
    signal: "all",
    handle: () => {
      throw new Error("sink")
    }
  })
}))

const taskOf = (exit: Exit.Exit<unknown, unknown>) =>
  Task.make("t", {
    input: Schema.Void,
    steps: [Step.make("s", { retry: { maximumAttempts: 1 }, run: () => exit })]
  })

/** The runner without anything that listens. */
const unobservedLayer = TestTelemetry.layer(
  Layer.provide(TaskRunner.layer, Layer.merge(EventBus.layerNoop, TaskStore.layerMemory))
)

const exitOf = (exit: Exit.Exit<unknown, unknown>) =>
  Effect.map(
    Effect.exit(TaskRunner.run(taskOf(exit), undefined)),
    (outcome) => Exit.map(outcome, ({ results }) => results.s)
  )

describe("StepExecutor", () => {
  it.effect.each(behaviours)(
    "gives the caller %s with and without listeners",
    ([, expected]) =>
      Effect.gen(function*() {
        const unobserved = yield* Effect.provide(exitOf(expected), unobservedLayer)
        const observed = yield* Effect.provide(
          exitOf(expected),
          layerThrowing.pipe(Layer.provideMerge(recorder.layer()))
        )
        for (const exit of [unobserved, observed]) {
          if (Exit.isSuccess(expected)) {
            assert.isTrue(Exit.isSuccess(exit) && exit.value === expected.value)
          } else {
            const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
            assert.deepStrictEqual(
              reasons.map((reason) => reason._tag),
              expected.cause.reasons.map((reason) => reason._tag)
            )
            reasons.forEach((reason, index) => {
              const other = expected.cause.reasons[index]
              if (Cause.isFailReason(reason)) assert.isTrue(Cause.isFailReason(other!) && other.error === reason.error)
              if (Cause.isDieReason(reason)) assert.isTrue(Cause.isDieReason(other!) && other.defect === reason.defect)
            })
          }
        }
      })
  )

  it.effect("gives the caller the failures of all steps as they are, without comparing them", () =>
    Effect.gen(function*() {
      const errors = [hostileValue, {
        ...circular,
        get other() {
          throw new Error("getter")
        }
      }]
      const steps = errors.map((error, index) =>
        Step.make(`s${index}`, { retry: { maximumAttempts: 1 }, run: () => Effect.fail(error) })
      )
      const exit = yield* Effect.exit(TaskRunner.run(Task.make("t", { input: Schema.Void, steps }), undefined))
      const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
      assert.deepStrictEqual(reasons.map((reason) => reason._tag), ["Fail", "Fail"])
      assert.isTrue(reasons.every((reason, index) => Cause.isFailReason(reason) && reason.error === errors[index]))
      assert.deepStrictEqual(yield* Effect.flatMap(TaskStore.TaskStore, (store) => store.counts), { error: 1 })
    }).pipe(Effect.provide(recorder.layer())))

  const notEffects: ReadonlyArray<readonly [name: string, run: () => unknown]> = [
    ["gives nothing", () => undefined],
    ["gives a promise", () => Promise.resolve(1)],
    ["goes on with what is no Effect", () => Effect.flatMap(Effect.void, () => undefined as never)]
  ]
  it.live.each(notEffects)(
    "fails a step that %s instead of waiting for it forever",
    ([, run]) =>
      Effect.gen(function*() {
        const broken = Step.make("broken", { run: run as () => Effect.Effect<void> })
        for (const steps of [[broken], [broken, Step.make("other", { run: () => Effect.void })]]) {
          const exit = yield* TaskRunner.run(Task.make("t", { input: Schema.Void, steps }), undefined).pipe(
            Effect.exit,
            Effect.timeout("2 seconds")
          )
          assert.deepStrictEqual(
            Exit.isFailure(exit) ? exit.cause.reasons.map((reason) => reason._tag) : [],
            ["Die"]
          )
        }
        const failed = yield* recorder.named("step.failed")
        assert.deepStrictEqual(failed.map(({ payload }) => [payload.stepName, payload.attempt, payload.final]), [
          ["broken", 1, true],
          ["broken", 1, true]
        ])
        assert.isTrue(failed.every(({ payload }) => payload.durationSeconds >= 0))
        assert.lengthOf(yield* recorder.named("task.failed"), 2)
      }).pipe(Effect.provide(recorder.layer()))
  )

  it.effect("counts the sink that throws and still tells the others", () =>
    Effect.gen(function*() {
      yield* TaskRunner.run(taskOf(Exit.void), undefined)
      const statistics = yield* SelfStatistics
      const { events } = yield* recorder.Recorder
      const counted = statistics.read().filter(({ values }) => values.length > 0)
      assert.deepStrictEqual(counted.map(({ name, values }) => [name, values]), [
        ["tasker_sink_errors_total", [{ attributes: ["throwing"], value: events.length }]]
      ])
    }).pipe(Effect.provide(layerThrowing.pipe(Layer.provideMerge(recorder.layer())))))

  it.effect("tells a step which task, step and attempt it is", () =>
    Effect.gen(function*() {
      const seen: Array<Correlation.WorkflowContext | undefined> = []
      const step = Step.make("s", {
        run: ({ attempt }) =>
          Effect.flatMap(Correlation.CurrentWorkflow, (context) => {
            seen.push(context)
            return attempt === 1 ? Effect.fail("again") : Effect.void
          })
      })
      const { fiber, taskId } = yield* TaskRunner.start(
        Task.make("t", { input: Schema.Void, steps: [step] }),
        undefined
      )
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
      const common = { taskId, taskName: "t", stepId: `${taskId}/s`, stepName: "s" }
      assert.deepStrictEqual(seen, [{ ...common, attempt: 1 }, { ...common, attempt: 2 }])
    }).pipe(Effect.provide(recorder.layer())))
})

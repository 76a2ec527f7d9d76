import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Schema, Tracer } from "effect"
import * as Step from "../../../src/workflow/Step.ts"
import * as Task from "../../../src/workflow/Task.ts"
import * as TaskRunner from "../../../src/workflow/TaskRunner.ts"
import * as recorder from "../../support/recorder.ts"

type Plain = Step.Step<string, unknown, unknown, never, void>

const ofSteps = (steps: ReadonlyArray<Plain>) => Task.make("t", { input: Schema.Void, steps })
const sleeper = (name: string, seconds: number, dependsOn: ReadonlyArray<Plain> = []): Plain =>
  Step.make(name, { dependsOn, run: () => Effect.sleep(`${seconds} seconds`) })

const finish = Effect.fnUntraced(function*(steps: ReadonlyArray<Plain>) {
  const fiber = yield* Effect.forkChild(TaskRunner.run(ofSteps(steps), undefined))
  yield* recorder.advance("1 day")
  return yield* Fiber.join(fiber)
})

describe("Orchestrator", () => {
  it.effect("starts a grandchild while a slow sibling of its parent still runs", () =>
    Effect.gen(function*() {
      const root = sleeper("root", 1)
      const fast = sleeper("fast", 1, [root])
      const slow = sleeper("slow", 60, [root])
      yield* finish([root, fast, slow, sleeper("grandchild", 1, [fast])])
      assert.deepStrictEqual(yield* recorder.secondsOf("step.completed"), [
        "root@1",
        "fast@2",
        "grandchild@3",
        "slow@61"
      ])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("keeps to the concurrency and starts the next step as soon as one settles", () =>
    Effect.gen(function*() {
      yield* finish([sleeper("a", 3), sleeper("b", 1), sleeper("c", 1), sleeper("d", 1), sleeper("e", 1)])
      assert.deepStrictEqual(yield* recorder.secondsOf("step.execution_requested"), ["a@0", "b@0", "c@1", "d@2", "e@3"])
      assert.deepStrictEqual(
        (yield* recorder.named("step.execution_requested")).map(({ payload }) => payload.queueSeconds),
        [0, 0, 1, 2, 3]
      )
    }).pipe(Effect.provide(recorder.layer({ execution: { concurrency: 2 } }))))

  it.effect("runs one step after the other, in the order of the definition, with a concurrency of 1", () =>
    Effect.gen(function*() {
      const last = sleeper("last", 1)
      yield* finish([sleeper("after", 1, [last]), sleeper("x", 1), sleeper("y", 1), last])
      assert.deepStrictEqual(yield* recorder.secondsOf("step.execution_requested"), ["x@0", "y@1", "last@2", "after@3"])
    }).pipe(Effect.provide(recorder.layer({ execution: { concurrency: 1 } }))))

  it.effect("opens a span for a discovery that takes longer than a millisecond, and for no other one", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      /** Gives the time that each discovery has as its attribute, with a clock that moves at each reading. */
      const discoveries = Effect.fnUntraced(function*(nanosPerReading: bigint) {
        spans.length = 0
        let now = 0n
        const moving: Clock.Clock = Object.create(clock, {
          monotonicTimeNanosUnsafe: { value: () => now += nanosPerReading }
        })
        const one = Step.make("one", { run: () => Effect.void })
        yield* TaskRunner.run(ofSteps([one]), undefined).pipe(
          Effect.withTracer(tracer),
          Effect.provideService(Clock.Clock, moving)
        )
        return spans.filter(({ name }) => name === "tasker.dependency.resolution").map(({ attributes }) =>
          attributes.get("tasker.discovery.work_seconds")
        )
      })
      assert.deepStrictEqual(yield* discoveries(500_000n), [])
      assert.deepStrictEqual(yield* discoveries(600_000n), [0.0012])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("names the steps of a discovery and counts those of a batch", () =>
    Effect.gen(function*() {
      const a = sleeper("a", 1)
      const b = Step.make("b", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("no") })
      const fiber = yield* Effect.forkChild(
        Effect.exit(TaskRunner.run(ofSteps([a, b, sleeper("c", 1, [a])]), undefined))
      )
      yield* recorder.advance("1 minute")
      assert.isTrue(Exit.isFailure(yield* Fiber.join(fiber)))
      assert.deepStrictEqual(
        (yield* recorder.named("workflow.viable_steps_discovered")).map(({ payload }) => payload.stepNames),
        [["a", "b"], ["c"]]
      )
      assert.deepStrictEqual(
        (yield* recorder.named("workflow.steps_execution_completed")).map(({ payload }) => [
          payload.stepCount,
          payload.completedCount,
          payload.durationSeconds
        ]),
        [[2, 1, 1], [1, 1, 1]]
      )
      assert.deepStrictEqual(
        (yield* recorder.named("workflow.task_finalization_completed")).map(({ payload }) => [
          payload.executionStatus,
          payload.finalStatus
        ]),
        [["blocked_by_failures", "error"]]
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("runs a chain of 2000 steps", () =>
    Effect.gen(function*() {
      const steps: Array<Plain> = []
      for (let index = 0; index < 2000; index++) steps.push(sleeper(`s${index}`, 1, steps.slice(-1)))
      const { durationSeconds } = yield* finish(steps)
      assert.strictEqual(durationSeconds, 2000)
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("cancels the 1999 steps that wait for one that was interrupted", () =>
    Effect.gen(function*() {
      const steps: Array<Plain> = [Step.make("s0", { run: () => Effect.interrupt })]
      for (let index = 1; index < 2000; index++) steps.push(sleeper(`s${index}`, 1, steps.slice(-1)))
      const { fiber, taskId } = yield* TaskRunner.start(ofSteps(steps), undefined)
      yield* recorder.advance("1 second")
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      const { steps: records } = yield* TaskRunner.inspect(taskId)
      assert.deepStrictEqual(new Set(records.map((step) => step.state)), new Set(["cancelled"]))
    }).pipe(Effect.provide(recorder.layer())))

  it.effect.each([1, 12, 5000])(
    "runs a fan of 2000 steps and its join with a concurrency of %d",
    (concurrency) =>
      Effect.gen(function*() {
        const first = sleeper("first", 1)
        const fan = Array.from({ length: 2000 }, (_, index) => sleeper(`s${index}`, 1, [first]))
        const { durationSeconds, steps } = yield* finish([first, ...fan, sleeper("join", 1, fan)])
        assert.strictEqual(durationSeconds, 2 + Math.ceil(2000 / concurrency))
        assert.isTrue(steps.every((step) => step.state === "complete"))
      }).pipe(Effect.provide(recorder.layer({ execution: { concurrency } })))
  )

  it.effect("leaves nothing behind: a runner that ran 500 tasks knows none as running", () =>
    Effect.gen(function*() {
      const ids: Array<string> = []
      for (let index = 0; index < 500; index++) {
        ids.push((yield* TaskRunner.run(ofSteps([Step.make("s", { run: () => Effect.void })]), undefined)).taskId)
      }
      const errors = yield* Effect.forEach(ids, (taskId) => Effect.flip(TaskRunner.cancel(taskId)))
      assert.deepStrictEqual(
        new Set(errors.map((error) => error.reason._tag)),
        new Set(["TransitionRefused"])
      )
    }).pipe(Effect.provide(recorder.layer())))
})

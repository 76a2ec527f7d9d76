/**
 * What a program gives to the loop (a clock, a source of randomness, a tracer, a bus) may be broken. The run then ends
 * with that defect: it does not wait for ever, and it does not end without a reason.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Deferred, Effect, Exit, Fiber, Layer, Random, Schema, Tracer } from "effect"
import * as EventBus from "../../src/events/EventBus.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as TaskStore from "../../src/workflow/TaskStore.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const defect = new Error("out of order")
const broken = () => {
  throw defect
}

/** Fails once and is tried again, beside a step that runs for long, before one that waits for both. */
const finished: Array<string> = []
const flaky = Step.make("flaky", {
  retry: { maximumAttempts: 2, delays: ["1 second"], jitter: 0.5 },
  run: ({ attempt }) => attempt === 1 ? Effect.fail("no") : Effect.void
})
const long = Step.make("long", {
  run: () => Effect.andThen(Effect.sleep("1 hour"), Effect.sync(() => finished.push("long")))
})
const last = Step.make("last", { dependsOn: [flaky, long], run: () => Effect.void })
const Flow = Task.make("flow", { input: Schema.Void, steps: [flaky, long, last] })

/** Runs the flow; gives its exit and what the store has. */
const outcome = (around: <A, E, R>(run: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const run = yield* Effect.forkChild(Effect.exit(around(TaskRunner.run(Flow, undefined))))
    yield* recorder.advance("2 seconds")
    const exit = run.pollUnsafe()
    assert.isDefined(exit, "the run goes on for ever")
    const [record] = yield* (yield* TaskStore.TaskStore).list()
    return { exit: yield* Fiber.join(run), record }
  })

const endsWithTheDefect = ({ exit, record }: Effect.Success<ReturnType<typeof outcome>>) => {
  assert.isTrue(Exit.isFailure(exit) && exit.cause.reasons.length === 1 && Cause.hasDies(exit.cause))
  assert.strictEqual(Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined, defect)
  assert.strictEqual(record?.state, "error")
  assert.strictEqual(record?.error?.message, defect.message)
  assert.deepStrictEqual(finished, [])
}

const layer = recorder.layer({ backoff: { jitter: 0.5 }, tracing: { dependencyResolutions: "span" } })

/** A tracer that breaks at the nth span of a name. */
const tracerThatBreaksAt = (name: string, number = 1) => {
  let seen = 0
  return Tracer.make({
    span: (options) => {
      if (options.name === name && ++seen === number) broken()
      return new Tracer.NativeSpan(options)
    }
  })
}

/** A tracer that breaks whenever a span of a name ends. */
const tracerThatBreaksAtTheEndOf = (name: string) =>
  Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      if (options.name === name) span.end = broken
      return span
    }
  })

describe("a defect in the loop", () => {
  it.effect("of the source of randomness ends the run with it", () =>
    Effect.map(
      outcome(Effect.provideService(Random.Random, { nextIntUnsafe: broken, nextDoubleUnsafe: broken })),
      endsWithTheDefect
    ).pipe(Effect.provide(layer)))

  it.effect("of the clock while it waits for a back-off ends the run with it", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const own: Clock.Clock = Object.create(clock, {
        sleep: {
          value: (duration: Parameters<Clock.Clock["sleep"]>[0]) =>
            String(duration).includes("1 hour") ? clock.sleep(duration) : broken()
        }
      })
      endsWithTheDefect(yield* outcome(Effect.provideService(Clock.Clock, own)))
    }).pipe(Effect.provide(layer)))

  for (
    const [name, number] of [
      ["tasker.dependency.resolution", 1],
      ["tasker.dependency.resolution", 2],
      ["tasker.batch.execution", 1],
      ["tasker.batch.execution", 2],
      ["tasker.step.execution", 1],
      ["tasker.step.execution", 3],
      ["tasker.workflow.orchestration", 1],
      ["tasker.task.execution", 1]
    ] as const
  ) {
    it.effect(`of the tracer at span ${number} of ${name} ends the run with it`, () =>
      Effect.map(outcome(Effect.withTracer(tracerThatBreaksAt(name, number))), endsWithTheDefect).pipe(
        Effect.provide(layer)
      ))
  }

  for (
    const name of [
      "task.initialize_requested",
      "workflow.viable_steps_discovered",
      "workflow.steps_execution_started",
      "observability.step.backoff",
      "step.retry_requested"
    ]
  ) {
    it.effect(`of the bus at ${name} ends the run with it`, () =>
      Effect.map(outcome((run) => run), endsWithTheDefect).pipe(
        Effect.provide(
          TaskRunner.layer.pipe(
            Layer.provideMerge(Layer.merge(busThatBreaksAt(name), TaskStore.layerMemory)),
            Layer.provideMerge(TestTelemetry.settings())
          )
        )
      ))
  }

  it.effect("of the tracer at the end of an attempt that lost its fiber keeps no event of the run's end back", () =>
    Effect.gen(function*() {
      const noEffect = "no Effect" as unknown as Effect.Effect<void>
      const stuck = Step.make("stuck", { run: () => Effect.onInterrupt(Effect.never, () => noEffect) })
      const waiting = Step.make("waiting", { dependsOn: [stuck], run: () => Effect.void })
      const task = Task.make("stuck", { input: Schema.Void, steps: [stuck, waiting] })
      const { fiber } = yield* TaskRunner.start(task, undefined).pipe(
        Effect.withTracer(tracerThatBreaksAtTheEndOf("tasker.step.execution"))
      )
      yield* recorder.advance("1 second")
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      assert.lengthOf(yield* recorder.named("workflow.task_finalization_started"), 1)
      assert.lengthOf(yield* recorder.named("workflow.task_finalization_completed"), 1)
      assert.deepStrictEqual((yield* recorder.named("step.cancelled")).map(({ payload }) => payload.stepName), [
        "waiting"
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("outweighs a cancellation and is told to who asked for it", () =>
    Effect.gen(function*() {
      const started = yield* Deferred.make<string>()
      const cancelling = yield* Effect.forkChild(
        Effect.flatMap(Deferred.await(started), (id) => Effect.exit(TaskRunner.cancel(id)))
      )
      const { fiber, taskId } = yield* TaskRunner.start(Flow, undefined).pipe(
        Effect.withTracer(tracerThatBreaksAt("tasker.dependency.resolution"))
      )
      yield* Deferred.succeed(started, taskId)
      const exit = yield* Fiber.await(fiber)
      assert.strictEqual(Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined, defect)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(cancelling)))
    }).pipe(Effect.provide(layer)))
})

const busThatBreaksAt = (name: string) =>
  Layer.effect(
    EventBus.EventBus,
    Effect.map(EventBus.EventBus, (bus) => {
      const publishUnsafe = (...[, event]: ReadonlyArray<unknown>) => {
        if (event === name) broken()
      }
      return EventBus.EventBus.of({
        ...bus,
        enabled: true,
        publishUnsafe,
        publish: (event: unknown) => Effect.sync(() => publishUnsafe(undefined, event))
      })
    })
  ).pipe(Layer.provide(EventBus.layerNoop))

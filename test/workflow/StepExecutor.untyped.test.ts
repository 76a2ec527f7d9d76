/**
 * A step of a program without types may give anything. What is wrong becomes a defect of that step: it is told once,
 * every span is closed, and nothing stays active.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Schema, Tracer } from "effect"
import { MaxOpsBeforeYield } from "effect/Scheduler"
import * as Step from "../../src/workflow/Step.ts"
import { RetryableError } from "../../src/workflow/StepError.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

type Options = Parameters<typeof Step.make>[1]
/** What `Step.make` takes in a program without types. */
const untyped = (name: string, options: object) =>
  Step.make(name, options as Options) as Step.Step<string, unknown, unknown, never, void>

const rejected = () => Promise.reject(new Error("rejected"))

// oxlint-disable-next-line unicorn/no-thenable
const thenable = (then: PropertyDescriptor) => Object.defineProperty({}, "then", then)

interface Seen {
  readonly exit: Exit.Exit<unknown, unknown>
  readonly spans: ReadonlyArray<Tracer.NativeSpan>
}

/** Runs the steps, meddles if asked to, lets a minute pass, and checks that nothing is left open. */
const runUntyped = (
  steps: ReadonlyArray<Step.Step<string, unknown, unknown, never, void>>,
  meddle: (run: { readonly taskId: string; readonly fiber: Fiber.Fiber<unknown, unknown> }) => Effect.Effect<
    unknown,
    unknown,
    TaskRunner.TaskRunner
  > = () => Effect.void
): Effect.Effect<Seen, unknown, TaskRunner.TaskRunner | recorder.Recorder> => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return Effect.gen(function*() {
    const run = yield* TaskRunner.start(Task.make("t", { input: Schema.Void, steps }), undefined)
    yield* recorder.quiet
    yield* Effect.forkChild(meddle(run))
    yield* recorder.advance("1 minute")
    const exit = run.fiber.pollUnsafe()
    assert.isDefined(exit, "the run has not ended")
    assert.deepStrictEqual(spans.filter(({ status }) => status._tag !== "Ended").map(({ name }) => name), [])
    const { events } = yield* recorder.Recorder
    const active = events.reduce((count, { name, payload }) =>
      name === "step.execution_requested"
        ? count + 1
        : /^step\.(?:completed|failed|cancelled)$/.test(name) && "fromState" in payload &&
            payload.fromState === "in_progress"
        ? count - 1
        : count, 0)
    assert.strictEqual(active, 0)
    const { steps: records } = yield* TaskRunner.inspect(run.taskId)
    assert.deepStrictEqual(records.filter(({ state }) => state === "in_progress" || state === "pending"), [])
    return { exit, spans }
  }).pipe(Effect.withTracer(tracer))
}

const told = Effect.map(
  recorder.named("step.failed"),
  (failed) =>
    failed.map(({ payload }) => `${payload.stepName} ${payload.final} ${payload.errorType}: ${payload.errorMessage}`)
)

const other = untyped("other", { run: () => Effect.as(Effect.sleep("2 seconds"), "other") })

const bodies: ReadonlyArray<readonly [name: string, run: () => unknown, message: string]> = [
  ["nothing", () => undefined, "TypeError: run of step \"odd\" gave undefined where an Effect is expected"],
  ["null", () => null, "TypeError: run of step \"odd\" gave null where an Effect is expected"],
  ["a text", () => "done", "TypeError: run of step \"odd\" gave a string where an Effect is expected"],
  ["a function", () => () => Effect.void, "TypeError: run of step \"odd\" gave a function where an Effect is expected"],
  [
    "a promise",
    () => Promise.resolve(1),
    "TypeError: run of step \"odd\" gave a promise where an Effect is expected; wrap the call that makes it in Effect.tryPromise"
  ],
  [
    "a rejected promise",
    rejected,
    "TypeError: run of step \"odd\" gave a promise where an Effect is expected; wrap the call that makes it in Effect.tryPromise"
  ],
  [
    "an object that is waited for like a promise",
    () => thenable({ value: (_: unknown, reject: (error: unknown) => void) => reject(new Error("thenable")) }),
    "TypeError: run of step \"odd\" gave a promise where an Effect is expected; wrap the call that makes it in Effect.tryPromise"
  ],
  [
    "an object whose `then` throws",
    () => thenable({ get: () => assert.fail("getter") }),
    "TypeError: run of step \"odd\" gave an object where an Effect is expected"
  ],
  [
    "an Effect that goes on with nothing",
    () => Effect.flatMap(Effect.yieldNow, () => undefined as never),
    "string: Fiber.runLoop: Not a valid effect: undefined"
  ],
  [
    "an Effect that ends in a clean-up that is a text",
    () => Effect.ensuring(Effect.void, "tidy" as never),
    "string: Fiber.runLoop: Not a valid effect: tidy"
  ],
  [
    "an Effect whose finalizer gives nothing",
    () => Effect.scoped(Effect.acquireRelease(Effect.succeed(1), () => undefined as never)),
    "TypeError: Cannot read properties of undefined (reading '~effect/Exit')"
  ],
  [
    "an Effect that fails and whose clean-up gives a number",
    () => Effect.onError(Effect.fail("no"), () => 7 as never),
    "string: Fiber.runLoop: Not a valid effect: 7"
  ]
]

const cleanups: ReadonlyArray<readonly [name: string, run: () => Effect.Effect<unknown, unknown>]> = [
  ["onInterrupt", () => Effect.onInterrupt(Effect.never, () => true as never)],
  ["ensuring", () => Effect.ensuring(Effect.never, {} as never)],
  ["onExit", () => Effect.onExit(Effect.never, () => "done" as never)],
  [
    "acquireUseRelease",
    () => Effect.acquireUseRelease(Effect.void, () => Effect.never, () => Promise.resolve() as never)
  ],
  [
    "a finalizer of a scope",
    () => Effect.scoped(Effect.andThen(Effect.addFinalizer(() => undefined as never), Effect.never))
  ]
]

const questions: ReadonlyArray<readonly [name: string, skipWhen: () => unknown, message: string]> = [
  [
    "is async",
    () => Promise.resolve(false),
    "gave a promise where true, false or an Effect of them is expected; wrap the"
  ],
  ["is async and rejects", rejected, "gave a promise where true, false or an Effect of them is expected; wrap the"],
  ["gives nothing", () => undefined, "gave undefined where true, false or an Effect of them is expected"],
  ["gives a text", () => "false", "gave a string where true, false or an Effect of them is expected"],
  [
    "gives an Effect of a promise",
    () => Effect.succeed<unknown>(Promise.resolve(true)),
    "gave a promise where true, false or"
  ],
  ["gives an Effect of a number", () => Effect.succeed(0), "gave a number where true, false or an Effect of them"],
  ["throws", () => assert.fail("thrown"), "thrown"],
  ["goes on with nothing", () => Effect.flatMap(Effect.void, () => undefined as never), "Not a valid effect: undefined"]
]

describe("StepExecutor without types", () => {
  for (const [name, run, message] of bodies) {
    for (const timeout of [undefined, "9 seconds"]) {
      it.effect(`fails a step that gives ${name}${timeout === undefined ? "" : ", under a time limit"}`, () =>
        Effect.gen(function*() {
          for (const steps of [[untyped("odd", { run, timeout })], [untyped("odd", { run, timeout }), other]]) {
            const { exit } = yield* runUntyped(steps)
            assert.deepStrictEqual(
              Exit.isFailure(exit) ? exit.cause.reasons.map(({ _tag }) => _tag).at(-1) : "success",
              "Die"
            )
          }
          const last = (yield* told).map((line) => line.replace(/^odd true /, ""))
          assert.deepStrictEqual(last.map((line) => line.replace(/^AssertionError.*/, message)), [message, message])
        }).pipe(Effect.provide(recorder.layer())))
    }
  }

  for (const [name, run] of cleanups) {
    it.effect(`closes everything when a run is cancelled and ${name} gives no Effect`, () =>
      Effect.gen(function*() {
        const steps = [untyped("odd", { run }), other]
        const { exit } = yield* runUntyped(steps, ({ taskId }) => TaskRunner.cancel(taskId))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasFails(exit.cause))
        assert.lengthOf(yield* recorder.named("task.cancelled"), 1)
        assert.match(
          (yield* told).join(),
          /^odd true (?:string: Fiber.runLoop: Not a valid effect|TypeError: Cannot read)/
        )
      }).pipe(Effect.provide(recorder.layer())))

    it.effect(`closes everything when a run is interrupted and ${name} gives no Effect`, () =>
      Effect.gen(function*() {
        yield* runUntyped([untyped("odd", { run })], ({ fiber }) => Fiber.interrupt(fiber))
        assert.lengthOf(yield* recorder.named("task.cancelled"), 1)
        assert.lengthOf(yield* told, 1)
      }).pipe(Effect.provide(recorder.layer())))

    it.effect(`closes everything when a time limit ends an attempt and ${name} gives no Effect`, () =>
      Effect.gen(function*() {
        const steps = [untyped("odd", { run, timeout: "3 seconds", retry: { maximumAttempts: 2, jitter: 0 } }), other]
        const { exit } = yield* runUntyped(steps)
        assert.isTrue(Exit.isFailure(exit))
        const failed = yield* recorder.named("step.failed")
        assert.isAbove(failed.length, 0)
        assert.strictEqual(failed.at(-1)?.payload.final, true)
      }).pipe(Effect.provide(recorder.layer())))
  }

  for (const [name, skipWhen, message] of questions) {
    it.effect(`fails a step whose skipWhen ${name}`, () =>
      Effect.gen(function*() {
        const ran: Array<string> = []
        const odd = untyped("odd", { skipWhen, run: () => Effect.sync(() => ran.push("odd")) })
        yield* runUntyped([odd, other])
        assert.deepStrictEqual(ran, [])
        assert.deepStrictEqual(yield* recorder.named("observability.step.skip"), [])
        const failed = yield* told
        assert.lengthOf(failed, 1)
        assert.include(failed[0], message)
      }).pipe(Effect.provide(recorder.layer())))
  }

  it.effect.each([3, 4, 5, 6, 7, 8, 9, 11, 13, 16])(
    "lets no rejection end the process where skipWhen is async and the loop yields after %d operations",
    (budget) =>
      Effect.gen(function*() {
        yield* runUntyped([untyped("odd", { skipWhen: rejected, run: () => Effect.void })])
        assert.lengthOf(yield* told, 1)
      }).pipe(Effect.provideService(MaxOpsBeforeYield, budget), Effect.provide(recorder.layer()))
  )

  for (
    const [name, whenSkipped] of [
      ["a promise", () => Promise.resolve("later")],
      ["a rejected promise", rejected],
      ["an Effect", () => Effect.succeed("later")]
    ] as const
  ) {
    it.effect(`fails a step whose whenSkipped gives ${name}`, () =>
      Effect.gen(function*() {
        yield* runUntyped([untyped("odd", { skipWhen: () => true, whenSkipped, run: () => Effect.void })])
        const failed = yield* told
        assert.match(failed.join(), /^odd true TypeError: whenSkipped of step "odd" gave .* where a value is expected/)
      }).pipe(Effect.provide(recorder.layer())))
  }

  it.effect("waits as the policy says where an error asks for a wait that is no duration", () =>
    Effect.gen(function*() {
      for (const retryAfter of ["soon", 5, Number.NaN, {}, null, -1]) {
        const error = Object.assign(new RetryableError({ message: "busy" }), { retryAfter })
        const odd = untyped("odd", {
          retry: { maximumAttempts: 2, delays: ["4 seconds"], jitter: 0 },
          run: ({ attempt }: { readonly attempt: number }) => attempt === 1 ? Effect.fail(error) : Effect.void
        })
        yield* runUntyped([odd])
      }
      const waits = (yield* recorder.named("observability.step.backoff")).map(({ payload }) => payload.backoffSeconds)
      assert.deepStrictEqual(waits, [4, 4, 4, 4, 4, 4])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("gives the question and the attempt one limit of the batch together", () =>
    Effect.gen(function*() {
      const step = (name: string, asks: number, works: number) =>
        untyped(name, {
          skipWhen: () => Effect.as(Effect.sleep(`${asks} seconds`), false),
          retry: { maximumAttempts: 1 },
          run: () => Effect.sleep(`${works} seconds`)
        })
      yield* runUntyped([step("in_time", 3, 4), step("late", 5, 4), step("never", 9, 1)])
      const ends = yield* recorder.named("step.failed")
      assert.deepStrictEqual(
        ends.map(({ payload, time }) => `${payload.stepName} ${payload.timedOut} ${time}`).sort(),
        [
          "late batch 8000",
          "never batch 8000"
        ]
      )
      assert.deepStrictEqual(
        new Set(ends.map(({ payload }) => payload.errorMessage.replace(/^step "\w+" /, ""))),
        new Set(["did not end within the batch's 8s"])
      )
    }).pipe(Effect.provide(recorder.layer({
      execution: { batchTimeoutBase: "5 seconds", batchTimeoutPerStep: "1 second", batchTimeoutMaximum: "1 minute" }
    }))))
})

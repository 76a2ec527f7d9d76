/**
 * A walk through every path of a run: success, retry, back-off, time-out, permanent failure, attempts exhausted, skip,
 * deferral, cancellation, resolution by hand. Every event of the catalog happens here, as often as it should.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schema } from "effect"
import { EventBus } from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import * as EventRoute from "../../src/events/internal/EventRoute.ts"
import * as Step from "../../src/workflow/Step.ts"
import { PermanentError } from "../../src/workflow/StepError.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

// Succeeds: one step retried after a failure, one after a time-out, one skipped.
const fetch = Step.make("fetch", { run: () => Effect.void })
const flaky = Step.make("flaky", { run: ({ attempt }) => attempt === 1 ? Effect.fail("again") : Effect.void })
const slow = Step.make("slow", {
  timeout: "5 seconds",
  run: ({ attempt }) => attempt === 1 ? Effect.never : Effect.void
})
const optional = Step.make("optional", {
  dependsOn: [fetch],
  skipWhen: () => Effect.succeed(true),
  run: () => Effect.die("is not run")
})
const join = Step.make("join", { dependsOn: [flaky, slow, optional], run: () => Effect.void })
const Good = Task.make("good", { input: Schema.Void, steps: [fetch, flaky, slow, optional, join] })

// Fails: for good at once, and after the last attempt; one step never starts.
const permanent = Step.make("permanent", { run: () => Effect.fail(new PermanentError({ message: "no" })) })
const exhausted = Step.make("exhausted", { retry: { maximumAttempts: 2 }, run: () => Effect.fail("again") })
const blocked = Step.make("blocked", { dependsOn: [permanent], run: () => Effect.void })
const Bad = Task.make("bad", { input: Schema.Void, steps: [permanent, exhausted, blocked] })

// Is helped while it runs.
const stuck = Step.make("stuck", { run: () => Effect.fail(new PermanentError({ message: "no" })) })
const long = Step.make("long", { run: () => Effect.sleep("20 seconds") })
const released = Step.make("released", { dependsOn: [stuck], run: () => Effect.void })
const Helped = Task.make("helped", { input: Schema.Void, steps: [stuck, long, released] })

// Is cancelled.
const endless = Step.make("endless", { run: () => Effect.never })
const never = Step.make("never", { dependsOn: [endless], run: () => Effect.void })
const Stopped = Task.make("stopped", { input: Schema.Void, steps: [endless, never] })

const walk = Effect.gen(function*() {
  const good = yield* Effect.forkChild(TaskRunner.run(Good, undefined))
  yield* recorder.advance("1 minute")
  yield* Fiber.join(good)

  const bad = yield* TaskRunner.start(Bad, undefined)
  yield* recorder.advance("1 minute")
  assert.isTrue(Exit.isFailure(yield* Fiber.await(bad.fiber)))
  yield* TaskRunner.resolveStep(bad.taskId, permanent, undefined as never)
  yield* TaskRunner.resolveStep(bad.taskId, exhausted, undefined as never)
  yield* TaskRunner.resolveStep(bad.taskId, blocked, undefined)

  const helped = yield* TaskRunner.start(Helped, undefined)
  yield* recorder.advance("1 second")
  yield* TaskRunner.resolveStep(helped.taskId, stuck, undefined as never)
  yield* recorder.advance("1 minute")
  yield* Fiber.join(helped.fiber)

  const stopped = yield* TaskRunner.start(Stopped, undefined)
  yield* recorder.advance("1 second")
  yield* TaskRunner.cancel(stopped.taskId)
})

/** Events of a run; the others are about the export of metrics, what programs measure or ask databases, and analyses. */
type RunEvent = Exclude<EventCatalog.EventName, `${(typeof notOfRun)[number]}.${string}`>

const notOfRun = [
  "tasker.telemetry",
  "performance",
  "memory",
  "database",
  "observability.analysis",
  "observability.bottleneck"
] as const

const isOfRun = (name: string): name is RunEvent =>
  EventCatalog.isName(name) && !notOfRun.some((prefix) => name.startsWith(`${prefix}.`))

/** How often each event happens in the walk; an event of a run without a line here does not compile. */
const expected: { readonly [Name in RunEvent]: number } = {
  // 4 runs, 3 of them in the background.
  "observability.task.enqueue": 3,
  // good runs for more than 6 seconds, helped for more than 18.
  "observability.task.heartbeat": 4,
  // helped waits for long alone.
  "observability.task.stale": 1,
  "task.initialize_requested": 4,
  "task.start_requested": 4,
  "task.completed": 2,
  "task.failed": 1,
  "task.cancelled": 1,
  "task.resolved_manually": 1,
  "step.initialize_requested": 13,
  // good: fetch, flaky ×2, slow ×2, join. bad: permanent, exhausted ×2. helped: 3. stopped: 1.
  "step.execution_requested": 13,
  // good: fetch, flaky, slow, join. helped: long, released.
  "step.completed": 6,
  // flaky, slow, permanent, exhausted ×2, stuck.
  "step.failed": 6,
  // flaky, slow, exhausted.
  "observability.step.backoff": 3,
  "step.retry_requested": 3,
  "observability.step.max_retries_reached": 1,
  "observability.step.skip": 1,
  // endless while it runs, never while it waits.
  "step.cancelled": 2,
  // bad: 3 after its end. helped: 1 while it runs.
  "step.resolved_manually": 4,
  // optional, join, released.
  "dependency.resolved": 3,
  // good: [fetch, flaky, slow], [optional], flaky again, slow again, join. bad: [permanent, exhausted], exhausted again.
  // helped: [stuck, long], [released]. stopped: [endless].
  "workflow.viable_steps_discovered": 10,
  "workflow.steps_execution_started": 10,
  "workflow.steps_execution_completed": 10,
  // good waits for slow alone; bad waits for exhausted.
  "workflow.task_reenqueue_delayed": 2,
  // The two deferrals, and the end of bad.
  "workflow.no_viable_steps": 3,
  "workflow.task_finalization_started": 4,
  "workflow.task_finalization_completed": 4
}

const countsOf = (names: ReadonlyArray<string>) =>
  Object.fromEntries(
    EventCatalog.names.filter(isOfRun).map((name) => [name, names.filter((other) => other === name).length])
  )

describe("the life of runs", () => {
  it.effect("publishes every event of the catalog as often as it happens, with a payload of its schema", () =>
    Effect.gen(function*() {
      yield* walk
      const { events } = yield* recorder.Recorder
      assert.deepStrictEqual(
        countsOf(events.map(({ name }) => name)),
        expected,
        "each event happens as often as `expected` says: change the walk if an event is new, or publish it once only"
      )
      assert.deepStrictEqual(
        Object.entries(expected).flatMap(([name, count]) =>
          count > 0 ? [] : [`event "${name}" never happens in the walk`]
        ),
        []
      )
      assert.deepStrictEqual(yield* recorder.misfits, [])
      assert.deepStrictEqual(events.map(({ sequence }) => sequence), events.map((_, index) => index + 1))
    }).pipe(Effect.provide(recorder.layer({ tracing: { heartbeat: "6 seconds", staleHeartbeats: 2 } }))))

  it.effect("routes every event as the table says", () =>
    Effect.gen(function*() {
      const bus = yield* EventBus
      const got = { metrics: Array<string>(), trace: Array<string>(), log: Array<string>() }
      for (const signal of ["metrics", "trace", "log"] as const) {
        yield* bus.register({ name: signal, signal, handle: ({ name }) => void got[signal].push(name) })
      }
      yield* walk
      for (const signal of ["metrics", "trace", "log"] as const) {
        assert.deepStrictEqual(
          countsOf(got[signal]),
          Object.fromEntries(
            bus.router.entries.flatMap(({ name, route }) =>
              isOfRun(name) ? [[name, EventRoute.reaches(route, signal) ? expected[name] : 0]] : []
            )
          ),
          signal
        )
      }
    }).pipe(Effect.provide(recorder.layer({ tracing: { heartbeat: "6 seconds", staleHeartbeats: 2 } }))))
})

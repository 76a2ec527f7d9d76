/**
 * What the options about events do in the whole composition.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Layer, Metric, Schema, Scope } from "effect"
import { EventRouter, EventSubscriber, LogDestination, Step, Task, TaskRunner, Telemetry } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as recorder from "./support/recorder.ts"

const Shop = Task.make("shop", {
  input: Schema.Void,
  steps: [
    Step.make("charge", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("declined") }),
    Step.make("fetch", { run: () => Effect.void })
  ]
})

/** The events that became lines, the events of spans, and two counters. */
const outcome = Effect.gen(function*() {
  const telemetry = yield* TelemetryTest
  yield* Effect.exit(TaskRunner.run(Shop, undefined))
  const spans = yield* telemetry.spans
  return {
    lines: new Set((yield* telemetry.logs).flatMap(({ event }) => typeof event === "string" ? [event] : [])),
    spanEvents: spans.flatMap(({ events }) => events.map(({ name }) => name)).filter((name) => name !== "exception"),
    tasks: yield* telemetry.metric("tasker_tasks_total", { task: "shop", status: "error" }),
    attempts: yield* telemetry.metric("tasker_steps_total", { task: "shop", step: "charge", status: "error" })
  }
})

describe("Telemetry.layer", () => {
  it.effect("events.filtered takes lines and span events away and leaves the metrics", () =>
    Effect.gen(function*() {
      const { attempts, lines, tasks } = yield* outcome
      assert.deepStrictEqual(
        [...lines].filter((event) => /^(?:step|workflow)\./.test(event) || event === "task.failed"),
        []
      )
      assert.isTrue(lines.has("task.start_requested"))
      assert.deepStrictEqual([tasks, attempts], [1, 1])
    }).pipe(
      Effect.provide(TelemetryTest.layer({ events: { filtered: ["step.*", "workflow.*", "task.failed"] } }))
    ))

  it.effect("events.samplingRate thins lines and span events, spares high priorities, leaves the metrics", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outcome, {
        lines: new Set(["observability.step.max_retries_reached"]),
        spanEvents: ["observability.step.max_retries_reached"],
        tasks: 1,
        attempts: 1
      })
    }).pipe(Effect.provide(TelemetryTest.layer({ events: { samplingRate: 0 } }))))

  it.effect("warns about a filter that no event can match", () =>
    Effect.gen(function*() {
      const lines = yield* (yield* TelemetryTest).logs
      assert.deepStrictEqual(
        lines.map(({ level, message }) => [level, message]),
        [["WARN", "events.filtered names \"task.complet\", which no event matches"]]
      )
    }).pipe(Effect.provide(TelemetryTest.layer({ events: { filtered: ["task.complet", "billing.sent"] } }))))

  it.effect("routes as told, and shows subscribers the runs that its closing cancels", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const seen: Array<string> = []
      const running = yield* Deferred.make<void>()
      const telemetry = Telemetry.layer({}, {
        logDestination: LogDestination.layer((line) => void lines.push(line)),
        routes: [EventRouter.override("task.*", { log: false })],
        subscribers: EventSubscriber.layer({ "task.*": ({ name }) => Effect.sync(() => seen.push(name)) })
      })
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(telemetry, scope)
      const endless = Task.make("endless", {
        input: Schema.Void,
        steps: [Step.make("s", { run: () => Effect.andThen(Deferred.succeed(running, undefined), Effect.never) })]
      })
      yield* Effect.provideContext(TaskRunner.start(endless, undefined), context)
      yield* Deferred.await(running)
      yield* recorder.quiet
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(seen, ["task.initialize_requested", "task.start_requested", "task.cancelled"])
      assert.isTrue(lines.some((line) => line.includes("step.cancelled")))
      assert.isFalse(lines.some((line) => line.includes("\"event\":\"task.")))
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})

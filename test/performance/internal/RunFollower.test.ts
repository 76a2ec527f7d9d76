import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Correlation from "../../../src/Correlation.ts"
import type * as EventCatalog from "../../../src/events/EventCatalog.ts"
import type { EventEnvelope } from "../../../src/events/EventEnvelope.ts"
import * as TimeSlice from "../../../src/internal/TimeSlice.ts"
import { RunFollower } from "../../../src/performance/internal/RunFollower.ts"
import * as RunRecord from "../../../src/performance/RunRecord.ts"

const task = { taskId: "t-1", taskName: "order", namespace: "shop", version: "1.0.0" }
const step = { taskId: "t-1", taskName: "order", stepId: "t-1/charge", stepName: "charge" }

const send = (follower: RunFollower, name: string, payload: Readonly<Record<string, unknown>>) =>
  Effect.withFiber<void, never, never>((fiber) => {
    follower.handle({ name, payload, time: 0, sequence: 1 } as unknown as EventEnvelope, fiber)
    return Effect.void
  })

/** Begins a run of one step, whose first attempt runs. */
const begun = (follower: RunFollower) =>
  Effect.gen(function*() {
    const initialized: EventCatalog.Payload<"task.initialize_requested"> = {
      ...task,
      fromState: undefined,
      toState: "pending",
      totalSteps: 1,
      concurrency: 12,
      tags: {}
    }
    yield* send(follower, "task.initialize_requested", initialized)
    yield* send(follower, "step.initialize_requested", { ...step, attempt: 0, dependsOn: [] })
    yield* send(follower, "task.start_requested", task)
    yield* send(follower, "step.execution_requested", { ...step, attempt: 1, queueSeconds: 0 })
  })

describe("RunFollower", () => {
  it.effect("adds statements to the attempt that the publishing fiber works for", () =>
    Effect.gen(function*() {
      const follower = new RunFollower({ storedRuns: 1, instance: undefined })
      yield* begun(follower)
      const statement = (attempt: number, durationSeconds: unknown) =>
        send(follower, "database.query_executed", { durationSeconds }).pipe(
          Effect.provideService(Correlation.CurrentWorkflow, { ...step, attempt })
        )
      yield* statement(1, 0.25)
      yield* statement(1, 0.5)
      yield* statement(1, "odd")
      yield* statement(2, 8)
      yield* send(follower, "database.query_executed", { durationSeconds: 8 })
      const [charge] = follower.find("t-1")?.steps ?? []
      assert.deepStrictEqual(RunRecord.timesOf(charge as RunRecord.StepRecord).sql, {
        statements: 3,
        seconds: 0.75,
        waitSeconds: 0
      })
    }))

  const finding = (count: number, attempt = 1) => ({
    kind: "repeated_query",
    summary: "SELECT orders",
    count,
    totalSeconds: 3,
    elapsedSeconds: 2,
    ...step,
    attempt
  })
  const pattern: RunRecord.QueryPattern = {
    kind: "repeated_query",
    summary: "SELECT orders",
    count: 30,
    totalSeconds: 3,
    elapsedSeconds: 2
  }

  it.effect("adds patterns of SQL to their attempt, while the run goes on and after its end", () =>
    Effect.gen(function*() {
      const follower = new RunFollower({ storedRuns: 1, instance: undefined })
      yield* begun(follower)
      const patterns = () => follower.find("t-1")?.steps[0]?.attempts[0]?.patterns
      yield* send(follower, "performance.query_finding", finding(30))
      yield* send(follower, "performance.query_finding", finding(30, 2))
      yield* send(follower, "performance.query_finding", { ...finding(30), taskId: "t-2" })
      yield* send(follower, "performance.query_finding", { kind: "many_rows", summary: "", count: 9, totalSeconds: 1 })
      assert.deepStrictEqual(patterns(), [pattern])
      yield* send(follower, "task.completed", task)
      const before = follower.find("t-1")
      const { elapsedSeconds: _, ...blocking } = finding(2)
      yield* send(follower, "performance.query_finding", { ...blocking, kind: "blocking_transaction", summary: "" })
      assert.deepStrictEqual(patterns(), [
        pattern,
        { kind: "blocking_transaction", summary: "", count: 2, totalSeconds: 3, elapsedSeconds: 3 }
      ])
      // A record that somebody has read does not change.
      assert.deepStrictEqual(before?.steps[0]?.attempts[0]?.patterns, [pattern])
    }))

  it.effect("keeps at most 20 patterns of an attempt", () =>
    Effect.gen(function*() {
      const follower = new RunFollower({ storedRuns: 1, instance: undefined })
      yield* begun(follower)
      const patterns = () => follower.find("t-1")?.steps[0]?.attempts[0]?.patterns
      yield* Effect.forEach(Array.from({ length: 30 }), () => send(follower, "performance.query_finding", finding(30)))
      assert.lengthOf(patterns() ?? [], 20)
      yield* send(follower, "task.completed", task)
      yield* send(follower, "performance.query_finding", finding(30))
      assert.lengthOf(patterns() ?? [], 20)
    }))

  it.effect("knows whether the fiber of a run has ended, and how old the last event is", () =>
    Effect.gen(function*() {
      const follower = new RunFollower({ storedRuns: 1, instance: undefined })
      const clock = yield* Clock.Clock
      const end = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(Effect.andThen(begun(follower), Deferred.await(end)))
      yield* Effect.yieldNow
      yield* TestClock.adjust("7 seconds")
      assert.deepStrictEqual(follower.signsOf("t-1", clock), { now: 7, silentSeconds: 7, runnerEnded: false })
      yield* send(follower, "observability.task.heartbeat", task)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(follower.signsOf("t-1", clock), { now: 9, silentSeconds: 2, runnerEnded: false })
      // A heartbeat changes nothing about the run.
      assert.strictEqual(follower.find("t-1")?.changedAt, 0)
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(follower.signsOf("t-1", clock), { now: 9, silentSeconds: 2, runnerEnded: true })
      assert.isUndefined(follower.signsOf("t-2", clock))
    }))

  it.effect("keeps no more runs than it may, however many steps they have", () =>
    Effect.gen(function*() {
      const follower = new RunFollower({ storedRuns: 3, instance: undefined })
      for (let run = 0; run < 5; run++) {
        const ids = { ...task, taskId: `t-${run}` }
        yield* send(follower, "task.initialize_requested", ids)
        yield* send(follower, "task.completed", ids)
      }
      assert.deepStrictEqual(follower.endedRuns().map(({ id }) => id), ["t-2", "t-3", "t-4"])
      const large = { ...task, taskId: "large" }
      yield* send(follower, "task.initialize_requested", large)
      yield* Effect.forEach(
        Array.from({ length: 199_990 }, (_, index) => index),
        (index) => send(follower, "step.initialize_requested", { ...step, taskId: "large", stepName: `s${index}` })
      )
      yield* send(follower, "task.completed", large)
      assert.deepStrictEqual(follower.endedRuns().map(({ id }) => id), ["t-3", "t-4", "large"])
      yield* send(follower, "task.initialize_requested", { ...task, taskId: "next" })
      yield* Effect.forEach(
        Array.from({ length: 10 }, (_, index) => index),
        (index) => send(follower, "step.initialize_requested", { ...step, taskId: "next", stepName: `s${index}` })
      )
      yield* send(follower, "task.completed", { ...task, taskId: "next" })
      assert.deepStrictEqual(follower.endedRuns().map(({ id }) => id), ["next"])
    }))

  it.effect("counts the runs that it does not follow because too many run at the same time", () =>
    Effect.gen(function*() {
      const follower = new RunFollower({ storedRuns: 3, instance: undefined })
      for (let run = 0; run < 10_003; run++) {
        yield* send(follower, "task.initialize_requested", { ...task, taskId: `t-${run}` })
      }
      assert.strictEqual(follower.missed, 3)
      assert.strictEqual(TimeSlice.runNow(follower.unfinishedRuns()).length, 10_000)
    }))
})

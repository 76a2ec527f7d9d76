import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Schema } from "effect"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { EventBus } from "../../src/events/EventBus.ts"
import { DetectedResource } from "../../src/internal/DetectedResource.ts"
import * as RunRecord from "../../src/performance/RunRecord.ts"
import * as RunRecords from "../../src/performance/RunRecords.ts"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as StepError from "../../src/workflow/StepError.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"
import { runs } from "../support/runs.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const instance = Layer.succeed(DetectedResource, { "service.instance.id": "i-1" })

const layer = (options: TelemetryConfig.Options = {}) =>
  RunRecords.layer.pipe(Layer.provide(instance), Layer.provideMerge(recorder.layer(options)))

const sleeping = (
  name: string,
  seconds: number,
  dependsOn: ReadonlyArray<Step.Step<string, unknown, unknown, never, void>> = []
) =>
  Step.make(name, {
    dependsOn,
    run: () => Effect.as(Effect.sleep(`${seconds} seconds`), undefined) as Effect.Effect<unknown>
  })

const a = sleeping("a", 1)
const flaky = Step.make("flaky", {
  dependsOn: [a],
  retry: { maximumAttempts: 2, delays: ["4 seconds"] },
  run: ({ attempt }) =>
    Effect.andThen(
      Effect.sleep("2 seconds"),
      attempt === 1 ? Effect.fail(new StepError.RetryableError({ message: "busy" })) : Effect.void
    )
})
const c = sleeping("c", 5, [a])
const Diamond = Task.make("diamond", {
  namespace: "shop",
  version: "2.0.0",
  input: Schema.Void,
  steps: [a, flaky, c, Step.make("d", { dependsOn: [flaky, c], run: () => Effect.sleep("1 second") })]
})

/** The steps of these tests need nothing. */
const run = (task: Task.Any) =>
  TaskRunner.run(task, undefined) as Effect.Effect<unknown, unknown, TaskRunner.TaskRunner>

/** Runs a task to its end and gives its record. */
const recorded = (task: Task.Any) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.exit(run(task)))
    yield* recorder.advance("1 hour")
    yield* Fiber.join(fiber)
    const records = yield* RunRecords.RunRecords
    return (yield* records.ended).at(-1) as RunRecord.RunRecord
  })

const attemptsOf = (record: RunRecord.RunRecord) =>
  record.steps.flatMap((step) =>
    step.attempts.map(({ endedAt, readyAt, startedAt, state }) => [step.name, readyAt, startedAt, endedAt, state])
  )

describe("RunRecords", () => {
  it.effect("keeps what a run was and when each attempt was ready, started and ended", () =>
    Effect.gen(function*() {
      const record = yield* recorded(Diamond)
      assert.deepInclude(record, {
        taskName: "diamond",
        namespace: "shop",
        version: "2.0.0",
        instance: "i-1",
        state: "complete",
        createdAt: 0,
        startedAt: 0,
        endedAt: 10,
        concurrency: 12
      })
      assert.deepStrictEqual(record.steps.map(({ dependsOn, name }) => [name, ...dependsOn]), [
        ["a"],
        ["flaky", "a"],
        ["c", "a"],
        ["d", "flaky", "c"]
      ])
      assert.deepStrictEqual(attemptsOf(record), [
        ["a", 0, 0, 1, "complete"],
        ["flaky", 1, 1, 3, "error"],
        ["flaky", 7, 7, 9, "complete"],
        ["c", 1, 1, 6, "complete"],
        ["d", 9, 9, 10, "complete"]
      ])
      assert.strictEqual(record.steps[1]?.attempts[0]?.errorType, "RetryableError")
      assert.deepStrictEqual(record.steps.map(({ settledAt }) => settledAt), [1, 9, 6, 10])
    }).pipe(Effect.provide(layer())))

  it.effect("keeps the wait for a slot apart from work and back-off", () =>
    Effect.gen(function*() {
      const { steps } = yield* recorded(Diamond)
      const sql = { statements: 0, seconds: 0, waitSeconds: 0 }
      assert.deepStrictEqual(steps.map((step) => RunRecord.timesOf(step)), [
        { queueSeconds: 0, workSeconds: 1, retrySeconds: 0, backoffSeconds: 0, sql },
        { queueSeconds: 1, workSeconds: 2, retrySeconds: 2, backoffSeconds: 4, sql },
        { queueSeconds: 2, workSeconds: 5, retrySeconds: 0, backoffSeconds: 0, sql },
        { queueSeconds: 0, workSeconds: 1, retrySeconds: 0, backoffSeconds: 0, sql }
      ])
    }).pipe(Effect.provide(layer({ execution: { concurrency: 1 } }))))

  it.effect("keeps the tags of a run, without secrets, and the span of the run has them", () =>
    Effect.gen(function*() {
      yield* TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [sleeping("now", 0)] }), undefined, {
        tags: { region: "eu", password: "hunter2", note: `Bearer ${"a".repeat(40)}` }
      }).pipe(Effect.forkChild, Effect.andThen(recorder.advance("1 second")))
      const records = yield* RunRecords.RunRecords
      const [record] = yield* records.ended
      assert.strictEqual(record?.tags["region"], "eu")
      assert.notInclude(JSON.stringify(record?.tags), "hunter2")
      assert.notInclude(JSON.stringify(record?.tags), "aaaa")
      assert.deepStrictEqual((yield* TaskRunner.inspect(record!.id)).tags, record!.tags)
      const { spans } = yield* SpanMemory
      const span = (yield* spans).find(({ name }) => name === "tasker.task.execution")
      assert.strictEqual(span?.attributes.get("tasker.tag.region"), "eu")
      assert.notInclude(JSON.stringify([...(span?.attributes ?? [])]), "hunter2")
      assert.deepStrictEqual(yield* recorder.misfits, [])
    }).pipe(Effect.provide(Layer.provideMerge(layer(), TestTelemetry.tracing))))

  it.effect("leaves out tags that are no texts, and keeps ten of them", () =>
    Effect.gen(function*() {
      const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`t${index}`, "x".repeat(1000)]))
      const odd: ReadonlyArray<unknown> = ["text", 7, null, { region: 7, ok: "yes", ["n".repeat(101)]: "long" }, many]
      const only = Task.make("t", { input: Schema.Void, steps: [sleeping("now", 0)] })
      for (const tags of odd) {
        yield* TaskRunner.run(only, undefined, { tags: tags as { readonly region: string } })
      }
      const { ended } = yield* RunRecords.RunRecords
      const kept = (yield* ended).map(({ tags }) => tags)
      assert.deepStrictEqual(kept.slice(0, 4), [{}, {}, {}, { ok: "yes" }])
      assert.strictEqual(Object.keys(kept[4] ?? {}).length, 10)
      assert.isAtMost(kept[4]?.["t0"]?.length ?? 0, 200)
    }).pipe(Effect.provide(layer())))

  it.effect("is the same when every event is filtered and sampled out", () =>
    Effect.gen(function*() {
      const plain = yield* recorded(Diamond).pipe(Effect.provide(layer(), { local: true }))
      const thinned = yield* recorded(Diamond).pipe(
        Effect.provide(
          layer({ events: { samplingRate: 0, filtered: ["task.*", "step.*", "observability.*", "dependency.*"] } }),
          { local: true }
        )
      )
      assert.deepStrictEqual(attemptsOf(thinned), attemptsOf(plain).map(([name, ...rest]) => [name, ...rest]))
    }))

  it.effect("keeps a step that was skipped, one that failed for good and those that could not start", () =>
    Effect.gen(function*() {
      const skipped = Step.make("skipped", {
        skipWhen: () => Effect.as(Effect.sleep("3 seconds"), true),
        whenSkipped: () => undefined,
        run: () => Effect.void
      })
      const failing = Step.make("failing", {
        dependsOn: [skipped],
        run: () => Effect.fail(new StepError.PermanentError({ message: "no" }))
      })
      const never = Step.make("never", { dependsOn: [failing], run: () => Effect.void })
      const record = yield* recorded(Task.make("t", { input: Schema.Void, steps: [skipped, failing, never] }))
      assert.deepInclude(record, { state: "error", errorType: "PermanentError" })
      assert.deepInclude(record.steps[0], { state: "complete", skipped: true, attempts: [], readyAt: 0, settledAt: 3 })
      assert.deepInclude(record.steps[1], { state: "error", failedForGood: true, settledAt: 3 })
      assert.deepInclude(record.steps[2], { state: "pending", readyAt: undefined, settledAt: undefined, attempts: [] })
      assert.strictEqual(RunRecord.timesOf(record.steps[0] as RunRecord.StepRecord).workSeconds, 3)
    }).pipe(Effect.provide(layer())))

  it.effect("shows a run while it goes on, and when a back-off ends", () =>
    Effect.gen(function*() {
      const records = yield* RunRecords.RunRecords
      const { fiber, taskId } = yield* TaskRunner.start(Diamond, undefined)
      yield* recorder.advance("4 seconds")
      const [run] = yield* records.unfinished
      assert.deepInclude(run, { id: taskId, state: "in_progress", endedAt: undefined, changedAt: 3 })
      assert.deepInclude(run?.steps[1], { state: "error", failedForGood: false, backoffUntil: 7 })
      assert.deepStrictEqual(yield* records.age(taskId), Option.some(4))
      assert.deepStrictEqual(yield* records.get(taskId), Option.fromUndefinedOr(run))
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* records.unfinished, [])
      assert.deepStrictEqual(yield* records.age(taskId), Option.none())
      // What was read before has not changed.
      assert.deepInclude(run?.steps[1], { state: "error", backoffUntil: 7 })
    }).pipe(Effect.provide(layer())))

  it.effect("keeps a resolution by hand after the end", () =>
    Effect.gen(function*() {
      const only = Step.make("only", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("no") })
      const record = yield* recorded(Task.make("t", { input: Schema.Void, steps: [only] }))
      yield* TaskRunner.resolveStep(record.id, only, undefined as never)
      const records = yield* RunRecords.RunRecords
      const [resolved] = yield* records.ended
      assert.strictEqual(record.state, "error")
      assert.deepInclude(record.steps[0], { failedForGood: true, exhausted: true })
      assert.deepInclude(resolved, { state: "resolved_manually" })
      assert.deepInclude(resolved?.steps[0], { state: "resolved_manually", failedForGood: false })
    }).pipe(Effect.provide(layer())))

  it.effect("forgets the oldest run first", () =>
    Effect.gen(function*() {
      const ids: Array<string> = []
      for (let index = 0; index < 5; index++) ids.push((yield* recorded(Diamond)).id)
      const records = yield* RunRecords.RunRecords
      assert.deepStrictEqual((yield* records.ended).map(({ id }) => id), ids.slice(2))
      assert.deepStrictEqual(yield* records.get(ids[0] as string), Option.none())
    }).pipe(Effect.provide(layer({ performance: { storedRuns: 3 } }))))

  it.effect("can be encoded as JSON and decoded again", () =>
    Effect.gen(function*() {
      const record = yield* recorded(Diamond)
      const codec = Schema.fromJsonString(Schema.toCodecJson(RunRecord.RunRecord))
      const text = yield* Schema.encodeEffect(codec)(record)
      assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(codec)(text), record)
    }).pipe(Effect.provide(layer())))

  it.effect("holds given records in memory, and none without a bus", () =>
    Effect.gen(function*() {
      const record = yield* recorded(Diamond).pipe(Effect.provide(layer(), { local: true }))
      const inMemory = yield* Effect.flatMap(RunRecords.RunRecords, ({ ended }) => ended).pipe(
        Effect.provide(RunRecords.layerMemory([record]))
      )
      assert.deepStrictEqual(inMemory, [record])
      const none = yield* Effect.flatMap(RunRecords.RunRecords, ({ ended }) => ended).pipe(
        Effect.provide(RunRecords.layerNoop)
      )
      assert.deepStrictEqual(none, [])
    }))

  const Small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))
  const Node = Schema.Struct({
    seconds: Small,
    fails: Schema.Boolean,
    needs: Schema.Array(Small).check(Schema.isMaxLength(3))
  })

  it.effect.prop(
    "agrees with the records of the store on queue, work and back-off of every step",
    {
      nodes: Schema.Array(Node).check(Schema.isMinLength(1), Schema.isMaxLength(8)),
      concurrency: Schema.Literals([1, 2, 12])
    },
    ({ concurrency, nodes }) =>
      Effect.gen(function*() {
        const steps: Array<Step.Step<string, unknown, unknown, never, void>> = []
        nodes.forEach((node, index) =>
          steps.push(Step.make(`s${index}`, {
            dependsOn: [...new Set(node.needs.map((distance) => index - 1 - distance))].filter((other) => other >= 0)
              .map((other) => steps[other] as (typeof steps)[number]),
            retry: { maximumAttempts: 2 },
            run: ({ attempt }) =>
              Effect.andThen(
                Effect.sleep(`${node.seconds} seconds`),
                node.fails && attempt === 1 ? Effect.fail("once") : Effect.void
              )
          }))
        )
        const record = yield* recorded(Task.make("t", { input: Schema.Void, steps }))
        const stored = yield* TaskRunner.inspect(record.id)
        assert.strictEqual(record.endedAt, stored.durationSeconds)
        assert.deepStrictEqual(
          record.steps.map((step) => {
            const times = RunRecord.timesOf(step)
            return [times.queueSeconds, times.workSeconds + times.retrySeconds, times.backoffSeconds]
          }),
          stored.steps.map((step) => [step.queueSeconds, step.workSeconds, step.backoffSeconds])
        )
      }).pipe(Effect.provide(layer({ execution: { concurrency } }), { local: true })),
    { arbitrary: { runs: runs(50) } }
  )

  it.effect("publishes nothing and changes no exit", () =>
    Effect.gen(function*() {
      yield* recorded(Diamond)
      const { events } = yield* recorder.Recorder
      const bus = yield* EventBus
      yield* bus.publish("task.cancelled", {
        taskId: "unknown",
        taskName: "t",
        namespace: "",
        version: "",
        fromState: "pending",
        toState: "cancelled",
        durationSeconds: 0,
        totalSteps: 0,
        completedSteps: 0,
        reason: "requested"
      })
      assert.strictEqual(events.filter(({ name }) => name === "task.completed").length, 1)
    }).pipe(Effect.provide(layer())))
})

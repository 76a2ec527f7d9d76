/**
 * Many runs of a task under `tracing.keep`, of which some fail and some are slow: what is kept of them.
 */
import { assert } from "@effect/vitest"
import { Effect, Fiber, Layer, Metric, Schema } from "effect"
import { TestClock } from "effect/testing"
import { LogDestination, MetricSnapshot, MetricStore, Step, Task, TaskRunner, Telemetry } from "tasker-telemetry"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"

class Refused extends Schema.TaggedError<Refused>()("Refused", {}) {}

const Input = Schema.Struct({ end: Schema.Literals(["quick", "slow", "fails"]) })

const prepare = Step.make("prepare", { input: Input, run: () => Effect.void })
const work = Step.make("work", {
  input: Input,
  dependsOn: [prepare],
  retry: { maximumAttempts: 1 },
  run: ({ input }) =>
    input.end === "fails" ? Effect.fail(new Refused()) : input.end === "slow" ? Effect.sleep("2 seconds") : Effect.void
})
const Work = Task.make("work", { input: Input, steps: [prepare, work] })

const layer = Layer.provideMerge(
  SpanMemory.layer,
  Telemetry.layer({ tracing: { keep: { ratio: 0, slowerThan: "1 second" } } }, {
    logDestination: LogDestination.layerNoop
  })
)

/** Of each hundred runs one fails and one is slow: those are kept, whole, and all are counted. */
export const check = (runs: number): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const endOf = (run: number) => run % 100 === 7 ? "fails" : run % 100 === 50 ? "slow" : "quick"
    for (let run = 0; run < runs; run++) {
      const fiber = yield* Effect.forkChild(Effect.exit(TaskRunner.run(Work, { end: endOf(run) })))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
    }
    const spans = yield* Effect.flatMap(SpanMemory, (memory) => memory.spans)
    const named = (name: string) => spans.filter((span) => span.name === name)
    const reasons = named("tasker.task.execution").map(({ attributes }) => attributes.get("tasker.keep.reason"))
    assert.deepStrictEqual(
      reasons,
      Array.from({ length: runs / 100 }, () => ["error", "slow"]).flat()
    )
    // Two steps of each run, and what is around them.
    assert.lengthOf(named("tasker.step.execution"), 2 * reasons.length)
    assert.lengthOf(named("tasker.batch.execution"), 2 * reasons.length)
    const ids = new Set(spans.map(({ spanId }) => spanId))
    for (const { parentSpanId } of spans) assert.isTrue(parentSpanId === undefined || ids.has(parentSpanId))
    const snapshot = yield* (yield* MetricStore.MetricStore).snapshot
    const counted = (status: string) => MetricSnapshot.valueOf(snapshot, "tasker_tasks_total", { task: "work", status })
    assert.strictEqual(counted("error"), runs / 100)
    assert.strictEqual(counted("complete"), runs - runs / 100)
  }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map()))

/** A failed run of many steps is kept whole. */
export const checkLarge = (steps: number): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const parts = Array.from({ length: steps }, (_, index) => Step.make(`part_${index}`, { run: () => Effect.void }))
    const last = Step.make("last", {
      dependsOn: parts,
      retry: { maximumAttempts: 1 },
      run: () => Effect.fail(new Refused())
    })
    const Large = Task.make("large", { input: Schema.Struct({}), steps: [...parts, last] })
    yield* Effect.exit(TaskRunner.run(Large, {}))
    const spans = yield* Effect.flatMap(SpanMemory, (memory) => memory.spans)
    const names = spans.filter(({ name }) => name === "tasker.step.execution").map(({ attributes }) =>
      attributes.get("tasker.step.name")
    )
    assert.strictEqual(new Set(names).size, steps + 1)
    const ids = new Set(spans.map(({ spanId }) => spanId))
    for (const { parentSpanId } of spans) assert.isTrue(parentSpanId === undefined || ids.has(parentSpanId))
  }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map()))

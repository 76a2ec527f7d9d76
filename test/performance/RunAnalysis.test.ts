import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber, Layer, Option, Schema } from "effect"
import * as EventBus from "../../src/events/EventBus.ts"
import * as TimeSlice from "../../src/internal/TimeSlice.ts"
import * as Bottlenecks from "../../src/performance/Bottlenecks.ts"
import * as Compare from "../../src/performance/Compare.ts"
import * as RunAnalysis from "../../src/performance/RunAnalysis.ts"
import type { AttemptRecord, RunRecord } from "../../src/performance/RunRecord.ts"
import * as RunRecords from "../../src/performance/RunRecords.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as analysedRuns from "../support/analysedRuns.ts"
import * as recorder from "../support/recorder.ts"
import { attempt, run, step } from "../support/runRecords.ts"

/** An analysis of given records whose events are written down. */
const over = (runs: ReadonlyArray<RunRecord>) =>
  RunAnalysis.layer.pipe(
    Layer.provide(RunRecords.layerMemory(runs)),
    Layer.provideMerge(recorder.layer())
  )

/** A recorder, and the analysis of the runs of its runner. */
const recording = RunAnalysis.layer.pipe(
  Layer.provideMerge(RunRecords.layer),
  Layer.provideMerge(recorder.layer())
)

const many = (count: number, seconds: number): ReadonlyArray<RunRecord> =>
  Array.from(
    { length: count },
    (_, index) => run({ id: `t-${index}`, endedAt: seconds + 10, steps: [step("a", [attempt(0, seconds)])] })
  )

describe("an analysis", () => {
  it.effect("gives what the pure functions give", () =>
    Effect.gen(function*() {
      const analysis = yield* RunAnalysis.RunAnalysis
      const choice = { task: "order" }
      assert.deepStrictEqual(yield* analysis.bottlenecks(choice), Bottlenecks.analyze(analysedRuns.all, choice))
      assert.deepStrictEqual(
        yield* analysis.durations({ since: 60_000 }),
        Bottlenecks.analyze(analysedRuns.all, { since: 60_000, minimumRuns: Infinity })
      )
      assert.deepStrictEqual(
        yield* analysis.differences({ ...choice, significance: 0.01 }),
        Compare.compare(analysedRuns.all.filter(({ taskName }) => taskName === "order"), { significance: 0.01 })
      )
      assert.isNotEmpty(yield* analysis.differences())
    }).pipe(Effect.provide(over(analysedRuns.all))))

  it.effect("publishes that it is done, and each bottleneck once", () =>
    Effect.gen(function*() {
      const analysis = yield* RunAnalysis.RunAnalysis
      yield* analysis.bottlenecks()
      yield* analysis.bottlenecks()
      yield* analysis.durations()
      yield* analysis.differences({ task: "order" })
      const completed = yield* recorder.named("observability.analysis.completed")
      assert.deepStrictEqual(completed.map(({ payload }) => payload), [
        { analysis: "bottlenecks", runs: 39, findings: 3, durationSeconds: 0 },
        { analysis: "bottlenecks", runs: 39, findings: 3, durationSeconds: 0 },
        { analysis: "durations", runs: 39, findings: 0, durationSeconds: 0 },
        { analysis: "differences", runs: 36, findings: 1, durationSeconds: 0 }
      ])
      const detected = yield* recorder.named("observability.bottleneck.detected")
      assert.deepStrictEqual(detected.map(({ payload }) => [payload.kind, payload.stepName, payload.gainSeconds]), [
        ["faster_step", "charge", 4],
        ["faster_step", "load", 1],
        ["fewer_queries", "load", 0.5]
      ])
      assert.deepInclude(detected[0]?.payload, { taskName: "order", version: "1.0.0", gainShare: 0.4, runs: 24 })
      assert.match(detected[0]?.payload.recommendation ?? "", /^Make step "charge" of order 1\.0\.0 faster/)
    }).pipe(Effect.provide(over(analysedRuns.all))))

  it.effect("publishes a bottleneck again once its share has doubled", () => {
    let runs = many(20, 2)
    const records = Layer.effect(
      RunRecords.RunRecords,
      Effect.map(RunRecords.RunRecords, (none) => ({ ...none, find: () => Effect.sync(() => runs) }))
    ).pipe(Layer.provide(RunRecords.layerNoop))
    return Effect.gen(function*() {
      const analysis = yield* RunAnalysis.RunAnalysis
      const shares = Effect.gen(function*() {
        yield* analysis.bottlenecks()
        const detected = yield* recorder.named("observability.bottleneck.detected")
        return detected.map(({ payload }) => Math.round(payload.gainShare * 100))
      })
      assert.deepStrictEqual(yield* shares, [8])
      runs = many(20, 4)
      assert.deepStrictEqual(yield* shares, [8])
      runs = many(20, 6)
      assert.deepStrictEqual(yield* shares, [8, 19])
    }).pipe(Effect.provide(RunAnalysis.layer.pipe(Layer.provide(records), Layer.provideMerge(recorder.layer()))))
  })

  it.effect("waits for another one, so that they do not hold up others together", () =>
    Effect.gen(function*() {
      const analysis = yield* RunAnalysis.RunAnalysis
      yield* Effect.all([analysis.bottlenecks(), analysis.durations(), analysis.differences()], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(
        (yield* recorder.named("observability.analysis.completed")).map(({ payload }) => payload.analysis),
        ["bottlenecks", "durations", "differences"]
      )
    }).pipe(Effect.provide(over(analysedRuns.all))))
})

describe("the work of an analysis", () => {
  /** Runs whose attempts count how often their start is read. */
  const counted = (count: number, steps: number) => {
    const reads = { count: 0 }
    const attemptOf = (index: number): AttemptRecord => {
      const start = Math.floor(index / 4)
      const known = attempt(start, start + 1, { sql: { statements: 2, seconds: 0.5, waitSeconds: 0 } })
      return Object.defineProperty({ ...known }, "startedAt", {
        enumerable: true,
        get: () => {
          reads.count++
          return start
        }
      })
    }
    const runs = Array.from({ length: count }, (_, index) =>
      run({
        id: `t-${index}`,
        endedAt: steps / 4,
        tags: { region: `r${index % 7}` },
        concurrency: 4,
        steps: Array.from({ length: steps }, (_, at) =>
          step(`s${at}`, [attemptOf(at)], { dependsOn: at < 4 ? [] : [`s${at - 4}`] }))
      }))
    return { reads, runs }
  }

  /** The reads of each piece of work. */
  const readsOf = (reads: { readonly count: number }, work: TimeSlice.Work<unknown>): ReadonlyArray<number> => {
    const pieces: Array<number> = []
    for (let before = reads.count; work.next().done !== true; before = reads.count) pieces.push(reads.count - before)
    return pieces
  }

  it("is done in pieces that look at no more than one run", () => {
    const steps = 20
    const sizes = [50, 200].map((count) => {
      const { reads, runs } = counted(count, steps)
      return readsOf(reads, Bottlenecks.work(runs))
    })
    for (const pieces of sizes) {
      assert.isAtMost(Math.max(...pieces), 6 * steps)
      assert.isAbove(Math.max(...pieces), 0)
    }
    // Four times as many runs are four times as many pieces, and no larger ones.
    const [few = [], more = []] = sizes
    assert.strictEqual(Math.max(...more), Math.max(...few))
    assert.isAbove(more.length, 3.5 * few.length)
  })

  it("of a comparison is done in pieces, too", () => {
    const [few = 0, more = 0] = [50, 200].map((count) => {
      const { runs } = counted(count, 3)
      return readsOf({ count: 0 }, Compare.work(runs.map((run, index) => ({ ...run, endedAt: index })))).length
    })
    assert.isAbove(more, 3 * few)
  })

  it.effect("lets other fibers have their turn after each slice", () =>
    Effect.gen(function*() {
      const live = yield* Clock.Clock
      let now = 0n
      // Each look at the clock takes a millisecond, so that a slice has five pieces at most.
      const clock: Clock.Clock = Object.assign(Object.create(live) as Clock.Clock, {
        monotonicTimeNanosUnsafe: () => now += 1_000_000n
      })
      const { runs } = counted(30, 10)
      let pieces = 0
      const largest = { pieces: 0, turns: 0 }
      function* counting(): TimeSlice.Work<void> {
        const work = Bottlenecks.work(runs)
        while (work.next().done !== true) {
          pieces++
          yield
        }
      }
      const done = yield* Deferred.make<void>()
      const others = Effect.gen(function*() {
        for (;;) {
          largest.pieces = Math.max(largest.pieces, pieces)
          largest.turns++
          pieces = 0
          yield* Effect.yieldNow
        }
      })
      const other = yield* Effect.forkChild(others, { startImmediately: true })
      yield* TimeSlice.run(counting()).pipe(
        Effect.provideService(Clock.Clock, clock),
        Effect.andThen(Deferred.succeed(done, undefined))
      )
      yield* Fiber.interrupt(other)
      assert.isAtMost(largest.pieces, 6)
      assert.isAbove(largest.turns, 50)
    }))
})

describe("why", () => {
  const nobody = Task.make("order", {
    input: Schema.Void,
    steps: [
      Step.make("charge", {
        run: () => RunAnalysis.waitingFor("the lock of order o-7")(Effect.sleep("20 seconds"))
      })
    ]
  })

  it.effect("names a lock that the program tells of, while the step waits for it", () =>
    Effect.gen(function*() {
      const { why } = yield* RunAnalysis.RunAnalysis
      const { fiber, taskId } = yield* TaskRunner.start(nobody, undefined)
      yield* recorder.advance("6 seconds")
      const waiting = Option.getOrThrow(yield* why(taskId))
      assert.deepStrictEqual(waiting.waits, [
        { _tag: "Lock", stepName: "charge", lock: "the lock of order o-7", seconds: 6, heldBy: [] }
      ])
      assert.strictEqual(waiting.sentence, "Step \"charge\" has waited for 6 s for the lock of order o-7.")
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
      assert.match(Option.getOrThrow(yield* why(taskId)).sentence, /has ended/)
    }).pipe(Effect.provide(recording)))

  it.effect("knows no lock any more when the wait was interrupted", () =>
    Effect.gen(function*() {
      const { why } = yield* RunAnalysis.RunAnalysis
      const task = Task.make("order", {
        input: Schema.Void,
        steps: [
          Step.make("charge", {
            run: () =>
              RunAnalysis.waitingFor("a lock")(Effect.never).pipe(
                Effect.timeoutOption("3 seconds"),
                Effect.andThen(Effect.sleep("20 seconds"))
              )
          })
        ]
      })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("2 seconds")
      assert.strictEqual(Option.getOrThrow(yield* why(taskId)).waits[0]?._tag, "Lock")
      yield* recorder.advance("2 seconds")
      assert.strictEqual(Option.getOrThrow(yield* why(taskId)).waits[0]?._tag, "Work")
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
    }).pipe(Effect.provide(recording)))

  it.effect("finds a runner that has ended although the run has not", () =>
    Effect.gen(function*() {
      const { why } = yield* RunAnalysis.RunAnalysis
      const bus = yield* EventBus.EventBus
      const task = { taskId: "t-1", taskName: "order", namespace: "shop", version: "1.0.0" }
      // A fiber that is lost publishes no end: a value that is no Effect ends it without its finalizers.
      yield* Effect.forkChild(
        Effect.andThen(
          bus.publish("task.initialize_requested", {
            ...task,
            fromState: undefined,
            toState: "pending",
            totalSteps: 0,
            concurrency: 12,
            tags: {}
          }),
          bus.publish("task.start_requested", { ...task, fromState: "pending", toState: "in_progress", totalSteps: 0 })
        )
      ).pipe(Effect.flatMap(Fiber.join))
      yield* recorder.advance("4 seconds")
      const found = Option.getOrThrow(yield* why("t-1"))
      assert.deepStrictEqual(found.waits, [
        { _tag: "DeadRunner", instance: undefined, hasEnded: true, silentSeconds: 4, since: 0 }
      ])
      assert.strictEqual(found.sentence, "The runner has ended, but the run has not: its last sign of life is 4 s old.")
    }).pipe(Effect.provide(recording)))

  it.effect("knows nothing of a run without a record", () =>
    Effect.gen(function*() {
      const { why } = yield* RunAnalysis.RunAnalysis
      assert.isTrue(Option.isNone(yield* why("t-9")))
    }).pipe(Effect.provide(RunAnalysis.layerNoop)))

  it.effect("has nothing to say outside of a step, and gives the effect as it is", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* RunAnalysis.waitingFor("a lock")(Effect.succeed(7)), 7)
      assert.strictEqual(yield* Effect.flip(RunAnalysis.waitingFor("a lock")(Effect.fail("no"))), "no")
    }).pipe(Effect.provide(recording)))
})

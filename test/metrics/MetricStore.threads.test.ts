/**
 * Real worker threads that record into memory the main thread reads.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Metric, Scope } from "effect"
import { Worker } from "node:worker_threads"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"

const store = MetricStore.layer.pipe(Layer.provide(SelfStatistics.layer))

const program = new URL("../support/programs/countingThread.ts", import.meta.url)

const testMillis = 5000

/** Starts a thread; its ledger says what it has counted, also when it is gone. */
const start = Effect.fnUntraced(function*(name: string, maximumBytes?: number) {
  const { share } = yield* MetricStore.MetricStore
  const scope = yield* Scope.make()
  const metricPort = yield* Scope.provide(share({ maximumBytes }), scope)
  const ledger = new Float64Array(new SharedArrayBuffer(16))
  const worker = yield* Effect.acquireRelease(
    Effect.callback<Worker, Error>((resume) => {
      const started = new Worker(program, {
        workerData: { metricPort, name, ledger: ledger.buffer },
        execArgv: ["--conditions=tasker-telemetry-source"]
      })
      started.once("message", () => resume(Effect.succeed(started)))
      started.once("error", (error) => resume(Effect.fail(error)))
    }),
    (started) => Effect.promise(() => started.terminate())
  )
  const ended = Effect.callback<void>((resume) => {
    if (worker.threadId === -1) resume(Effect.void)
    else worker.once("exit", () => resume(Effect.void))
  })
  return {
    counted: () => ledger[1] as number,
    stop: Effect.andThen(Effect.sync(() => void (ledger[0] = 1)), ended),
    kill: Effect.promise(() => worker.terminate()),
    forget: Scope.close(scope, Exit.void)
  }
})

const number = (name: string, attributes: Readonly<Record<string, string>> = {}) =>
  Effect.map(
    Effect.flatMap(MetricStore.MetricStore, ({ snapshot }) => snapshot),
    (snapshot) => MetricSnapshot.valueOf(snapshot, name, attributes) as number | undefined
  )

const sumOf = (name: string) =>
  Effect.map(Effect.flatMap(MetricStore.MetricStore, ({ snapshot }) => snapshot), ({ metrics }) => {
    const series: ReadonlyArray<MetricSnapshot.SeriesSnapshot> = metrics.find((metric) =>
      metric.name === name
    )?.series ?? []
    return series.reduce((sum, { value }) => sum + (typeof value === "number" ? value : value.count), 0)
  })

const test = (sentence: string, body: () => Effect.Effect<unknown, unknown, MetricStore.MetricStore | Scope.Scope>) =>
  it.live(sentence, () =>
    body().pipe(
      Effect.scoped,
      Effect.provide(store),
      Effect.provideService(Metric.MetricRegistry, new Map())
    ), { timeout: 60_000 })

describe("MetricStore.share", () => {
  test("gives the sum of four threads that count for five seconds, and never falls on the way", () =>
    Effect.gen(function*() {
      const own = (yield* MetricStore.MetricStore).counter({ name: "all_total", help: "All jobs.", attributes: [] })
      own.inc({}, 1000)
      const threads = yield* Effect.forEach(["a", "b", "c", "d"], (name) => start(name), { concurrency: 4 })
      const end = performance.now() + testMillis
      let scrapes = 0
      let last = 0
      while (performance.now() < end) {
        const before = threads.reduce((sum, { counted }) => sum + counted(), 1000)
        const all = yield* number("all_total")
        const after = threads.reduce((sum, { counted }) => sum + counted() + 1, 1000)
        assert.isAtLeast(all ?? 0, Math.max(before, last))
        assert.isAtMost(all ?? 0, after)
        last = all ?? 0
        scrapes++
        yield* Effect.yieldNow
      }
      yield* Effect.forEach(threads, ({ stop }) => stop, { concurrency: 4 })
      const counted = threads.reduce((sum, thread) => sum + thread.counted(), 0)
      assert.strictEqual(yield* number("all_total"), 1000 + counted)
      assert.strictEqual(yield* sumOf("jobs_total"), counted)
      assert.strictEqual(yield* sumOf("time_seconds"), counted)
      assert.strictEqual(yield* sumOf("size_bytes"), counted)
      assert.strictEqual(yield* number("level"), 28)
      assert.isAbove(scrapes, 20)
      for (const { counted } of threads) assert.isAbove(counted(), 1000)
    }))

  test("keeps what a thread has counted that is killed, and after its memory is given back", () =>
    Effect.gen(function*() {
      const [victim, other] = yield* Effect.forEach(["victim", "other"], (name) => start(name))
      assert.isDefined(victim)
      assert.isDefined(other)
      yield* Effect.suspend(() => Effect.yieldNow).pipe(
        Effect.repeat({ until: () => victim.counted() > 20_000 && other.counted() > 20_000 })
      )
      yield* victim.kill
      yield* other.stop
      const counted = victim.counted() + other.counted()
      const all = yield* number("all_total")
      // The thread may have been stopped between an increment and its ledger.
      assert.include([counted, counted + 1], all)
      yield* victim.forget
      yield* other.forget
      assert.strictEqual(yield* number("all_total"), all)
      assert.strictEqual(yield* number("level"), undefined)
    }))

  test("counts on in the overflow series of a thread whose memory is full", () =>
    Effect.gen(function*() {
      const thread = yield* start("small", 100_000)
      yield* Effect.suspend(() => Effect.yieldNow).pipe(Effect.repeat({ until: () => thread.counted() > 2000 }))
      yield* thread.stop
      assert.strictEqual(yield* number("all_total"), thread.counted())
      assert.strictEqual(yield* sumOf("jobs_total"), thread.counted())
      assert.isAbove(
        yield* Effect.map(number("jobs_total", { otel_metric_overflow: "true" }), (value) => value ?? 0),
        0
      )
    }))
})

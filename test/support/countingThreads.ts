/**
 * Worker threads that record into memory the main thread reads, and keep a ledger of what they have counted.
 */
import { assert } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { Worker } from "node:worker_threads"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import { program } from "./programs.ts"

const countingThread = await program("countingThread")

/** Starts a thread; its ledger says what it has counted, also when it is gone. */
export const start = Effect.fnUntraced(function*(name: string, maximumBytes?: number) {
  const { share } = yield* MetricStore.MetricStore
  const scope = yield* Scope.make()
  const metricPort = yield* Scope.provide(share({ maximumBytes }), scope)
  const ledger = new Float64Array(new SharedArrayBuffer(16))
  const worker = yield* Effect.acquireRelease(
    Effect.callback<Worker, Error>((resume) => {
      const started = new Worker(countingThread, { workerData: { metricPort, name, ledger: ledger.buffer } })
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

export const number = (name: string, attributes: Readonly<Record<string, string>> = {}) =>
  Effect.map(
    Effect.flatMap(MetricStore.MetricStore, ({ snapshot }) => snapshot),
    (snapshot) => MetricSnapshot.valueOf(snapshot, name, attributes) as number | undefined
  )

export const sumOf = (name: string) =>
  Effect.map(Effect.flatMap(MetricStore.MetricStore, ({ snapshot }) => snapshot), ({ metrics }) => {
    const series: ReadonlyArray<MetricSnapshot.SeriesSnapshot> = metrics.find((metric) =>
      metric.name === name
    )?.series ?? []
    return series.reduce((sum, { value }) => sum + (typeof value === "number" ? value : value.count), 0)
  })

/** Four threads count at the same time until there were so many scrapes and counts of each; the sum never falls. */
export const countTogether = (least: { readonly scrapes: number; readonly counts: number }) =>
  Effect.gen(function*() {
    const own = (yield* MetricStore.MetricStore).counter({ name: "all_total", help: "All jobs.", attributes: [] })
    own.inc({}, 1000)
    const threads = yield* Effect.forEach(["a", "b", "c", "d"], (name) => start(name), { concurrency: 4 })
    let scrapes = 0
    let last = 0
    while (scrapes < least.scrapes || threads.some(({ counted }) => counted() < least.counts)) {
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
  })

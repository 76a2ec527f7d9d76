/**
 * Real worker threads that record into memory the main thread reads.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type * as MetricStore from "../../src/metrics/MetricStore.ts"
import { countTogether, number, start, sumOf } from "../support/countingThreads.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const test = (sentence: string, body: () => Effect.Effect<unknown, unknown, MetricStore.MetricStore | Scope.Scope>) =>
  it.live(sentence, () => body().pipe(Effect.scoped, Effect.provide(TestTelemetry.layer(TestTelemetry.metrics))))

describe("MetricStore.share", () => {
  test("gives the sum of four threads that count at the same time, and never falls on the way", () =>
    countTogether({ scrapes: 50, counts: 20_000 }))

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

import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as SendingQueue from "../../src/delivery/SendingQueue.ts"

type Answer = SendingQueue.Outcome

/** A queue of numbers whose batches and counts a test can look at. */
const make = Effect.fnUntraced(function*(options: {
  readonly send?: (batch: ReadonlyArray<number>) => Effect.Effect<Answer>
  readonly capacity?: number
  readonly batchSize?: number
  readonly interval?: Duration.Input
  readonly shutdownTimeout?: Duration.Input
} = {}) {
  const batches: Array<ReadonlyArray<number>> = []
  const counts: Record<string, number> = {}
  const count = (state: string, amount: number) => {
    counts[state] = (counts[state] ?? 0) + amount
  }
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope, exit) => Scope.close(scope, exit))
  const queue = yield* Scope.provide(scope)(SendingQueue.make<number>({
    capacity: options.capacity ?? 100,
    batchSize: options.batchSize ?? 10,
    interval: Duration.fromInputUnsafe(options.interval ?? "5 seconds"),
    shutdownTimeout: Duration.fromInputUnsafe(options.shutdownTimeout ?? "3 seconds"),
    send: (batch) =>
      Effect.suspend(() => {
        batches.push(batch)
        return (options.send ?? (() => Effect.undefined))(batch)
      }),
    onExported: (amount) => count("exported", amount),
    onDropped: (reason, amount) => count(reason, amount)
  }))
  // The loop waits from here on.
  yield* TestClock.adjust(0)
  const offer = (...items: ReadonlyArray<number>) => items.map((item) => queue.offer(item))
  return { batches, counts, offer, flush: queue.flush, close: Scope.close(scope, Exit.void) }
})

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

describe("SendingQueue", () => {
  it.effect("sends what it has at the latest after the interval", () =>
    Effect.gen(function*() {
      const { batches, counts, offer } = yield* make()
      offer(1, 2)
      yield* TestClock.adjust("4999 millis")
      assert.deepStrictEqual(batches, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(batches, [[1, 2]])
      offer(3)
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(batches, [[1, 2], [3]])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(batches, [[1, 2], [3]])
      assert.deepStrictEqual(counts, { exported: 3 })
    }))

  it.effect("counts what a receiver rejects of a batch as dropped, and the rest as exported", () =>
    Effect.gen(function*() {
      const rejected = [1, 0, 99]
      const { counts, flush, offer } = yield* make({
        batchSize: 4,
        send: () => Effect.sync(() => ({ rejected: rejected.shift() ?? 0 }))
      })
      offer(...range(0, 12))
      yield* flush
      assert.deepStrictEqual(counts, { exported: 3 + 4, partially_rejected: 1 + 4 })
    }))

  it.effect("sends a full batch at once", () =>
    Effect.gen(function*() {
      const { batches, offer } = yield* make({ batchSize: 3 })
      offer(1, 2)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(batches, [])
      offer(3)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(batches, [[1, 2, 3]])
      offer(...range(4, 12))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(batches, [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11]])
    }))

  it.effect("sends at once when a queue smaller than a batch is full", () =>
    Effect.gen(function*() {
      const { batches, offer } = yield* make({ batchSize: 10, capacity: 2 })
      assert.deepStrictEqual(offer(1, 2), [true, true])
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(batches, [[1, 2]])
    }))

  it.effect("has one batch in flight, and refuses and counts the newest while it is full", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<Answer>()
      let inFlight = 0
      let most = 0
      const { batches, counts, flush, offer } = yield* make({
        batchSize: 2,
        capacity: 4,
        send: () =>
          Effect.suspend(() => {
            most = Math.max(most, ++inFlight)
            return Effect.ensuring(Deferred.await(gate), Effect.sync(() => inFlight--))
          })
      })
      offer(1, 2)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(offer(3, 4, 5, 6, 7, 8), [true, true, true, true, false, false])
      const flushes = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(flush))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(batches, [[1, 2]])
      assert.deepStrictEqual(counts, { queue_full: 2 })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.joinAll(flushes)
      assert.deepStrictEqual(batches, [[1, 2], [3, 4], [5, 6]])
      assert.deepStrictEqual([most, counts], [1, { queue_full: 2, exported: 6 }])
    }))

  it.effect("counts what the sender could not deliver by its reason, and goes on", () =>
    Effect.gen(function*() {
      const answers: Array<Answer> = ["rejected", "unreachable", undefined]
      const { counts, offer } = yield* make({ batchSize: 1, send: () => Effect.sync(() => answers.shift()) })
      for (const item of [1, 2, 3]) {
        offer(item)
        yield* TestClock.adjust("5 seconds")
      }
      assert.deepStrictEqual(counts, { rejected: 1, unreachable: 1, exported: 1 })
    }))

  it.effect("counts a batch on which the sender died, and goes on", () =>
    Effect.gen(function*() {
      const { batches, counts, flush, offer } = yield* make({
        batchSize: 2,
        send: ([first]) => first === 1 ? Effect.die(new Error("cannot be encoded")) : Effect.undefined
      })
      offer(1, 2)
      yield* TestClock.adjust("5 seconds")
      offer(3, 4)
      yield* TestClock.adjust("5 seconds")
      offer(1)
      yield* flush
      assert.deepStrictEqual(batches, [[1, 2], [3, 4], [1]])
      assert.deepStrictEqual(counts, { failed: 3, exported: 2 })
    }))

  it.effect("loses nothing where a flush is interrupted", () =>
    Effect.gen(function*() {
      const answers = [Effect.never, Effect.undefined]
      const { batches, counts, flush, offer } = yield* make({ send: () => answers.shift()! })
      offer(1, 2)
      const fiber = yield* Effect.forkChild(flush)
      yield* TestClock.adjust(0)
      offer(3)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(batches, [[1, 2], [1, 2, 3]])
      assert.deepStrictEqual(counts, { exported: 3 })
    }))

  it.effect("sends what is left when the scope closes", () =>
    Effect.gen(function*() {
      const { batches, close, counts, offer } = yield* make({ batchSize: 2 })
      offer(1)
      yield* close
      assert.deepStrictEqual([batches, counts], [[[1]], { exported: 1 }])
    }))

  it.effect("closes within the limit and counts what was queued or in flight by then", () =>
    Effect.gen(function*() {
      const { close, counts, offer } = yield* make({ batchSize: 2, send: () => Effect.never })
      offer(1, 2)
      yield* TestClock.adjust(0)
      offer(3, 4, 5)
      const closing = yield* Effect.forkChild(close)
      yield* TestClock.adjust("2999 millis")
      assert.strictEqual(closing.pollUnsafe(), undefined)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(counts, { shutdown: 5 })
    }))

  it.effect("takes nothing after its scope has closed, and counts it", () =>
    Effect.gen(function*() {
      const { close, counts, offer } = yield* make()
      yield* close
      assert.deepStrictEqual([offer(1), counts], [[false], { shutdown: 1 }])
    }))

  const Action = Schema.Union([
    Schema.Struct({ offer: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 })) }),
    Schema.Struct({ wait: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7000 })) }),
    Schema.Literals(["flush", "interrupted flush"])
  ])
  const Ending = Schema.Literals(["exported", "rejected", "dies", "slow", "hangs"])

  it.effect.prop(
    "counts every item exactly once, whatever happens and in any order",
    [Schema.Array(Action), Schema.Array(Ending)],
    ([actions, endings]) =>
      Effect.gen(function*() {
        const left = [...endings]
        const { close, counts, flush, offer } = yield* make({
          batchSize: 3,
          capacity: 5,
          send: () => {
            switch (left.shift()) {
              case "rejected":
                return Effect.succeed("rejected" as const)
              case "dies":
                return Effect.die("no")
              case "slow":
                return Effect.delay(Effect.undefined, "3 seconds")
              case "hangs":
                return Effect.delay(Effect.succeed("unreachable" as const), "1 minute")
              default:
                return Effect.undefined
            }
          }
        })
        let offered = 0
        for (const action of actions) {
          if (action === "flush") yield* Effect.forkChild(flush)
          else if (action === "interrupted flush") {
            const fiber = yield* Effect.forkChild(flush)
            yield* TestClock.adjust(0)
            yield* Fiber.interrupt(fiber)
          } else if ("wait" in action) yield* TestClock.adjust(action.wait)
          else {
            offer(...range(0, action.offer))
            offered += action.offer
          }
        }
        const closing = yield* Effect.forkChild(close)
        yield* TestClock.adjust("3 seconds")
        yield* Fiber.join(closing)
        // A flush of the program that hangs keeps its batch until it ends.
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(Object.values(counts).reduce((sum, count) => sum + count, 0), offered)
      })
  )
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { type Balance, Ledger } from "../../src/delivery/Ledger.ts"
import * as Pipeline from "../../src/delivery/Pipeline.ts"
import * as Receiver from "../../src/delivery/Receiver.ts"
import * as RequestSender from "../../src/delivery/RequestSender.ts"
import { quiet } from "../support/eventLoop.ts"
import { loggerInto } from "../support/loggedLines.ts"
import { TestTransport } from "../support/testTransport.ts"

type Item = number | { readonly id: number; readonly unsampled: string }

const lines: Array<string> = []
const layer = Layer.mergeAll(
  TestTransport.layer,
  Logger.layer([loggerInto(lines)]),
  Layer.effectDiscard(Effect.sync(() => lines.splice(0)))
)

const url = "http://c:4318/v1/traces"

/** A pipeline of numbers; `poison` cannot be encoded. */
const make = Effect.fnUntraced(function*(
  delivery: TelemetryConfig.Options["delivery"] = {},
  poison: ReadonlyArray<number> = []
) {
  const config = yield* TelemetryConfig.make({
    delivery: { endpoint: "http://c:4318", batchSize: 3, ...delivery, retry: { jitter: 0, ...delivery?.retry } }
  })
  const scope = yield* Effect.acquireRelease(
    Scope.make(),
    (scope, exit) =>
      Effect.flatMap(
        Effect.forkChild(Scope.close(scope, exit), { startImmediately: true }),
        (closing) => Effect.andThen(TestClock.adjust("1 hour"), Fiber.join(closing))
      )
  )
  const ledger = new Ledger()
  const { flush, offer } = yield* Scope.provide(scope)(Effect.gen(function*() {
    return yield* Pipeline.make<Item>({
      ledger,
      settings: { ...config.delivery, maximumElapsed: config.delivery.retry.maximumElapsed },
      sender: yield* RequestSender.make(Receiver.of(config, "spans")!, config.delivery.retry),
      maximumBytes: config.delivery.maximumRequestBytes,
      encode: (items) => {
        if (items.some((item) => poison.includes(item as number))) throw new Error("poison")
        return new TextEncoder().encode(JSON.stringify(items.map((item) => typeof item === "number" ? item : item.id)))
      },
      unsampledTrace: (item) => typeof item === "number" ? undefined : item.unsampled
    })
  }))
  // The workers wait from here on.
  yield* TestClock.adjust(0)
  return {
    ledger,
    flush,
    offer: (...items: ReadonlyArray<Item>) => items.forEach(offer),
    close: Scope.close(scope, Exit.void)
  }
})

const bodies = Effect.map(TestTransport, ({ sent }) => sent.map(({ body }) => JSON.parse(body) as unknown))

/** The states that have records. */
const states = ({ balance: { dropped, ...numbers } }: Ledger): Readonly<Record<string, number>> => ({
  ...Object.fromEntries(Object.entries(numbers).filter(([, count]) => count !== 0)),
  ...dropped
})

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

describe("Pipeline", () => {
  it.effect("sends a full batch at once, and a smaller one after the interval", () =>
    Effect.gen(function*() {
      const { ledger, offer } = yield* make({ interval: "5 seconds" })
      offer(1, 2)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual([yield* bodies, states(ledger)], [[], { ended: 2, queued: 2 }])
      offer(3, 4)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* bodies, [[1, 2, 3]])
      yield* TestClock.adjust("4999 millis")
      assert.deepStrictEqual(yield* bodies, [[1, 2, 3]])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* bodies, [[1, 2, 3], [4]])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual([(yield* bodies).length, states(ledger)], [2, { ended: 4, exported: 4 }])
    }).pipe(Effect.provide(layer)))

  it.effect("encodes no batch in the turn of the program that records", () =>
    Effect.gen(function*() {
      const { ledger, offer } = yield* make()
      offer(1, 2, 3)
      assert.deepStrictEqual(states(ledger), { ended: 3, queued: 3 })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* bodies, [[1, 2, 3]])
    }).pipe(Effect.provide(layer)))

  it.effect("sends all that has waited for the interval once the receiver is back", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply({ after: "8 seconds" })
      const { offer } = yield* make({ interval: "5 seconds" })
      offer(1, 2, 3)
      yield* TestClock.adjust("1 second")
      offer(4, 5, 6, 7)
      yield* TestClock.adjust("7 seconds")
      assert.deepStrictEqual(yield* bodies, [[1, 2, 3], [4, 5, 6], [7]])
    }).pipe(Effect.provide(layer)))

  it.effect("sends at once when a queue smaller than a batch is full", () =>
    Effect.gen(function*() {
      const { offer } = yield* make({ queueSize: 2 })
      offer(1, 2)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* bodies, [[1, 2]])
    }).pipe(Effect.provide(layer)))

  it.effect.each([1, 2, 5])("has no more than %s requests in flight", (inFlight) =>
    Effect.gen(function*() {
      const { mostOpen, open, reply } = yield* TestTransport
      reply(...range(0, 10).map(() => ({ after: "1 second" as const })))
      const { ledger, offer } = yield* make({ inFlight })
      offer(...range(0, 30))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual([open(), ledger.inFlight, ledger.queued], [inFlight, 3 * inFlight, 30 - 3 * inFlight])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual([mostOpen(), states(ledger)], [inFlight, { ended: 30, exported: 30 }])
    }).pipe(Effect.provide(layer)))

  it.effect("drops the newest of a full queue, counts it and says so once", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply({ after: "1 second" })
      const { ledger, offer } = yield* make({ queueSize: 4 })
      offer(1, 2, 3)
      yield* TestClock.adjust(0)
      offer(4, 5, 6, 7, 8, 9)
      assert.deepStrictEqual(states(ledger), { ended: 9, inFlight: 3, queued: 4, queue_full: 2 })
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(yield* bodies, [[1, 2, 3], [4, 5, 6], [7]])
      assert.deepStrictEqual(lines, [`Warn spans for ${url} are lost: the queue is full`])
      yield* TestClock.adjust("4 seconds")
      offer(10, 11, 12)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(lines.slice(1), [
        `Warn spans are delivered to ${url} again after 10s, 2 lost (queue_full 2)`
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("drops the oldest of a full queue if so configured", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply({ after: "1 second" })
      const { ledger, offer } = yield* make({ queueSize: 4, drop: "oldest" })
      offer(1, 2, 3)
      yield* TestClock.adjust(0)
      offer(4, 5, 6, 7, 8, 9)
      assert.deepStrictEqual(states(ledger), { ended: 9, inFlight: 3, queued: 4, queue_full: 2 })
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(yield* bodies, [[1, 2, 3], [6, 7, 8], [9]])
    }).pipe(Effect.provide(layer)))

  it.effect.each(["newest", "oldest"] as const)(
    "drops whole unsampled traces first, then the %s",
    (drop) =>
      Effect.gen(function*() {
        const { reply } = yield* TestTransport
        reply("hang")
        const { ledger, offer } = yield* make({ queueSize: 4, drop, timeout: "1 hour" })
        offer(0, 0, 0)
        yield* TestClock.adjust(0)
        const a = (id: number) => ({ id, unsampled: "a" })
        const b = (id: number) => ({ id, unsampled: "b" })
        offer(a(1), 2, b(3), a(4))
        // Both records of trace a go, and one of trace b finds no room beside sampled ones.
        offer(5)
        assert.deepStrictEqual([ledger.queued, ledger.dropped], [3, { queue_full: 2 }])
        offer(6, 7)
        assert.deepStrictEqual([ledger.queued, ledger.dropped], [4, { queue_full: 3 }])
        offer(b(8))
        assert.deepStrictEqual([ledger.queued, ledger.dropped], [4, { queue_full: 4 }])
        offer(9)
        assert.deepStrictEqual([ledger.queued, ledger.dropped], [4, { queue_full: 5 }])
        reply({}, {})
        yield* TestClock.adjust("2 hours")
        assert.deepStrictEqual((yield* bodies).slice(1).flat(), drop === "newest" ? [2, 5, 6, 7] : [5, 6, 7, 9])
      }).pipe(Effect.provide(layer))
  )

  it.effect("counts what a receiver does not take, by reason", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      const rejected = (rejectedSpans: number) => ({ body: JSON.stringify({ partialSuccess: { rejectedSpans } }) })
      reply({ status: 400 }, rejected(2), rejected(99), { status: 302 }, {})
      const { ledger, offer } = yield* make()
      offer(...range(0, 15))
      yield* quiet
      assert.deepStrictEqual(states(ledger), {
        ended: 15,
        exported: 1 + 3,
        rejected: 3,
        partially_rejected: 2 + 3,
        redirected: 3
      })
    }).pipe(Effect.provide(layer)))

  it.effect("keeps a batch through an outage, and drops it when its time is up", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply(...range(0, 4).map(() => ({ fails: "refused" as const })))
      const { ledger, offer } = yield* make({ retry: { maximumElapsed: "4 seconds" } })
      offer(1, 2, 3, 4)
      yield* TestClock.adjust("2499 millis")
      assert.deepStrictEqual(states(ledger), { ended: 4, inFlight: 3, queued: 1 })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(states(ledger), { ended: 4, exported: 1, unreachable: 3 })
      assert.deepStrictEqual(lines, [
        `Warn spans cannot be delivered to ${url}: the connection was refused (TEST); trying again`,
        `Warn spans for ${url} are lost: no attempt succeeded within the time for a batch`,
        `Warn spans are delivered to ${url} again after 8s 375ms, 4 failed attempts, 3 lost (unreachable 3)`
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("splits a batch that the receiver finds too large, and drops a record that is too large alone", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      const tooLarge = { status: 413 }
      reply(tooLarge, tooLarge, {}, tooLarge, {})
      const { ledger, offer } = yield* make({ batchSize: 4 })
      offer(1, 2, 3, 4)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* bodies, [[1, 2, 3, 4], [1, 2], [1], [2], [3, 4]])
      assert.deepStrictEqual(states(ledger), { ended: 4, exported: 3, too_large: 1 })
    }).pipe(Effect.provide(layer)))

  it.effect("sends no request above the limit", () =>
    Effect.gen(function*() {
      const { ledger, offer } = yield* make({ batchSize: 600, maximumRequestBytes: 1024 })
      offer(...range(1000, 1600))
      yield* TestClock.adjust(0)
      const { sent } = yield* TestTransport
      assert.deepStrictEqual([sent.length, Math.max(...sent.map(({ body }) => body.length)), states(ledger)], [
        4,
        751,
        { ended: 600, exported: 600 }
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("drops a record that cannot be encoded, and sends the rest of its batch", () =>
    Effect.gen(function*() {
      const { ledger, offer } = yield* make({ batchSize: 8 }, [3])
      offer(...range(0, 8))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual([yield* bodies, states(ledger)], [
        [[0, 1], [2], [4, 5, 6, 7]],
        { ended: 8, exported: 7, failed: 1 }
      ])
    }).pipe(Effect.provide(layer)))

  describe("flush", () => {
    it.effect("sends what was recorded before, says what became of it, and leaves the rest", () =>
      Effect.gen(function*() {
        const { reply } = yield* TestTransport
        reply(...range(0, 9).map((index) => ({ after: "1 second" as const, status: index === 1 ? 400 : 200 })))
        const { flush, offer } = yield* make()
        offer(...range(0, 7))
        yield* TestClock.adjust(0)
        const flushing = yield* Effect.forkChild(flush)
        yield* TestClock.adjust(0)
        offer(...range(7, 9))
        for (let second = 0; second < 3; second++) {
          assert.isUndefined(flushing.pollUnsafe())
          yield* TestClock.adjust("1 second")
        }
        assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 4, dropped: 3, pending: 0 })
        assert.deepStrictEqual(yield* bodies, [[0, 1, 2], [3, 4, 5], [6]])
      }).pipe(Effect.provide(layer)))

    it.effect("returns under steady load", () =>
      Effect.gen(function*() {
        const { reply, sent } = yield* TestTransport
        reply(...range(0, 2000).map(() => ({ after: "20 millis" as const })))
        const { flush, offer } = yield* make({ batchSize: 512 })
        const load = yield* Effect.forkChild(
          Effect.forever(Effect.andThen(Effect.sleep("1 millis"), Effect.sync(() => offer(0))))
        )
        yield* TestClock.adjust("300 millis")
        const flushing = yield* Effect.forkChild(flush)
        yield* TestClock.adjust("25 millis")
        assert.deepStrictEqual(flushing.pollUnsafe(), Exit.succeed({ exported: 300, dropped: 0, pending: 0 }))
        assert.lengthOf(sent, 1)
        yield* Fiber.interrupt(load)
      }).pipe(Effect.provide(layer)))

    it.effect("serves several at the same time", () =>
      Effect.gen(function*() {
        const { reply } = yield* TestTransport
        reply(...range(0, 9).map(() => ({ after: "1 second" as const })))
        const { flush, offer } = yield* make({ batchSize: 10 })
        const flushes: Array<Fiber.Fiber<unknown>> = []
        for (const number of [1, 2, 3]) {
          offer(number)
          flushes.push(yield* Effect.forkChild(flush))
          yield* TestClock.adjust(0)
        }
        yield* TestClock.adjust("3 seconds")
        assert.deepStrictEqual(yield* bodies, [[1], [2], [3]])
        assert.deepStrictEqual(
          yield* Effect.forEach(flushes, (fiber) => Fiber.join(fiber)),
          [1, 2, 3].map((exported) => ({ exported, dropped: 0, pending: 0 }))
        )
      }).pipe(Effect.provide(layer)))

    it.effect("ends after the time limit and says how much is left", () =>
      Effect.gen(function*() {
        const { reply } = yield* TestTransport
        reply("hang", "hang")
        const { flush, offer } = yield* make({ shutdownTimeout: "3 seconds" })
        offer(...range(0, 4))
        yield* TestClock.adjust(0)
        const flushing = yield* Effect.forkChild(flush)
        yield* TestClock.adjust("2999 millis")
        assert.isUndefined(flushing.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 0, dropped: 0, pending: 4 })
      }).pipe(Effect.provide(layer)))

    it.effect("counts what a full queue gives up while it waits", () =>
      Effect.gen(function*() {
        const { reply } = yield* TestTransport
        reply({ after: "1 second" })
        const { flush, offer } = yield* make({ queueSize: 4, drop: "oldest" })
        offer(1, 2, 3)
        yield* TestClock.adjust(0)
        offer(4, 5)
        const flushing = yield* Effect.forkChild(flush)
        yield* TestClock.adjust(0)
        offer(6, 7, 8)
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 4, dropped: 1, pending: 0 })
        assert.deepStrictEqual((yield* bodies).slice(0, 2), [[1, 2, 3], [5]])
      }).pipe(Effect.provide(layer)))

    it.effect("is over at once where nothing waits", () =>
      Effect.gen(function*() {
        const { flush } = yield* make()
        assert.deepStrictEqual(yield* flush, { exported: 0, dropped: 0, pending: 0 })
      }).pipe(Effect.provide(layer)))

    it.effect("ends a back-off early", () =>
      Effect.gen(function*() {
        const { reply, sent } = yield* TestTransport
        reply({ status: 503 })
        const { flush, offer } = yield* make({ retry: { initialInterval: "1 second", multiplier: 100 } })
        offer(1, 2, 3)
        yield* TestClock.adjust("500 millis")
        const flushing = yield* Effect.forkChild(flush)
        yield* TestClock.adjust("500 millis")
        assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 3, dropped: 0, pending: 0 })
        assert.deepStrictEqual(sent.map(({ at }) => at), [0, 1000])
      }).pipe(Effect.provide(layer)))
  })

  describe("close", () => {
    it.effect("sends what is queued, and what ends in the meantime", () =>
      Effect.gen(function*() {
        const { reply } = yield* TestTransport
        reply({ after: "1 second" }, { after: "1 second" })
        const { close, ledger, offer } = yield* make()
        offer(1)
        const closing = yield* Effect.forkChild(close)
        yield* TestClock.adjust(0)
        offer(2)
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(closing)
        assert.deepStrictEqual([yield* bodies, states(ledger), lines], [[[1], [2]], { ended: 2, exported: 2 }, []])
        offer(3)
        assert.deepStrictEqual(states(ledger), { ended: 3, exported: 2, shutdown: 1 })
      }).pipe(Effect.provide(layer)))

    it.effect("takes no longer than its limit, counts what is left and says so", () =>
      Effect.gen(function*() {
        const { open, reply } = yield* TestTransport
        reply("hang")
        const { close, ledger, offer } = yield* make({ shutdownTimeout: "3 seconds" })
        offer(...range(0, 5))
        yield* TestClock.adjust(0)
        const closing = yield* Effect.forkChild(close)
        yield* TestClock.adjust("2999 millis")
        assert.isUndefined(closing.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        yield* Fiber.join(closing)
        assert.deepStrictEqual([open(), states(ledger)], [0, { ended: 5, shutdown: 5 }])
        assert.deepStrictEqual(lines, [`Warn 5 spans for ${url} were lost: the layer was closed before an answer came`])
      }).pipe(Effect.provide(layer)))
  })

  it.effect("speaks of a single record that is left", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply("hang")
      const { close, offer } = yield* make({ shutdownTimeout: "1 second" })
      offer(1)
      yield* TestClock.adjust(0)
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* TestClock.adjust(0)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(lines, [`Warn 1 span for ${url} was lost: the layer was closed before an answer came`])
    }).pipe(Effect.provide(layer)))

  it("never counts a record twice: the states add up", () => {
    const held = { undecided: 1, sampledOut: 1 }
    const ledger = new Ledger(() => held)
    ledger.end("queued")
    ledger.endDropped("queue_full")
    assert.deepInclude(ledger.balance, { ended: 4, undecided: 1, sampledOut: 1, queued: 1 })
    held.undecided = 0
    ledger.end("queued")
    ledger.move(2, "queued", "inFlight")
    ledger.drop(1, "inFlight", "rejected")
    ledger.move(1, "inFlight", "exported")
    const expected: Balance = {
      ended: 4,
      replayed: 0,
      exported: 1,
      undecided: 0,
      queued: 0,
      inFlight: 0,
      spooled: 0,
      sampledOut: 1,
      dropped: { queue_full: 1, rejected: 1 }
    }
    assert.deepStrictEqual(ledger.balance, expected)
  })
})

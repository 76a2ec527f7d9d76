/**
 * The accounts of a pipeline hold after every step of random schedules of records, time, flushes and faults.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { Ledger } from "../../src/delivery/Ledger.ts"
import * as Pipeline from "../../src/delivery/Pipeline.ts"
import * as Receiver from "../../src/delivery/Receiver.ts"
import * as RequestSender from "../../src/delivery/RequestSender.ts"
import { type Reply, TestTransport } from "../support/testTransport.ts"

interface Item {
  readonly id: number
  readonly unsampled: string | undefined
  readonly isPoison: boolean
}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Step = Schema.Union([
  Schema.Struct({ offer: between(1, 9), kind: Schema.Literals(["sampled", "a", "b", "poison"]) }),
  Schema.Struct({ wait: between(0, 9000) }),
  Schema.Literals(["flush", "interrupted flush"])
])

const replies: Readonly<Record<string, Reply | "hang">> = {
  taken: {},
  slow: { after: "3 seconds" },
  partly: { body: JSON.stringify({ partialSuccess: { rejectedSpans: 1 } }) },
  broken: { isBroken: true },
  refused: { fails: "refused" },
  reset: { fails: "reset", after: "1 second" },
  "reset after reading": { fails: "reset", reads: true },
  bad: { status: 400 },
  "too large": { status: 413 },
  busy: { status: 503 },
  "busy for a while": { status: 429, headers: { "retry-after": "20" } },
  elsewhere: { status: 307, headers: { location: "http://other" } },
  hang: "hang"
}

const Schedule = Schema.Struct({
  steps: Schema.Array(Step),
  replies: Schema.Array(Schema.Literals(Object.keys(replies))),
  queueSize: between(1, 8),
  batchSize: between(1, 5),
  inFlight: between(1, 3),
  drop: Schema.Literals(["newest", "oldest"]),
  maximumElapsed: between(0, 20_000)
})

const layer = Layer.merge(TestTransport.layer, Logger.layer([]))

describe("Pipeline", () => {
  it.effect.prop(
    "counts every record in exactly one state after every step, and agrees with the receiver at the end",
    [Schedule],
    ([schedule]) =>
      Effect.gen(function*() {
        const { mostOpen, open, reply, sent } = yield* TestTransport
        reply(...schedule.replies.map((name) => replies[name]!))
        const config = yield* TelemetryConfig.make({
          delivery: {
            endpoint: "http://c:4318",
            queueSize: schedule.queueSize,
            batchSize: schedule.batchSize,
            inFlight: schedule.inFlight,
            drop: schedule.drop,
            timeout: "4 seconds",
            interval: "2 seconds",
            shutdownTimeout: "3 seconds",
            retry: { maximumElapsed: schedule.maximumElapsed }
          }
        })
        const scope = yield* Scope.make()
        const ledger = new Ledger()
        const settings = { ...config.delivery, maximumElapsed: config.delivery.retry.maximumElapsed }
        const { flush, offer } = yield* Scope.provide(scope)(Effect.gen(function*() {
          return yield* Pipeline.make<Item>({
            ledger,
            settings,
            sender: yield* RequestSender.make(Receiver.of(config, "spans")!, config.delivery.retry),
            maximumBytes: config.delivery.maximumRequestBytes,
            encode: (items) => {
              if (items.some(({ isPoison }) => isPoison)) throw new Error("poison")
              return new TextEncoder().encode(JSON.stringify(items.map(({ id }) => id)))
            },
            unsampledTrace: ({ unsampled }) => unsampled
          })
        }))

        let offered = 0
        const check = (): void => {
          const { dropped, ended, ...states } = ledger.balance
          const total = [...Object.values(states), ...Object.values(dropped)].reduce((sum, count) => sum + count, 0)
          assert.strictEqual(ended, offered, "ended")
          assert.strictEqual(total - states.replayed, ended + states.replayed, "sum of the states")
          assert.isTrue([...Object.values(states), ...Object.values(dropped)].every((count) => count >= 0))
          assert.isAtMost(states.queued, schedule.queueSize)
          assert.isAtMost(states.inFlight, schedule.inFlight * schedule.batchSize)
        }
        const flushes: Array<Fiber.Fiber<{ readonly exported: number; readonly dropped: number }>> = []
        for (const step of schedule.steps) {
          if (step === "flush") flushes.push(yield* Effect.forkChild(flush, { startImmediately: true }))
          else if (step === "interrupted flush") {
            const fiber = yield* Effect.forkChild(flush, { startImmediately: true })
            yield* TestClock.adjust(0)
            yield* Fiber.interrupt(fiber)
          } else if ("wait" in step) yield* TestClock.adjust(step.wait)
          else {
            for (let count = 0; count < step.offer; count++) {
              const { kind } = step
              const unsampled = kind === "a" || kind === "b" ? kind : undefined
              offer({ id: offered++, unsampled, isPoison: kind === "poison" })
              check()
            }
          }
          check()
        }
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
        yield* TestClock.adjust("3 seconds")
        check()
        yield* Fiber.join(closing)
        yield* Fiber.joinAll(flushes)
        check()

        const { dropped, ...states } = ledger.balance
        assert.deepStrictEqual([states.queued, states.inFlight, open()], [0, 0, 0])
        assert.isAtMost(mostOpen(), schedule.inFlight)
        // The receiver's own count: a request that was taken without an answer may have come twice.
        const ids = (isTaken: boolean) =>
          sent.filter((request) => request.isTaken === isTaken).flatMap(({ body }) => JSON.parse(body) as Array<number>)
        const taken = new Set(ids(true))
        const rejected = dropped.partially_rejected ?? 0
        assert.isAtMost(states.exported + rejected, taken.size)
        const withoutAnswer = schedule.replies.filter((name) =>
          name === "reset after reading" || name === "slow"
        ).length
        if (withoutAnswer === 0) assert.strictEqual(states.exported + rejected, taken.size)
        // What was never sent was dropped by the queue, by its encoding or by the end.
        const attempted = new Set([...taken, ...ids(false)])
        const { failed = 0, queue_full = 0, shutdown = 0 } = dropped
        assert.isAtLeast(queue_full + shutdown + failed, offered - attempted.size)
      }).pipe(Effect.provide(layer)),
    { arbitrary: { runs: 1000 } }
  )
})

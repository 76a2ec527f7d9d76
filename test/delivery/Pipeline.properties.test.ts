/**
 * The accounts of a pipeline hold after every step of random schedules of records, time, flushes and faults of receiver,
 * disk and process.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { Ledger } from "../../src/delivery/Ledger.ts"
import { MemoryDisk } from "../support/memorySpoolFolder.ts"
import { idsIn, start } from "../support/spooledItems.ts"
import { type Reply, TestTransport } from "../support/testTransport.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Step = Schema.Union([
  Schema.Struct({ offer: between(1, 9), kind: Schema.Literals(["sampled", "a", "b", "poison"]) }),
  Schema.Struct({ wait: between(0, 9000) }),
  Schema.Literals(["flush", "interrupted flush", "disk fails", "disk works"])
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
  maximumElapsed: between(0, 20_000),
  /** Bytes of the spool; a record has 60. */
  spool: Schema.UndefinedOr(Schema.Literals([500, 2000, 20_000])),
  isKilled: Schema.Boolean
})

const config = (schedule: Partial<typeof Schedule.Type>) =>
  Effect.map(
    TelemetryConfig.make({
      delivery: {
        endpoint: "http://c:4318",
        protocol: "http/json",
        queueSize: schedule.queueSize,
        batchSize: schedule.batchSize,
        inFlight: schedule.inFlight,
        drop: schedule.drop,
        timeout: "4 seconds",
        interval: "2 seconds",
        shutdownTimeout: "3 seconds",
        retry: { maximumElapsed: schedule.maximumElapsed }
      }
    }),
    ({ delivery, ...config }) => ({
      ...config,
      // The option has a minimum that no schedule reaches.
      delivery: { ...delivery, spool: { ...delivery.spool, maximumBytes: schedule.spool ?? 1_000_000 } }
    })
  )

/** Starts a process after the first one has ended. Gives what arrives from it, and its accounts. */
const restart = (disk: MemoryDisk) =>
  Effect.gen(function*() {
    const ledger = new Ledger()
    const scope = yield* Scope.make()
    disk.problem = undefined
    yield* Scope.provide(scope)(start({ config: yield* config({}), ledger, folder: disk.open() }))
    yield* TestClock.adjust("1 second")
    yield* Scope.close(scope, Exit.void)
    const { sent } = yield* TestTransport
    return { balance: ledger.balance, ids: sent.flatMap(({ body }) => idsIn(body)) }
  }).pipe(Effect.provide(TestTransport.layer, { local: true }))

const layer = Layer.merge(TestTransport.layer, Logger.layer([]))

describe("Pipeline", () => {
  it.effect.prop(
    "counts every record in exactly one state after every step, and agrees with the receiver at the end",
    [Schedule],
    ([schedule]) =>
      Effect.gen(function*() {
        const { mostOpen, open, reply, sent } = yield* TestTransport
        reply(...schedule.replies.map((name) => replies[name]!))
        const disk = new MemoryDisk()
        const folder = schedule.spool === undefined ? undefined : disk.open()
        const scope = yield* Scope.make()
        const ledger = new Ledger()
        const { flush, offer } = yield* Scope.provide(scope)(
          start({ config: yield* config(schedule), ledger, folder })
        )

        let offered = 0
        /** Records since the last write of copies, at most. */
        let recent = 0
        /** Records that no disk can take. */
        let poisons = 0
        const check = (): void => {
          const { dropped, ended, ...states } = ledger.balance
          const total = [...Object.values(states), ...Object.values(dropped)].reduce((sum, count) => sum + count, 0)
          assert.strictEqual(ended, offered, "ended")
          assert.strictEqual(total - states.replayed, ended + states.replayed, "sum of the states")
          assert.isTrue([...Object.values(states), ...Object.values(dropped)].every((count) => count >= 0))
          assert.isAtMost(states.queued, schedule.queueSize)
          assert.isAtMost(states.inFlight, schedule.inFlight * schedule.batchSize)
          if (folder === undefined) assert.strictEqual(states.spooled, 0)
        }
        const isWhole = schedule.spool === 20_000 && !schedule.steps.includes("disk fails")
        const flushes: Array<Fiber.Fiber<{ readonly exported: number; readonly dropped: number }>> = []
        for (const step of schedule.steps) {
          if (step === "flush") flushes.push(yield* Effect.forkChild(flush, { startImmediately: true }))
          else if (step === "interrupted flush") {
            const fiber = yield* Effect.forkChild(flush, { startImmediately: true })
            yield* TestClock.adjust(0)
            yield* Fiber.interrupt(fiber)
          } else if (step === "disk fails") disk.problem = "no space left"
          else if (step === "disk works") disk.problem = undefined
          else if ("wait" in step) {
            yield* TestClock.adjust(step.wait)
            if (step.wait >= 200) recent = 0
          } else {
            for (let count = 0; count < step.offer; count++) {
              const { kind } = step
              const unsampled = kind === "a" || kind === "b" ? kind : undefined
              recent++
              if (kind === "poison") poisons++
              offer({ id: offered++, unsampled, isPoison: kind === "poison" })
              check()
            }
          }
          check()
        }
        /** Ids in requests; a request that was taken without an answer may have come twice. */
        const ids = (isTaken: boolean) =>
          sent.filter((request) => request.isTaken === isTaken).flatMap(({ body }) => idsIn(body))
        const sum = (counts: object) => Object.values(counts).reduce((sum: number, count: number) => sum + count, 0)

        const close = Effect.gen(function*() {
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
          yield* TestClock.adjust("3 seconds")
          check()
          yield* Fiber.join(closing)
        })

        if (folder !== undefined && schedule.isKilled) {
          const killed = ledger.balance
          const taken = ids(true)
          folder.kill()
          const second = yield* restart(disk)
          const arrived = new Set([...taken, ...second.ids])
          const lost = offered - arrived.size - sum(killed.dropped)
          // What ended after the last write is lost with the memory.
          assert.isAtMost(lost, killed.queued + killed.inFlight)
          if (isWhole) assert.isAtMost(lost, recent + poisons)
          return yield* close
        }

        yield* close
        check()
        yield* Fiber.joinAll(flushes)
        check()

        const { dropped, ...states } = ledger.balance
        assert.deepStrictEqual([states.queued, states.inFlight, open()], [0, 0, 0])
        assert.isAtMost(mostOpen(), schedule.inFlight)
        const taken = new Set(ids(true))
        const rejected = dropped.partially_rejected ?? 0
        assert.isAtMost(states.exported + rejected, taken.size)
        const withoutAnswer = schedule.replies.filter((name) =>
          name === "reset after reading" || name === "slow"
        ).length
        if (withoutAnswer === 0) assert.strictEqual(states.exported + rejected, taken.size)
        // What was never sent was dropped by the queue, by its encoding or by the end, or is on disk.
        const attempted = new Set([...taken, ...ids(false)])
        const { failed = 0, queue_full = 0, shutdown = 0 } = dropped
        assert.isAtLeast(queue_full + shutdown + failed + states.spooled, offered - attempted.size)
        if (folder === undefined) return

        if (isWhole) assert.deepStrictEqual([queue_full, shutdown], [0, 0])
        const { balance, ids: replayed } = yield* restart(disk)
        assert.deepStrictEqual(balance, {
          ...new Ledger().balance,
          replayed: balance.replayed,
          exported: replayed.length
        })
        assert.strictEqual(balance.replayed, replayed.length)
        // A mark that the disk did not take makes a record come twice.
        if (schedule.steps.includes("disk fails")) assert.isAtLeast(replayed.length, states.spooled)
        else assert.strictEqual(replayed.length, states.spooled)
        assert.strictEqual(disk.size, 0)
      }).pipe(Effect.provide(layer)),
    { arbitrary: { runs: 1000 } }
  )
})

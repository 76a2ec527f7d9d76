import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { Ledger } from "../../src/delivery/Ledger.ts"
import type { Transport } from "../../src/delivery/Transport.ts"
import { type ExitHook, InstallExitHook, type Options as HookOptions } from "../../src/internal/ExitHooks.ts"
import { loggerInto } from "../support/loggedLines.ts"
import { MemoryDisk } from "../support/memorySpoolFolder.ts"
import * as items from "../support/spooledItems.ts"
import { TestTransport } from "../support/testTransport.ts"

const url = "http://c:4318/v1/traces"

const lines: Array<string> = []
const layer = Layer.mergeAll(
  TestTransport.layer,
  Logger.layer([loggerInto(lines)]),
  Layer.effectDiscard(Effect.sync(() => lines.splice(0)))
)

/** A process with a spool on the disk. */
const start = Effect.fnUntraced(function*(
  disk: MemoryDisk,
  delivery: TelemetryConfig.Options["delivery"] = {},
  hooks: Pick<Parameters<typeof items.start>[0], "undecided" | "onExit"> = {}
) {
  const config = yield* TelemetryConfig.make({
    delivery: {
      endpoint: "http://c:4318",
      protocol: "http/json",
      batchSize: 3,
      shutdownTimeout: 0,
      ...delivery,
      retry: { jitter: 0, ...delivery?.retry }
    }
  })
  const scope = yield* Scope.make()
  const ledger = new Ledger()
  const folder = disk.open()
  let drain: HookOptions["drain"] = () => {}
  const install = (options: HookOptions): Effect.Effect<ExitHook> =>
    Effect.sync(() => {
      drain = options.drain
      return { arm: () => {} }
    })
  const pipeline = yield* Scope.provide(scope)(items.start({ config, ledger, folder, ...hooks })).pipe(
    Effect.provideService(InstallExitHook, install)
  )
  yield* TestClock.adjust(0)
  const close = Effect.gen(function*() {
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
    yield* TestClock.adjust("1 second")
    yield* Fiber.join(closing)
  })
  return {
    ...pipeline,
    ledger,
    close,
    offer: (...ids: ReadonlyArray<number>) => ids.forEach((id) => pipeline.offer({ id })),
    /** The process ends at once, without notice. */
    kill: Effect.andThen(Effect.sync(folder.kill), close),
    /** The process ends, and says so. */
    exit: (isLast = true) => drain(isLast, "the test is over")
  }
})

const ids = Effect.map(
  TestTransport,
  ({ sent }) => sent.filter(({ isTaken }) => isTaken).map(({ body }) => items.idsIn(body))
)

/** The states that have records. */
const states = ({ balance: { dropped, ...numbers } }: Ledger): Readonly<Record<string, number>> => ({
  ...Object.fromEntries(Object.entries(numbers).filter(([, count]) => count !== 0)),
  ...dropped
})

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

const busy = Array.from({ length: 1000 }, () => ({ status: 503 }))

/** A process whose requests the test does not see. */
const elsewhere = <A, E>(process: Effect.Effect<A, E, Transport>): Effect.Effect<A, E> =>
  Effect.provide(process, TestTransport.layer, { local: true })

/** Leaves some items on the disk. */
const leave = Effect.fnUntraced(function*(disk: MemoryDisk, ...ids: ReadonlyArray<number>) {
  const { exit, kill, offer } = yield* elsewhere(start(disk, { interval: "1 hour", batchSize: 100 }))
  offer(...ids)
  exit()
  yield* kill
})

describe("SpooledPipeline", () => {
  it.effect("moves the oldest records of a full queue to disk, and sends them once the receiver is back", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply({ after: "1 minute", status: 503 })
      const disk = new MemoryDisk()
      const { close, ledger, offer } = yield* start(disk, { queueSize: 6, timeout: "1 hour" })
      offer(1, 2, 3)
      yield* TestClock.adjust(0)
      offer(...range(4, 24))
      assert.deepStrictEqual(states(ledger), { ended: 23, queued: 5, inFlight: 3, spooled: 15 })
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual((yield* ids).flat().toSorted((left, right) => left - right), range(1, 24))
      assert.deepStrictEqual(states(ledger), { ended: 23, exported: 23 })
      assert.strictEqual(disk.files, 0)
      yield* close
      assert.deepStrictEqual(lines.filter((line) => line.includes("are lost")), [])
    }).pipe(Effect.provide(layer)))

  it.effect("keeps what no attempt could deliver in time, and sends it later", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply(...Array.from({ length: 12 }, () => ({ status: 503 })))
      const disk = new MemoryDisk()
      const { ledger, offer } = yield* start(disk, { retry: { maximumElapsed: "20 seconds" } })
      offer(1, 2, 3)
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual([states(ledger), disk.files], [{ ended: 3, inFlight: 3 }, 1])
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual([yield* ids, states(ledger)], [[[1, 2, 3]], { ended: 3, exported: 3 }])
    }).pipe(Effect.provide(layer)))

  it.effect("sends what a killed process had written 200 ms before, in its own batches", () =>
    Effect.gen(function*() {
      const disk = new MemoryDisk()
      const { kill, offer } = yield* elsewhere(start(disk, { batchSize: 100, interval: "1 hour" }))
      offer(...range(0, 7))
      yield* TestClock.adjust("200 millis")
      offer(7)
      yield* kill
      const { close, ledger } = yield* start(disk)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* ids, [[0, 1, 2], [3, 4, 5], [6]])
      assert.deepStrictEqual(states(ledger), { replayed: 7, exported: 7 })
      yield* close
      assert.strictEqual(disk.files, 0)
    }).pipe(Effect.provide(layer)))

  it.effect("sends nothing twice that was taken before the process was killed", () =>
    Effect.gen(function*() {
      const disk = new MemoryDisk()
      const { kill, ledger, offer } = yield* elsewhere(start(disk, { interval: "1 hour" }))
      offer(1, 2)
      yield* TestClock.adjust("200 millis")
      offer(3, 4)
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(ledger.exported, 3)
      yield* kill
      yield* start(disk)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* ids, [[4]])
    }).pipe(Effect.provide(layer)))

  it.effect("finds a process that ended while this one was running", () =>
    Effect.gen(function*() {
      const disk = new MemoryDisk()
      yield* start(disk)
      yield* leave(disk, 1, 2)
      yield* TestClock.adjust("31 seconds")
      assert.deepStrictEqual(yield* ids, [[1, 2]])
    }).pipe(Effect.provide(layer)))

  it.effect("writes records that are not decided, and takes them back once they are", () =>
    Effect.gen(function*() {
      const disk = new MemoryDisk()
      const undecided: Array<items.Item> = [{ id: 1 }, { id: 2 }]
      const { kill } = yield* elsewhere(start(disk, {}, { undecided: () => undecided }))
      yield* TestClock.adjust("200 millis")
      undecided.shift()
      yield* TestClock.adjust("200 millis")
      yield* kill
      yield* start(disk)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* ids, [[2]])
    }).pipe(Effect.provide(layer)))

  it.effect("writes everything when the process ends, also what its last listeners record", () =>
    Effect.gen(function*() {
      const disk = new MemoryDisk()
      const told: Array<string> = []
      const first = yield* elsewhere(start(disk, { interval: "1 hour", batchSize: 100 }, {
        onExit: (why) => {
          told.push(why)
          first.offer(2)
        }
      }))
      first.offer(1)
      first.exit(false)
      assert.deepStrictEqual(told, [])
      first.exit()
      first.offer(3)
      assert.deepStrictEqual(told, ["the test is over"])
      yield* start(disk)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* ids, [[1, 2, 3]])
    }).pipe(Effect.provide(layer)))

  it.effect("drops what was on disk for too long, and says so", () =>
    Effect.gen(function*() {
      const disk = new MemoryDisk()
      yield* leave(disk, 1, 2)
      yield* TestClock.adjust("2 hours")
      const { ledger } = yield* start(disk, { spool: { maximumAge: "1 hour" } })
      assert.deepStrictEqual(states(ledger), { replayed: 2, expired: 2 })
      assert.strictEqual(disk.files, 0)
      assert.deepStrictEqual(lines, [`Warn spans for ${url} are lost: they were in the spool for too long`])
    }).pipe(Effect.provide(layer)))

  it.effect("counts what the disk does not give back, and sends the rest", () =>
    Effect.gen(function*() {
      const disk = new MemoryDisk()
      yield* leave(disk, 1, 2, 3)
      disk.damage((bytes) => {
        const at = new TextDecoder("latin1").decode(bytes).indexOf("\"2\"")
        return bytes.with(at + 1, 0x39)
      })
      const { ledger } = yield* start(disk)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* ids, states(ledger)], [[[1, 3]], { replayed: 3, exported: 2, corrupt: 1 }])
      assert.strictEqual(disk.files, 0)
    }).pipe(Effect.provide(layer)))

  it.effect("counts records of its own that the disk does not give back", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply({ after: "1 minute" })
      const disk = new MemoryDisk()
      const { ledger, offer } = yield* start(disk, { queueSize: 3, timeout: "1 hour" })
      offer(1, 2, 3)
      yield* TestClock.adjust(0)
      offer(...range(4, 10))
      assert.strictEqual(ledger.spooled, 3)
      disk.damage(() => new Uint8Array())
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(states(ledger), { ended: 9, exported: 6, corrupt: 3 })
    }).pipe(Effect.provide(layer)))

  it.effect("counts what the receiver does not take of the records on disk", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply({ status: 400 }, { body: JSON.stringify({ partialSuccess: { rejectedSpans: 1 } }) }, { status: 413 })
      const disk = new MemoryDisk()
      yield* leave(disk, ...range(0, 8))
      const { ledger } = yield* start(disk)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(states(ledger), { replayed: 8, exported: 4, rejected: 3, partially_rejected: 1 })
      assert.deepStrictEqual(yield* ids, [[3, 4, 5], [6], [7]])
      assert.strictEqual(disk.files, 0)
    }).pipe(Effect.provide(layer)))

  it.effect("goes on in memory while the disk fails, and warns once", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply(...busy)
      const disk = new MemoryDisk()
      disk.problem = "EROFS: read-only file system"
      const { close, ledger, offer } = yield* start(disk, { queueSize: 3, batchSize: 3 })
      offer(...range(0, 3))
      yield* TestClock.adjust(0)
      offer(...range(3, 10))
      yield* TestClock.adjust("30 seconds")
      const { dropped, queued } = ledger.balance
      assert.deepStrictEqual([queued, dropped], [3, { queue_full: 4 }])
      disk.problem = undefined
      yield* TestClock.adjust("30 seconds")
      const ofSpool = lines.filter((line) => line.includes("spool"))
      assert.deepStrictEqual(ofSpool, [
        `Warn spans for ${url} are in memory alone, because the spool cannot be used: EROFS: read-only file system`,
        `Info spans for ${url} are written to the spool again`
      ])
      yield* close
      assert.deepStrictEqual(states(ledger), { ended: 10, queue_full: 4, spooled: 6 })
    }).pipe(Effect.provide(layer)))

  it.effect("keeps a file that cannot be read now, and sends it later", () =>
    Effect.gen(function*() {
      const disk = new MemoryDisk()
      yield* leave(disk, 1, 2)
      disk.problemOfReads = "EMFILE: too many open files"
      const { ledger } = yield* start(disk)
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual([states(ledger), disk.files], [{}, 1])
      disk.problemOfReads = undefined
      yield* TestClock.adjust("31 seconds")
      assert.deepStrictEqual([yield* ids, states(ledger)], [[[1, 2]], { replayed: 2, exported: 2 }])
      assert.deepStrictEqual(lines, [`Warn spans in a file of the spool cannot be read: EMFILE: too many open files`])
    }).pipe(Effect.provide(layer)))

  it.effect("sends the other files while one cannot be read, and warns once", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply({ after: "1 minute" })
      const disk = new MemoryDisk()
      yield* leave(disk, 1, 2)
      disk.problemOfReads = "EACCES: permission denied"
      disk.isUnreadable = (content) => content.includes("\"1\"")
      yield* leave(disk, 3, 4)
      lines.splice(0)
      const { ledger, offer } = yield* start(disk, { queueSize: 3, timeout: "1 hour" })
      yield* TestClock.adjust(0)
      offer(...range(5, 11))
      assert.isAbove(ledger.spooled, 1)
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual((yield* ids).flat().toSorted((left, right) => left - right), range(3, 11))
      assert.deepStrictEqual(states(ledger), { ended: 6, replayed: 2, exported: 8 })
      assert.deepStrictEqual(lines, ["Warn spans in a file of the spool cannot be read: EACCES: permission denied"])
      assert.strictEqual(disk.files, 1)
    }).pipe(Effect.provide(layer)))

  it.effect("has room for new records though some wait for long", () =>
    Effect.gen(function*() {
      const disk = new MemoryDisk()
      const undecided: Array<items.Item> = []
      const { kill, ledger, offer } = yield* elsewhere(
        start(disk, { batchSize: 300, spool: { maximumBytes: 1_048_576 } }, { undecided: () => undecided })
      )
      for (let round = 0; round < 200; round++) {
        undecided.push({ id: round })
        offer(...range(1000, 1299))
        yield* TestClock.adjust("200 millis")
      }
      assert.deepStrictEqual([lines, ledger.exported > 50_000], [[], true])
      assert.isBelow(disk.size, 700_000)
      yield* kill
      yield* start(disk)
      yield* TestClock.adjust("1 minute")
      const arrived = (yield* ids).flat().filter((id) => id < 1000)
      assert.deepStrictEqual(arrived.toSorted((left, right) => left - right), range(0, 200))
    }).pipe(Effect.provide(layer)))

  it.effect("takes no more than the limit, with the files of earlier processes, and keeps room for copies", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply(...busy)
      const disk = new MemoryDisk()
      const limit = 1_048_576
      const fill = Effect.fnUntraced(function*() {
        const { close, kill, ledger, offer } = yield* start(disk, {
          queueSize: 300,
          batchSize: 300,
          spool: { maximumBytes: limit }
        })
        for (let round = 0; round < 100; round++) {
          offer(...range(0, 300))
          yield* TestClock.adjust("200 millis")
        }
        return { close, kill, ledger }
      })
      const first = yield* fill()
      assert.isAtMost(disk.size, limit)
      const { dropped, spooled } = first.ledger.balance
      assert.isAbove(spooled, 10_000)
      assert.isAbove(dropped.queue_full ?? 0, 0)
      const size = disk.size
      assert.isAbove(size, 0.7 * limit)
      assert.isBelow(size, 0.85 * limit)
      yield* first.kill
      const second = yield* fill()
      assert.isAtMost(disk.size, limit)
      assert.strictEqual(second.ledger.balance.spooled, second.ledger.balance.replayed)
      yield* second.close
    }).pipe(Effect.provide(layer)))
})

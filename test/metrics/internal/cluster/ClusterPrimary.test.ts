/**
 * The primary of a cluster, with processes whose ends of the channel the tests hold.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Logger, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { EventEmitter } from "node:events"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as ClusterMessage from "../../../../src/metrics/internal/cluster/ClusterMessage.ts"
import * as ClusterPrimary from "../../../../src/metrics/internal/cluster/ClusterPrimary.ts"
import * as MetricSnapshot from "../../../../src/metrics/MetricSnapshot.ts"
import * as eventLoop from "../../../support/eventLoop.ts"
import { counter, numbers, snapshot } from "../../../support/metricModel.ts"

/** The primary's end of a channel; what comes over it is what the test says. */
class Channel extends EventEmitter {
  connected = true
  readonly sent: Array<unknown> = []
  readonly #answer: (round: number) => MetricSnapshot.MetricSnapshot | undefined
  #reading = 0

  constructor(answer: (round: number) => MetricSnapshot.MetricSnapshot | undefined = () => undefined) {
    super()
    this.#answer = answer
  }

  send(message: object, callback: (error: Error | null) => void) {
    this.sent.push(message)
    callback(null)
    const ours = ClusterMessage.read(message)
    if (typeof ours !== "object" || ours.type !== "ask") return
    const answer = this.#answer(ours.round)
    if (answer !== undefined) this.say(answer, { round: ours.round })
  }

  /** Gives a snapshot over the wire, in parts. */
  say(given: MetricSnapshot.MetricSnapshot, header: Partial<ClusterMessage.Header> = {}) {
    for (const part of this.parts(given, header)) this.emit("message", part)
  }

  parts(given: MetricSnapshot.MetricSnapshot, header: Partial<ClusterMessage.Header> = {}): Array<unknown> {
    const all = ClusterMessage.parts(
      { instance: "i", reading: ++this.#reading, round: 0, isLast: false, ...header },
      TimeSlice.runNow(ClusterMessage.pieces(given))
    )
    return JSON.parse(JSON.stringify(Array.from(all))) as Array<unknown>
  }

  disconnect() {
    this.connected = false
    this.emit("disconnect")
  }

  get rounds() {
    return this.sent.map((message) => (message as { readonly round: number }).round)
  }
}

const jobs = (value: number, kind = "mail") => counter("jobs_total", { value, attributes: { kind } })

const own = Effect.succeed(snapshot(1, jobs(1)))

const make = (from: Effect.Effect<MetricSnapshot.MetricSnapshot> = own) =>
  ClusterPrimary.make(from, { timeout: Duration.millis(900) })

const valuesIn = (given: MetricSnapshot.MetricSnapshot) => ({
  jobs: MetricSnapshot.valueOf(given, "jobs_total", { kind: "mail" }),
  hung: MetricSnapshot.valueOf(given, "tasker_cluster_workers_missing", { reason: "hung" }),
  unknown: MetricSnapshot.valueOf(given, "tasker_cluster_workers_missing", { reason: "unknown" })
})

/** The snapshot and how long it took by the clock of the test, which goes on when nothing else does. */
const patiently = (effect: Effect.Effect<MetricSnapshot.MetricSnapshot>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.timed(effect))
    yield* eventLoop.quiet
    yield* TestClock.adjust("2 seconds")
    return yield* Fiber.join(fiber)
  })

const timed = (effect: Effect.Effect<MetricSnapshot.MetricSnapshot>) =>
  Effect.map(patiently(effect), ([took, given]) => ({ took: Duration.toMillis(took), ...valuesIn(given) }))

describe("ClusterPrimary", () => {
  it.effect("asks all at once, one round for all who ask at the same time", () =>
    Effect.gen(function*() {
      const { attach, snapshot: scrape } = yield* make()
      const channels = [2, 3].map((value) => new Channel(() => snapshot(1, jobs(value))))
      for (const channel of channels) attach(channel)
      const scrapes = yield* Effect.all([scrape, scrape, scrape], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        scrapes.map((given) => valuesIn(given)),
        Array.from({ length: 3 }, () => ({ jobs: 6, hung: 0, unknown: 0 }))
      )
      // The first question is asked when a process is attached.
      assert.deepStrictEqual(channels.map(({ rounds }) => rounds), [[1, 2], [1, 2]])
      yield* scrape
      assert.deepStrictEqual(channels.map(({ rounds }) => rounds), [[1, 2, 3], [1, 2, 3]])
    }))

  it.effect("goes on for the others when the scrape that asked is given up", () =>
    Effect.gen(function*() {
      const { attach, snapshot: scrape } = yield* make()
      const channel = new Channel()
      attach(channel)
      const first = yield* Effect.forkChild(scrape, { startImmediately: true })
      const second = yield* Effect.forkChild(scrape, { startImmediately: true })
      yield* Fiber.interrupt(first)
      yield* eventLoop.quiet
      channel.say(snapshot(1, jobs(2)), { round: 2 })
      assert.deepStrictEqual(valuesIn(yield* Fiber.join(second)), { jobs: 3, hung: 0, unknown: 0 })
      assert.deepStrictEqual(channel.rounds, [1, 2])
    }))

  it.effect("waits once for a process that hangs, sends it nothing more, and has what it says later", () =>
    Effect.gen(function*() {
      const { attach, snapshot: scrape } = yield* make()
      const channel = new Channel((round) => round === 1 ? snapshot(1, jobs(2)) : undefined)
      attach(channel)
      assert.deepStrictEqual(yield* timed(scrape), { took: 900, jobs: 3, hung: 1, unknown: 0 })
      for (let count = 0; count < 3; count++) {
        assert.deepStrictEqual(yield* timed(scrape), { took: 0, jobs: 3, hung: 1, unknown: 0 })
      }
      channel.say(snapshot(1, jobs(4)))
      assert.deepStrictEqual(yield* timed(scrape), { took: 0, jobs: 5, hung: 1, unknown: 0 })
      assert.deepStrictEqual(channel.rounds, [1, 2])
      channel.say(snapshot(1, jobs(5)), { round: 2 })
      assert.deepStrictEqual(yield* timed(scrape), { took: 900, jobs: 6, hung: 1, unknown: 0 })
      assert.deepStrictEqual(channel.rounds, [1, 2, 3])
    }))

  it.effect("does not wait for a process that has nothing to say, until it says that it has", () =>
    Effect.gen(function*() {
      const { attach, snapshot: scrape } = yield* make()
      let isReady = false
      const channel = new Channel(() => isReady ? snapshot(1, jobs(2)) : undefined)
      attach(channel)
      assert.deepStrictEqual(yield* timed(scrape), { took: 900, jobs: 1, hung: 0, unknown: 1 })
      assert.deepStrictEqual(yield* timed(scrape), { took: 0, jobs: 1, hung: 0, unknown: 1 })
      isReady = true
      channel.emit("message", ClusterMessage.hello("i"))
      assert.deepStrictEqual(yield* timed(scrape), { took: 0, jobs: 3, hung: 0, unknown: 0 })
      assert.deepStrictEqual(channel.rounds, [1, 2, 2, 3])
    }))

  it.effect("tells stores of one process apart, and knows when all of them have ended", () =>
    Effect.gen(function*() {
      const { attach, snapshot: scrape } = yield* make()
      const channel = new Channel()
      attach(channel)
      channel.emit("message", ClusterMessage.hello("i"))
      channel.emit("message", ClusterMessage.hello("j"))
      channel.say(snapshot(1, jobs(2), numbers("gauge", "level", { value: 1 })), { round: 1 })
      channel.say(snapshot(1, jobs(3), numbers("gauge", "level", { value: 2 })), { instance: "j" })
      channel.say(snapshot(1, jobs(4)), { isLast: true })
      channel.say(snapshot(1, jobs(5), numbers("gauge", "level", { value: 3 })), { instance: "j" })
      const [, one] = yield* patiently(scrape)
      assert.strictEqual(MetricSnapshot.valueOf(one, "level", {}), 3)
      channel.say(snapshot(1, jobs(6)), { instance: "j", isLast: true })
      assert.deepStrictEqual(yield* timed(scrape), { took: 0, jobs: 11, hung: 0, unknown: 0 })
    }))

  it.effect("takes a snapshot when all of it is there", () =>
    Effect.gen(function*() {
      const { attach, snapshot: scrape } = yield* make()
      const channel = new Channel()
      attach(channel)
      const of = (count: number, value: number) =>
        snapshot(
          1,
          counter(
            "jobs_total",
            { value, attributes: { kind: "mail" } },
            ...Array.from({ length: count }, (_, index) => ({ value, attributes: { kind: `${index}` } }))
          )
        )
      channel.say(of(1200, 2), { round: 1 })
      const seriesIn = (given: MetricSnapshot.MetricSnapshot) =>
        given.metrics.find(({ name }) => name === "jobs_total")?.series.length
      const look = Effect.map(patiently(scrape), ([, given]) => [seriesIn(given), valuesIn(given).jobs])
      assert.deepStrictEqual(yield* look, [1201, 3])
      const [first, second, third] = channel.parts(of(1200, 5))
      const next = channel.parts(of(1200, 7))
      for (const message of [first, third, second, next[0], next[1]]) channel.emit("message", message)
      assert.deepStrictEqual(yield* look, [1201, 3])
      channel.emit("message", next[2])
      assert.deepStrictEqual(yield* look, [1201, 8])
    }))

  it.effect("says once where processes differ, and has the metric of the first", () =>
    Effect.gen(function*() {
      const lines: Array<unknown> = []
      const { attach, snapshot: scrape } = yield* make()
      const answer = snapshot(1, { ...numbers("gauge", "jobs_total", { value: 7, attributes: { kind: "mail" } }) })
      attach(new Channel(() => answer))
      attach(new Channel(() => answer))
      for (let count = 0; count < 2; count++) {
        const given = yield* scrape.pipe(
          Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(message))]))
        )
        assert.deepStrictEqual(valuesIn(given), { jobs: 1, hung: 0, unknown: 0 })
      }
      assert.deepStrictEqual(lines, [
        ["metric \"jobs_total\" is left out for some processes: its type differs between processes"]
      ])
    }))

  it.effect("keeps what a process that is gone has counted, and its own as well", () =>
    Effect.gen(function*() {
      let value = 1
      const { attach, snapshot: scrape } = yield* make(Effect.sync(() => snapshot(1, jobs(value))))
      const channel = new Channel(() => snapshot(1, jobs(2)))
      attach(channel)
      yield* scrape
      channel.disconnect()
      assert.deepStrictEqual(yield* timed(scrape), { took: 0, jobs: 3, hung: 0, unknown: 0 })
      value = 0.5
      assert.deepStrictEqual(yield* timed(scrape), { took: 0, jobs: 3.5, hung: 0, unknown: 0 })
    }))

  it.effect("leaves no listener behind, and takes nothing in twice or too late", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { attach } = yield* Scope.provide(make(), scope)
      const channels = [new Channel(), new Channel(), new Channel()]
      for (const channel of channels) attach(channel)
      attach(channels[0]!)
      const counts = () =>
        channels.map((channel) => [channel.listenerCount("message"), channel.listenerCount("disconnect")])
      assert.deepStrictEqual(counts(), [[1, 1], [1, 1], [1, 1]])
      attach(channels[0]!)()
      attach(channels[0]!)
      channels[1]!.disconnect()
      attach(channels[1]!)
      assert.deepStrictEqual(counts(), [[1, 1], [0, 0], [1, 1]])
      yield* Scope.close(scope, yield* Effect.exit(Effect.void))
      assert.deepStrictEqual(counts(), [[0, 0], [0, 0], [0, 0]])
    }))

  const Odd = Schema.Union([Schema.Json, Schema.Literals([1, "hello", "part", "ask", "i", "{}", ""])])

  it.effect.prop("ignores whatever else comes over a channel", [
    Odd,
    Schema.Array(Schema.Struct({
      protocol: Schema.Literal("tasker-telemetry/metrics"),
      version: Schema.Literals([1, 1, 2]),
      type: Schema.Literals(["hello", "part", "ask", "other"]),
      instance: Odd,
      reading: Odd,
      round: Schema.Literals([-1, 0.5, 1, 2]),
      isLast: Schema.Union([Schema.Boolean, Schema.Null]),
      index: Schema.Literals([0, 1, -1]),
      count: Schema.Literals([0, 1, 2]),
      document: Odd
    }))
  ], ([any, messages]) =>
    Effect.gen(function*() {
      const { attach, snapshot: scrape } = yield* make()
      const channel = new Channel((round) => snapshot(1, jobs(round)))
      attach(channel)
      for (const message of [any, undefined, ...messages]) channel.emit("message", message)
      yield* timed(scrape)
      const { jobs: sum } = yield* timed(scrape)
      assert.strictEqual(sum, 1 + Math.max(...channel.rounds))
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([]))))
})

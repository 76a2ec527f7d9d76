import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Logger, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import type { DropReason } from "../../src/delivery/Ledger.ts"
import * as Receiver from "../../src/delivery/Receiver.ts"
import * as RequestSender from "../../src/delivery/RequestSender.ts"
import * as ExportDurations from "../../src/internal/ExportDurations.ts"
import { loggerInto } from "../support/loggedLines.ts"
import { type Reply, TestTransport } from "../support/testTransport.ts"

/** Lines of the log, with their levels. */
const lines: Array<string> = []
const layer = Layer.mergeAll(
  TestTransport.layer,
  Logger.layer([loggerInto(lines)]),
  Layer.effectDiscard(Effect.sync(() => lines.splice(0)))
)

const url = "http://c:4318/v1/traces"

const make = Effect.fnUntraced(function*(
  delivery: TelemetryConfig.Options["delivery"] = {},
  signal: Receiver.Signal = "spans"
) {
  const config = yield* TelemetryConfig.make({
    delivery: { endpoint: "http://c:4318", ...delivery, retry: { jitter: 0, ...delivery?.retry } }
  })
  const sender = yield* RequestSender.make(Receiver.of(config, signal)!, config.delivery.retry)
  const longest = Duration.toNanosUnsafe(config.delivery.retry.maximumElapsed)
  const send = (body = "{}") =>
    Effect.clockWith((clock) => sender.send(new TextEncoder().encode(body), clock.monotonicTimeNanosUnsafe() + longest))
      .pipe(
        Effect.map((outcome) => outcome._tag === "Lost" ? lost(outcome.reason) : outcome)
      )
  return { ...sender, send }
})

const accepted = { _tag: "Accepted", rejected: 0 } as const
const lost = (reason: DropReason) => ({ _tag: "Lost", reason }) as const

const partial = (partialSuccess: object): Reply => ({ status: 200, body: JSON.stringify({ partialSuccess }) })

describe("RequestSender", () => {
  it.effect("measures each request from its first attempt to its outcome", () =>
    Effect.gen(function*() {
      const measured: Array<ExportDurations.ExportDuration> = []
      yield* (yield* ExportDurations.ExportDurations).register((duration) => void measured.push(duration))
      const { reply } = yield* TestTransport
      const { send } = yield* make({ retry: { maximumElapsed: "2 seconds" } })
      yield* send()
      reply({ status: 503 }, { status: 200 })
      const retried = yield* Effect.forkChild(send())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(retried)
      reply(partial({ rejectedSpans: 1 }), { status: 413 }, { status: 400 })
      for (const _ of [1, 2, 3]) yield* send()
      reply({ status: 503 }, { status: 503 })
      const lost = yield* Effect.forkChild(send())
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(lost)
      // This request has to wait for the end of the back-off before its first attempt.
      reply({ status: 503, headers: { "retry-after": "20" } }, { status: 200 })
      for (const _ of [1, 2]) {
        const waiting = yield* Effect.forkChild(send())
        yield* TestClock.adjust("30 seconds")
        yield* Fiber.join(waiting)
      }
      assert.deepStrictEqual(measured.map(({ errorType, seconds, signal }) => [signal, seconds, errorType]), [
        ["spans", 0, ""],
        ["spans", 1, ""],
        ["spans", 0, "partially_rejected"],
        ["spans", 0, "too_large"],
        ["spans", 0, "rejected"],
        ["spans", 1, "unreachable"],
        ["spans", 0, "unreachable"],
        ["spans", 0, ""]
      ])
    }).pipe(Effect.provide(Layer.merge(layer, ExportDurations.layer))))

  it.effect("sends a body once and says nothing", () =>
    Effect.gen(function*() {
      const { send, state } = yield* make({ headers: { authorization: "Bearer hunter2" } })
      yield* TestClock.setTime(5000)
      assert.deepStrictEqual(yield* send("{\"a\":1}"), accepted)
      const { sent } = yield* TestTransport
      assert.deepStrictEqual(sent.map(({ body, receiver }) => [body, receiver.url, receiver.headers]), [
        ["{\"a\":1}", url, { authorization: "Bearer hunter2" }]
      ])
      assert.deepStrictEqual([lines, state()], [[], { lastSuccess: 5000, consecutiveFailures: 0 }])
    }).pipe(Effect.provide(layer)))

  it.effect.each([400, 401, 403, 404, 405, 415, 500, 501])(
    "does not try again after status %s",
    (status) =>
      Effect.gen(function*() {
        const { reply, sent } = yield* TestTransport
        const { send, state } = yield* make({ headers: { "x-key": "hunter2" }, endpoint: "http://c:4318?k=hunter3" })
        reply({ status, body: "{\"message\":\"no such\\n tenant, password=hunter4\"}" })
        assert.deepStrictEqual(yield* send(), lost("rejected"))
        assert.lengthOf(sent, 1)
        assert.deepStrictEqual(lines, [
          `Warn spans were refused by ${url}: it answered with status ${status}: no such tenant, password=[FILTERED]`
        ])
        assert.strictEqual(state().consecutiveFailures, 1)
      }).pipe(Effect.provide(layer))
  )

  it.effect("reports refusals once until a request is taken, with the number of attempts", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      const { send } = yield* make({}, "metrics")
      reply({ status: 403, body: "" }, { status: 401, body: "" })
      yield* send()
      yield* TestClock.adjust("90 seconds")
      yield* send()
      yield* send()
      yield* send()
      assert.deepStrictEqual(lines, [
        "Warn metrics were refused by http://c:4318/v1/metrics: it answered with status 403",
        "Info metrics are delivered to http://c:4318/v1/metrics again after 1m 30s, 2 failed attempts, none lost"
      ])
    }).pipe(Effect.provide(layer)))

  it.effect.each(
    [
      [{ fails: "refused" }, "the connection was refused (TEST)"],
      [{ fails: "unknown_name" }, "the name of its host is not known (TEST)"],
      [{ fails: "unreachable" }, "its host cannot be reached (TEST)"],
      [{ fails: "tls" }, "the TLS connection failed (TEST)"],
      [{ fails: "timed_out" }, "no answer came in time (TEST)"],
      [{ fails: "reset" }, "the connection broke off (TEST)"],
      [{ fails: "malformed_answer" }, "its answer is not HTTP (TEST)"],
      [{ fails: "other" }, "the request failed (TEST)"],
      [{ status: 429, body: "slow\tdown" }, "it answered with status 429: slow down"],
      [{ status: 502, body: "" }, "it answered with status 502"],
      [{ status: 503, body: "" }, "it answered with status 503"],
      [{ status: 504, body: "" }, "it answered with status 504"]
    ] as const
  )("tries again after %j and says why", ([failure, problem]) =>
    Effect.gen(function*() {
      const { reply, sent } = yield* TestTransport
      reply(failure, failure)
      const { send, state } = yield* make()
      const fiber = yield* Effect.forkChild(send())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(state().consecutiveFailures, 2)
      yield* TestClock.adjust("1500 millis")
      assert.deepStrictEqual(yield* Fiber.join(fiber), accepted)
      assert.deepStrictEqual(sent.map(({ at }) => at), [0, 1000, 2500])
      assert.deepStrictEqual(lines, [
        `Warn spans cannot be delivered to ${url}: ${problem}; trying again`,
        `Info spans are delivered to ${url} again after 2s 500ms, 2 failed attempts, none lost`
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("limits the time of an attempt", () =>
    Effect.gen(function*() {
      const { open, reply, sent } = yield* TestTransport
      reply("hang")
      const { send } = yield* make()
      const fiber = yield* Effect.forkChild(send())
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual(open(), 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(open(), 0)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* Fiber.join(fiber), sent.map(({ at }) => at)], [accepted, [0, 11_000]])
      assert.strictEqual(
        lines[0],
        `Warn spans cannot be delivered to ${url}: no answer came in time (10s); trying again`
      )
    }).pipe(Effect.provide(layer)))

  it.effect("gives a batch up where the next attempt would come too late, and keeps the back-off for the next", () =>
    Effect.gen(function*() {
      const { reply, sent } = yield* TestTransport
      reply(...Array.from({ length: 5 }, () => ({ status: 503 })))
      const { send } = yield* make({ retry: { maximumElapsed: "4 seconds" } })
      const fiber = yield* Effect.forkChild(send())
      yield* TestClock.adjust("2500 millis")
      assert.deepStrictEqual(yield* Fiber.join(fiber), lost("unreachable"))
      const next = yield* Effect.forkChild(send())
      yield* TestClock.adjust("2249 millis")
      assert.lengthOf(sent, 3)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(next)
      assert.deepStrictEqual(sent.map(({ at }) => at), [0, 1000, 2500, 4750])
    }).pipe(Effect.provide(layer)))

  it.effect("makes one attempt where no time is left for another", () =>
    Effect.gen(function*() {
      const { reply, sent } = yield* TestTransport
      reply({ status: 503 })
      const { send } = yield* make({ retry: { maximumElapsed: 0 } })
      assert.deepStrictEqual([yield* send(), sent.length], [lost("unreachable"), 1])
    }).pipe(Effect.provide(layer)))

  it.effect("waits as long as the receiver asks, in seconds or until a date", () =>
    Effect.gen(function*() {
      const { reply, sent } = yield* TestTransport
      reply(
        { status: 429, headers: { "retry-after": "17" } },
        { status: 503, headers: { "retry-after": "Thu, 01 Jan 1970 00:01:00 GMT" } },
        { status: 503, headers: { "retry-after": "soon" } }
      )
      const { hurry, send } = yield* make()
      const fiber = yield* Effect.forkChild(send())
      yield* TestClock.adjust("1 second")
      hurry()
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(yield* Fiber.join(fiber), accepted)
      assert.deepStrictEqual(sent.map(({ at }) => at), [0, 17_000, 60_000, 62_250])
    }).pipe(Effect.provide(layer)))

  it.effect("ends a pause early when it is hurried, but tries no more often than at first", () =>
    Effect.gen(function*() {
      const { reply, sent } = yield* TestTransport
      reply({ status: 503 }, { status: 503 })
      const { hurry, send } = yield* make({ retry: { initialInterval: "10 seconds", multiplier: 3 } })
      const fiber = yield* Effect.forkChild(send())
      yield* TestClock.adjust("5 seconds")
      hurry()
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(sent.map(({ at }) => at), [0, 10_000])
      yield* TestClock.adjust("15 seconds")
      hurry()
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* Fiber.join(fiber), accepted)
      assert.deepStrictEqual(sent.map(({ at }) => at), [0, 10_000, 25_000])
    }).pipe(Effect.provide(layer)))

  it.effect.each(
    [
      ["https://other.example:444/path?key=hunter2", "redirects to other.example:444"],
      ["/login?key=hunter2", "redirects to c:4318"],
      ["http://", "redirects to no known host"],
      [undefined, "redirects to no known host"]
    ] as const
  )("follows no redirect to %s", ([location, words]) =>
    Effect.gen(function*() {
      const { reply, sent } = yield* TestTransport
      const { send } = yield* make()
      for (const status of [301, 302, 307, 308]) {
        reply({ status, headers: location === undefined ? {} : { location } })
        assert.deepStrictEqual(yield* send(), lost("redirected"))
      }
      assert.lengthOf(sent, 4)
      assert.deepStrictEqual(lines, [
        `Warn spans were refused by ${url}: it ${words} with status 301, and redirects are not followed`
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("says that a request is too large for the receiver", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply({ status: 413, body: "1 MB at most" }, { status: 413 })
      const { send } = yield* make()
      assert.deepStrictEqual([yield* send(), yield* send()], [{ _tag: "TooLarge" }, { _tag: "TooLarge" }])
      assert.deepStrictEqual(lines, [
        `Warn spans were sent to ${url} in too large a batch: it answered with status 413: 1 MB at most; splitting it`
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("gives the number of records that the receiver did not take, and says why", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      const spans = yield* make()
      const metrics = yield* make({}, "metrics")
      reply(partial({ rejectedSpans: "3", errorMessage: "too old" }), partial({ rejectedDataPoints: 2 }))
      assert.deepStrictEqual(yield* spans.send(), { _tag: "Accepted", rejected: 3 })
      assert.deepStrictEqual(yield* metrics.send(), { _tag: "Accepted", rejected: 2 })
      reply(partial({ rejectedSpans: "0", errorMessage: null }), partial({ rejectedSpans: "1" }))
      assert.deepStrictEqual([yield* spans.send(), yield* metrics.send()], [accepted, accepted])
      assert.deepStrictEqual(lines, [
        `Warn spans were accepted by ${url}, which rejected 3 of a request: too old`,
        "Warn metrics were accepted by http://c:4318/v1/metrics, which rejected 2 of a request"
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("warns of what a receiver remarks every ten minutes at most, without secrets and with a limit", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      const { send } = yield* make()
      const warned = Effect.fnUntraced(function*(errorMessage: string, rejectedSpans = 0) {
        reply(partial({ rejectedSpans, errorMessage }))
        yield* send()
        return lines.splice(0).map((line) => line.replace(`Warn spans were accepted by ${url}, which`, ""))
      })
      assert.deepStrictEqual(yield* warned("use gzip, password=hunter2"), [
        " has a remark: use gzip, password=[FILTERED]"
      ])
      yield* TestClock.adjust("599 seconds")
      assert.deepStrictEqual(yield* warned("use gzip", 1), [])
      yield* TestClock.adjust("1 second")
      const [long] = yield* warned("too old ".repeat(4000), 1)
      assert.match(long!, /^ rejected 1 of a request: too old /)
      assert.isBelow(long!.length, 1100)
    }).pipe(Effect.provide(layer)))

  it.effect.each(
    [
      ["none", ""],
      ["an empty object", "{}"],
      ["no JSON", "\u0000\u0012 nope"],
      ["no object", "null"],
      ["no object in it", JSON.stringify({ partialSuccess: 3 })],
      ["a negative number", JSON.stringify({ partialSuccess: { rejectedSpans: -1 } })],
      ["a fraction", JSON.stringify({ partialSuccess: { rejectedSpans: 1.5 } })],
      ["a text that is no number", JSON.stringify({ partialSuccess: { rejectedSpans: "0x10" } })]
    ] as const
  )("takes everything as accepted where the body is %s", ([, body]) =>
    Effect.gen(function*() {
      const { reply, sent } = yield* TestTransport
      reply({ status: 200, body })
      const { send } = yield* make()
      assert.deepStrictEqual([yield* send(), sent.length, lines], [accepted, 1, []])
    }).pipe(Effect.provide(layer)))

  it.effect("takes everything as accepted where a good answer breaks off, and says so", () =>
    Effect.gen(function*() {
      const { reply } = yield* TestTransport
      reply({ ...partial({ rejectedSpans: 1 }), isBroken: true })
      const { send } = yield* make()
      assert.deepStrictEqual(yield* send(), accepted)
      assert.deepStrictEqual(lines, [
        `Warn spans were accepted by ${url}, which broke off its answer with status 200`
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("ends when it is interrupted while the receiver hangs", () =>
    Effect.gen(function*() {
      const { open, reply, sent } = yield* TestTransport
      reply("hang")
      const fiber = yield* Effect.forkChild(Effect.flatMap(make(), ({ send }) => send()))
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual([sent.length, open(), lines], [1, 0, []])
    }).pipe(Effect.provide(layer)))

  it.effect("makes no spans", () =>
    Effect.gen(function*() {
      const started: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          started.push(options.name)
          return new Tracer.NativeSpan(options)
        }
      })
      const { send } = yield* make()
      yield* Effect.withSpan(send(), "outer").pipe(Effect.withTracer(tracer))
      assert.deepStrictEqual(started, ["outer"])
    }).pipe(Effect.provide(layer)))

  it.effect("says once which headers of the configuration are not sent", () =>
    Effect.gen(function*() {
      yield* make({ headers: { "content-type": "text/plain", "x-key": "hunter2" } })
      assert.deepStrictEqual(lines, [
        `Warn spans are sent to ${url} without the configured headers content-type: delivery sets them itself`
      ])
    }).pipe(Effect.provide(layer)))
})

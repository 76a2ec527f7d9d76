import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Logger, Redacted, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as OtlpSender from "../../src/delivery/OtlpSender.ts"
import { OtlpReceiver } from "../support/otlpReceiver.ts"

/** Lines of the log, with their levels. */
const lines: Array<string> = []
const layer = Layer.mergeAll(
  OtlpReceiver.layer,
  Logger.layer([Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${String(message)}`)
  })]),
  Layer.effectDiscard(Effect.sync(() => lines.splice(0)))
)

const make = (options: { readonly headers?: Readonly<Record<string, string>>; readonly url?: string } = {}) =>
  Effect.flatMap(OtlpReceiver, ({ url }) =>
    OtlpSender.make({
      signal: "spans",
      url: options.url ?? `${url}/v1/traces`,
      headers: Object.fromEntries(
        Object.entries(options.headers ?? {}).map(([name, value]) => [name, Redacted.make(value)])
      ),
      timeout: Duration.seconds(10)
    }))

/** Waits until an attempt has ended and its outcome has been looked at, then lets time pass. */
const passAfterAttempt = (duration: Duration.Input) =>
  Effect.flatMap(OtlpReceiver, ({ attemptEnded }) => attemptEnded).pipe(
    Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 50 })),
    Effect.andThen(TestClock.adjust(duration))
  )

/** The longest waits after each attempt, with jitter. */
const delays = ["1200 millis", "1800 millis", "2700 millis", "4080 millis", "0 millis"] as const

describe("OtlpSender", () => {
  it.effect("posts the body once as JSON with the headers, and shows no header to the log", () =>
    Effect.gen(function*() {
      const { received } = yield* OtlpReceiver
      const send = yield* make({ headers: { authorization: "Bearer hunter2", "x-tenant": "a" } })
      assert.strictEqual(yield* send("{\"a\":1}"), undefined)
      assert.deepStrictEqual(
        received.map(({ body, headers, method, path }) => ({
          method,
          path,
          body,
          type: headers["content-type"],
          authorization: headers["authorization"],
          tenant: headers["x-tenant"]
        })),
        [{
          method: "POST",
          path: "/v1/traces",
          body: "{\"a\":1}",
          type: "application/json",
          authorization: "Bearer hunter2",
          tenant: "a"
        }]
      )
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(layer)))

  it.effect("does not try again what is refused, and says why without the headers or the query", () =>
    Effect.gen(function*() {
      const { answer, received, url } = yield* OtlpReceiver
      const send = yield* make({ headers: { "x-key": "hunter2" }, url: `${url}/v1/traces?key=hunter3` })
      for (const status of [400, 401, 403, 404, 413, 500, 501]) {
        answer({ status, body: "no" })
        assert.strictEqual(yield* send("{}"), "rejected")
      }
      assert.lengthOf(received, 7)
      assert.strictEqual(lines[0], `Warn spans were refused by ${url}/v1/traces with status 400`)
      assert.notInclude(lines.join(), "hunter")
    }).pipe(Effect.provide(layer)))

  it.effect("tries again while the receiver is down, and says so once at the begin and once at the end", () =>
    Effect.gen(function*() {
      const { answer, received, url } = yield* OtlpReceiver
      answer({ status: 503 }, { status: 502 }, { status: 504 })
      const send = yield* make()
      const fiber = yield* Effect.forkChild(send("{}"))
      for (const delay of delays.slice(0, 3)) yield* passAfterAttempt(delay)
      assert.strictEqual(yield* Fiber.join(fiber), undefined)
      assert.strictEqual(yield* send("{}"), undefined)
      assert.lengthOf(received, 5)
      assert.deepStrictEqual(lines, [
        `Warn spans cannot be delivered to ${url}/v1/traces; trying again`,
        `Info spans are delivered to ${url}/v1/traces again`
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("gives up after five attempts", () =>
    Effect.gen(function*() {
      const { answer, received, url } = yield* OtlpReceiver
      answer(...Array.from({ length: 10 }, () => ({ status: 503 })))
      const send = yield* make()
      for (const _ of [1, 2]) {
        const fiber = yield* Effect.forkChild(send("{}"))
        for (const delay of delays) yield* passAfterAttempt(delay)
        assert.strictEqual(yield* Fiber.join(fiber), "unreachable")
      }
      assert.lengthOf(received, 10)
      assert.deepStrictEqual(lines, [`Warn spans cannot be delivered to ${url}/v1/traces; trying again`])
    }).pipe(Effect.provide(layer)))

  it.effect("says what it sends", () =>
    Effect.gen(function*() {
      const { answer, url } = yield* OtlpReceiver
      answer({ status: 400 })
      const send = yield* OtlpSender.make({ signal: "metrics", url, headers: {}, timeout: Duration.seconds(10) })
      yield* send("{}")
      assert.deepStrictEqual(lines, [`Warn metrics were refused by ${url} with status 400`])
    }).pipe(Effect.provide(layer)))

  const partial = (partialSuccess: object) => ({ status: 200, body: JSON.stringify({ partialSuccess }) })

  it.effect("says what a receiver rejected of a request that it accepted, and does not try again", () =>
    Effect.gen(function*() {
      const { answer, received, url } = yield* OtlpReceiver
      const sendSpans = yield* make()
      const sendMetrics = yield* OtlpSender.make({ signal: "metrics", url, headers: {}, timeout: Duration.seconds(10) })
      answer(partial({ rejectedSpans: "3", errorMessage: "too old" }), partial({ rejectedDataPoints: 2 }))
      assert.deepStrictEqual(yield* sendSpans("{}"), { rejected: 3 })
      assert.deepStrictEqual(yield* sendMetrics("{}"), { rejected: 2 })
      answer(partial({ rejectedSpans: "0", errorMessage: null }), partial({ rejectedSpans: "1" }))
      assert.isUndefined(yield* sendSpans("{}"))
      assert.isUndefined(yield* sendMetrics("{}"))
      assert.lengthOf(received, 4)
      assert.deepStrictEqual(lines, [
        `Warn spans were accepted by ${url}/v1/traces, which rejected 3 of a request: too old`,
        `Warn metrics were accepted by ${url}, which rejected 2 of a request`
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("warns of what a receiver remarks every ten minutes at most, without secrets and with a limit", () =>
    Effect.gen(function*() {
      const { answer, url } = yield* OtlpReceiver
      const send = yield* make()
      const where = `Warn spans were accepted by ${url}/v1/traces, which`
      const warned = Effect.fnUntraced(function*(errorMessage: string, rejectedSpans = 0) {
        answer(partial({ rejectedSpans, errorMessage }))
        yield* send("{}")
        return lines.splice(0).map((line) => line.replace(where, ""))
      })
      assert.deepStrictEqual(yield* warned("use gzip, password=hunter2"), [
        " has a remark: use gzip, password=[FILTERED]"
      ])
      yield* send("{}")
      yield* TestClock.adjust("599 seconds")
      assert.deepStrictEqual(yield* warned("use gzip", 1), [])
      yield* TestClock.adjust("1 second")
      const [long] = yield* warned("too old ".repeat(4000), 1)
      assert.match(long!, /^ rejected 1 of a request: too old /)
      assert.isBelow(long!.length, 1100)
    }).pipe(Effect.provide(layer)))

  for (
    const [what, body] of [
      ["none", ""],
      ["an empty object", "{}"],
      ["no JSON", "\u0000\u0012 nope"],
      ["no object", "null"],
      ["no object in it", JSON.stringify({ partialSuccess: 3 })],
      ["a negative number", JSON.stringify({ partialSuccess: { rejectedSpans: -1 } })],
      ["a fraction", JSON.stringify({ partialSuccess: { rejectedSpans: 1.5 } })],
      ["a text that is no number", JSON.stringify({ partialSuccess: { rejectedSpans: "0x10" } })],
      [
        "one that is too long",
        JSON.stringify({ partialSuccess: { rejectedSpans: 1, errorMessage: "x".repeat(66_000) } })
      ]
    ] as const
  ) {
    it.effect(`takes everything as accepted where the body is ${what}`, () =>
      Effect.gen(function*() {
        const { answer, received } = yield* OtlpReceiver
        answer({ status: 200, body })
        const send = yield* make()
        assert.isUndefined(yield* send("{}"))
        assert.lengthOf(received, 1)
        assert.deepStrictEqual(lines, [])
      }).pipe(Effect.provide(layer)))
  }

  it.effect("takes everything as accepted where the body does not end within the time of an attempt", () =>
    Effect.gen(function*() {
      const { answer, attemptEnded, received } = yield* OtlpReceiver
      answer({ ...partial({ rejectedSpans: 1 }), endless: true })
      const fiber = yield* Effect.forkChild(Effect.flatMap(make(), (send) => send("{}")))
      yield* attemptEnded
      yield* TestClock.adjust("10 seconds")
      assert.isUndefined(yield* Fiber.join(fiber))
      assert.lengthOf(received, 1)
    }).pipe(Effect.provide(layer)))

  it.effect("tries again where nobody listens", () =>
    Effect.gen(function*() {
      const send = yield* make({ url: "http://127.0.0.1:9/v1/traces" })
      const fiber = yield* Effect.forkChild(send("{}"))
      for (const delay of delays) yield* passAfterAttempt(delay)
      assert.strictEqual(yield* Fiber.join(fiber), "unreachable")
    }).pipe(Effect.provide(layer)))

  it.effect("waits as long as the receiver asks, and no longer than half a minute", () =>
    Effect.gen(function*() {
      const { answer, next, received } = yield* OtlpReceiver
      answer({ status: 429, headers: { "retry-after": "17" } }, { status: 429, headers: { "retry-after": "3600" } })
      const fiber = yield* Effect.forkChild(Effect.flatMap(make(), (send) => send("{}")))
      yield* passAfterAttempt("16999 millis")
      assert.lengthOf(received, 1)
      yield* TestClock.adjust("1 millis")
      yield* Effect.andThen(next, next)
      yield* passAfterAttempt("29999 millis")
      assert.lengthOf(received, 2)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), undefined)
      assert.lengthOf(received, 3)
    }).pipe(Effect.provide(layer)))

  it.effect("limits the time of an attempt", () =>
    Effect.gen(function*() {
      const { answer, next, received } = yield* OtlpReceiver
      answer("hang")
      const fiber = yield* Effect.forkChild(Effect.flatMap(make(), (send) => send("{}")))
      yield* next
      yield* TestClock.adjust("10 seconds")
      yield* passAfterAttempt("1200 millis")
      assert.strictEqual(yield* Fiber.join(fiber), undefined)
      assert.lengthOf(received, 2)
    }).pipe(Effect.provide(layer)))

  it.effect("ends when it is interrupted while the receiver hangs", () =>
    Effect.gen(function*() {
      const { answer, next, received } = yield* OtlpReceiver
      answer("hang")
      const fiber = yield* Effect.forkChild(Effect.flatMap(make(), (send) => send("{}")))
      yield* next
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(received, 1)
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(layer)))

  it.effect("makes no spans of its requests and sends no trace along", () =>
    Effect.gen(function*() {
      const { received } = yield* OtlpReceiver
      const started: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          started.push(options.name)
          return new Tracer.NativeSpan(options)
        }
      })
      const send = yield* make()
      yield* Effect.withSpan(send("{}"), "outer").pipe(Effect.withTracer(tracer))
      assert.deepStrictEqual(started, ["outer"])
      assert.deepStrictEqual(Object.keys(received[0]!.headers).filter((name) => /^(?:traceparent|b3)$/.test(name)), [])
    }).pipe(Effect.provide(layer)))

  it.effect("uses one connection again and again", () =>
    Effect.gen(function*() {
      const { connections } = yield* OtlpReceiver
      const send = yield* make()
      for (let number = 0; number < 30; number++) yield* send("{}")
      assert.isAtMost(connections(), 2)
    }).pipe(Effect.provide(layer)))
})

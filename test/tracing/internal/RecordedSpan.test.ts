import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Fiber, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as Redaction from "../../../src/redaction/Redaction.ts"
import * as TraceState from "../../../src/tracing/internal/TraceState.ts"
import { attributesOf, hostileValues, layer, recorded, spanNamed } from "../../support/spans.ts"

describe("RecordedSpan", () => {
  it.effect("keeps the types of attribute values", () =>
    Effect.gen(function*() {
      const attributes = { text: "a", whole: 3, part: 0.5, yes: true, list: ["a", 1], big: 5n, nested: { a: { b: 1 } } }
      yield* Effect.withSpan(Effect.void, "work", { attributes })
      assert.deepStrictEqual(attributesOf(yield* spanNamed("work")), attributes)
    }).pipe(Effect.provide(layer())))

  it.effect("keeps as much as the limits allow and counts the rest", () =>
    Effect.gen(function*() {
      const link = {
        span: Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16) }),
        attributes: { a: 1, b: 2, c: 3 }
      }
      yield* Effect.gen(function*() {
        const span = yield* Effect.currentSpan
        span.attribute("c", 3)
        span.attribute("a", "again")
        span.attribute("d", 4)
        span.event("first", 1n, { a: 1, b: 2, c: 3 })
        span.event("second", 2n)
        span.addLinks([link, link])
      }).pipe(Effect.withSpan("work", { attributes: { a: 1, b: 2 }, links: [link] }))
      const span = yield* spanNamed("work")
      assert.deepStrictEqual(attributesOf(span), { a: "agai", b: 2 })
      assert.strictEqual(span.droppedAttributes, 2)
      assert.deepStrictEqual(span.events, [{
        name: "first",
        timeNanos: 1n,
        attributes: { a: 1, b: 2 },
        droppedAttributes: 1
      }])
      assert.strictEqual(span.droppedEvents, 1)
      assert.deepStrictEqual(span.links.map(({ attributes }) => attributes), [{ a: 1, b: 2 }, { a: 1, b: 2 }])
      assert.strictEqual(span.droppedLinks, 1)
    }).pipe(Effect.provide(
      layer({ tracing: { limits: { attributeCount: 2, attributeValueLength: 4, eventCount: 1, linkCount: 2 } } })
    )))

  const fill = (count: number) =>
    Effect.flatMap(Effect.currentSpan, (span) =>
      Effect.sync(() => {
        for (let index = 0; index < count; index++) span.event(`own ${index}`, 0n)
      }))

  for (const [limit, expected] of [[0, ""], [1, "exception"], [3, "own 0,own 1,exception"]] as const) {
    it.effect(`keeps the exception of a span that is full, with a limit of ${limit}`, () =>
      Effect.gen(function*() {
        yield* Effect.exit(Effect.withSpan(Effect.andThen(fill(5), Effect.fail("no")), "work"))
        const span = yield* spanNamed("work")
        assert.strictEqual(span.events.map(({ name }) => name).join(), expected)
        assert.strictEqual(span.droppedEvents, 6 - limit)
      }).pipe(Effect.provide(layer({ tracing: { limits: { eventCount: limit } } }))))
  }

  it.effect("keeps the attributes that say how a full span ended", () =>
    Effect.gen(function*() {
      const full = (name: string, effect: Effect.Effect<unknown, unknown>) =>
        Effect.exit(Effect.withSpan(effect, name, { attributes: { a: 1, b: 2, c: 3 } }))
      yield* full("failure", Effect.fail("no"))
      yield* full("interruption", Effect.interrupt)
      yield* full("success", Effect.annotateCurrentSpan({ "tasker.step.status": "complete", d: 4 }))
      assert.deepStrictEqual((yield* recorded).map((span) => [attributesOf(span), span.droppedAttributes]), [
        [{ a: 1, "error.type": "string" }, 2],
        [{ a: 1, "tasker.interrupted": true }, 2],
        [{ a: 1, "tasker.step.status": "complete" }, 3]
      ])
    }).pipe(Effect.provide(layer({ tracing: { limits: { attributeCount: 2 } } }))))

  it.effect("cuts texts inside of arrays and objects", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "work", {
        attributes: { list: ["abcdef", { deep: "abcdef" }], short: "abc" }
      })
      assert.deepStrictEqual(attributesOf(yield* spanNamed("work")), { list: ["abc", { deep: "abc" }], short: "abc" })
    }).pipe(Effect.provide(layer({ tracing: { limits: { attributeValueLength: 3 } } }))))

  it.effect("keeps of a link what its receiver needs: flags, where it comes from, and the tracestate", () =>
    Effect.gen(function*() {
      const ids = { traceId: "1".repeat(32), spanId: "2".repeat(16) }
      const links = [
        TraceState.external({ ...ids, sampled: false }, "a=b,tasker=undecided"),
        yield* Effect.makeSpan("local")
      ].map((span) => ({ span, attributes: {} }))
      yield* Effect.withSpan(Effect.void, "work", { links })
      const span = yield* spanNamed("work")
      assert.deepStrictEqual(
        span.links.map(({ isRemote, span, traceState }) => [isRemote, span.sampled, traceState]),
        [[true, false, "a=b"], [false, true, ""]]
      )
    }).pipe(Effect.provide(layer())))

  it.effect("masks sensitive keys of attributes, events and links", () =>
    Effect.gen(function*() {
      const given = { password: "p", user: { apiKey: "k", name: "Ada" }, token: 1, iban: true }
      const masked = { password: "***", user: { apiKey: "***", name: "Ada" }, token: "***", iban: "***" }
      const link = { span: Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16) }), attributes: given }
      yield* Effect.flatMap(Effect.currentSpan, (span) => Effect.sync(() => span.event("e", 0n, given))).pipe(
        Effect.withSpan("work", { attributes: given, links: [link] })
      )
      const span = yield* spanNamed("work")
      assert.deepStrictEqual(attributesOf(span), masked)
      assert.deepStrictEqual(span.events[0]?.attributes, masked)
      assert.deepStrictEqual(span.links[0]?.attributes, masked)
    }).pipe(Effect.provide(layer({ redaction: { keys: ["iban"], mask: "***" } }))))

  it.effect("masks secrets in texts that were set before and after a reader asked", () =>
    Effect.gen(function*() {
      const text = (name: string) => `${name} of Authorization: Bearer abcdef123456`
      const shown = (name: string) => `${name} of Authorization: [FILTERED]`
      const sql = (name: string) => `SELECT ${name} FROM t WHERE a = 'secret'`
      const long = (name: string) => `${name.repeat(2000)} ${text(name)}`
      const span = yield* Effect.gen(function*() {
        const span = yield* Effect.currentSpan
        const given = (name: string) => {
          span.attribute(`${name}.text`, text("old"))
          span.attribute(`${name}.text`, text(name))
          span.attribute(`${name}.long`, long(name))
          span.attribute(`${name}.password`, "hunter2hunter2")
          span.attribute(`${name}.db.query.text`, sql(name))
          span.attribute(`${name}.plain`, name)
        }
        given("first")
        assert.strictEqual(span.attributes.get("first.text"), shown("first"))
        given("second")
        assert.strictEqual(span.attributes.get("second.text"), shown("second"))
        return span
      }).pipe(Effect.withSpan("work"))
      const expected = (name: string) => ({
        [`${name}.text`]: shown(name),
        [`${name}.long`]: `${name.repeat(2000)} ${shown(name)}`,
        [`${name}.password`]: "[FILTERED]",
        [`${name}.db.query.text`]: `SELECT ${name} FROM t WHERE a = ?`,
        [`${name}.plain`]: name
      })
      assert.deepStrictEqual(Object.fromEntries(span.attributes), { ...expected("first"), ...expected("second") })
      assert.strictEqual(span.attributes, (yield* spanNamed("work")).attributes)
    }).pipe(Effect.provide(layer({ tracing: { limits: { attributeValueLength: 100_000 } } }))))

  it.effect("searches a text once, and only if a reader asks for the attributes", () =>
    Effect.gen(function*() {
      const { counts } = yield* Redaction.Current
      yield* Effect.withSpan(Effect.void, "work", { attributes: { note: "Authorization: Bearer abcdef123456" } })
      const span = yield* spanNamed("work")
      assert.deepStrictEqual(counts(), {})
      assert.deepStrictEqual(attributesOf(span), { note: "Authorization: [FILTERED]" })
      assert.deepStrictEqual(attributesOf(span), { note: "Authorization: [FILTERED]" })
      assert.deepStrictEqual(Object.values(counts()), [1])
    }).pipe(Effect.provide(layer())))

  it.effect("leaves the status unset on success and on interruption", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "success")
      const fiber = yield* Effect.forkChild(Effect.withSpan(Effect.never, "interrupted"), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      const spans = yield* recorded
      assert.deepStrictEqual(
        spans.map(({ events, name, statusCode, statusMessage }) => [name, statusCode, statusMessage, events]),
        [
          ["success", "unset", undefined, []],
          ["interrupted", "unset", undefined, []]
        ]
      )
      assert.deepStrictEqual(spans.map(attributesOf), [{}, { "tasker.interrupted": true }])
    }).pipe(Effect.provide(layer())))

  class Declined extends Error {
    readonly _tag = "Declined"
  }

  for (
    const [ending, effect, type, message] of [
      ["a failure", Effect.fail(new Declined("no money")), "Declined", "no money"],
      ["a failure that is a text", Effect.fail("no money"), "string", "no money"],
      ["a defect", Effect.die(new TypeError("no function")), "TypeError", "no function"],
      [
        "a failure and an interruption",
        Effect.failCause(Cause.combine(Cause.interrupt(), Cause.fail("both"))),
        "string",
        "both"
      ]
    ] as const
  ) {
    it.effect(`records ${ending} as status, error type and exception event`, () =>
      Effect.gen(function*() {
        yield* Effect.exit(Effect.withSpan(effect as Effect.Effect<never, unknown>, "work"))
        const span = yield* spanNamed("work")
        assert.deepStrictEqual([span.statusCode, span.statusMessage], ["error", message])
        assert.deepStrictEqual(attributesOf(span), { "error.type": type })
        const [event, ...others] = span.events
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual({ ...event?.attributes, "exception.stacktrace": "" }, {
          "exception.type": type,
          "exception.message": message,
          "exception.stacktrace": ""
        })
        assert.include(event?.attributes["exception.stacktrace"] as string, message)
        assert.strictEqual(event?.name, "exception")
        assert.strictEqual(event?.timeNanos, span.endTimeNanos)
      }).pipe(Effect.provide(layer())))
  }

  it.effect("records the errors behind a failure, its own fields, and the root in its status", () =>
    Effect.gen(function*() {
      const refused = Object.assign(new Error("connect ECONNREFUSED ::1:1"), { code: "ECONNREFUSED" })
      const fetching = Effect.tryPromise(() =>
        Promise.reject(Object.assign(new TypeError("fetch failed", { cause: refused }), { attempt: 2, token: "x" }))
      )
      yield* Effect.exit(Effect.withSpan(fetching, "work"))
      const span = yield* spanNamed("work")
      assert.deepStrictEqual([span.statusMessage, attributesOf(span)], [
        "fetch failed: connect ECONNREFUSED ::1:1",
        { "error.type": "TypeError" }
      ])
      assert.deepInclude(span.events[0]?.attributes, {
        "exception.type": "TypeError",
        "exception.message": "fetch failed",
        "exception.attempt": 2,
        "exception.token": "[FILTERED]",
        "exception.causes": [{ type: "Error", message: "connect ECONNREFUSED ::1:1", fields: { code: "ECONNREFUSED" } }]
      })
    }).pipe(Effect.provide(layer())))

  it.effect("keeps an error type that the program has set", () =>
    Effect.gen(function*() {
      yield* Effect.exit(Effect.withSpan(Effect.fail("x"), "work", { attributes: { "error.type": "mine" } }))
      assert.deepStrictEqual(attributesOf(yield* spanNamed("work")), { "error.type": "mine" })
    }).pipe(Effect.provide(layer())))

  for (const jump of [3_600_000, -3_600_000]) {
    it.effect(`measures the time elapsed while the wall clock jumps by ${jump / 3_600_000} h`, () =>
      Effect.gen(function*() {
        const real = yield* Clock.Clock
        let offset = 7_200_000
        const jumping: Clock.Clock = Object.assign(Object.create(real) as Clock.Clock, {
          currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + offset,
          currentTimeNanosUnsafe: () => real.currentTimeNanosUnsafe() + BigInt(offset) * 1_000_000n
        })
        yield* Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(Effect.withSpan(Effect.sleep("3 seconds"), "work"), {
            startImmediately: true
          })
          offset += jump
          yield* TestClock.adjust("3 seconds")
          yield* Fiber.join(fiber)
          const span = yield* spanNamed("work")
          assert.strictEqual(span.startTimeNanos, 7_200_000_000_000n)
          assert.strictEqual(span.endTimeNanos - span.startTimeNanos, 3_000_000_000n)
        }).pipe(Effect.provide(layer()), Effect.provideService(Clock.Clock, jumping))
      }))
  }

  it.effect("takes nothing after its end and ends once", () =>
    Effect.gen(function*() {
      const span = yield* Effect.makeSpan("work")
      span.end(0n, Exit.void)
      span.end(0n, Exit.fail("late"))
      span.attribute("late", 1)
      span.event("late", 0n)
      span.addLinks([{ span, attributes: {} }])
      assert.strictEqual(span.status._tag, "Ended")
      const kept = yield* spanNamed("work")
      assert.deepStrictEqual([attributesOf(kept), kept.events, kept.links, kept.statusCode], [{}, [], [], "unset"])
    }).pipe(Effect.provide(layer())))

  it.effect("leaves out values that are not there, and writes a date as a text", () =>
    Effect.gen(function*() {
      const given = { none: undefined, nothing: null, at: new Date(1_700_000_000_000), zero: 0, empty: "" }
      const shown = { at: "2023-11-14T22:13:20.000Z", zero: 0, empty: "" }
      yield* Effect.withSpan(
        Effect.flatMap(Effect.currentSpan, (span) => Effect.sync(() => span.event("e", 0n, given))),
        "work",
        { attributes: given }
      )
      const span = yield* spanNamed("work")
      assert.deepStrictEqual(attributesOf(span), shown)
      assert.deepStrictEqual(span.events[0]?.attributes, shown)
    }).pipe(Effect.provide(layer())))

  it.effect.each([5, Number.NaN, -1n, 2n ** 64n, undefined, "now"])(
    "gives an event at the time %s the time it has now",
    (time) =>
      Effect.gen(function*() {
        yield* TestClock.adjust("3 seconds")
        yield* Effect.withSpan(
          Effect.flatMap(Effect.currentSpan, (span) => Effect.sync(() => span.event("e", time as never))),
          "work"
        )
        assert.strictEqual((yield* spanNamed("work")).events[0]?.timeNanos, 3_000_000_000n)
      }).pipe(Effect.provide(layer()))
  )

  it.effect.each([Symbol("odd"), undefined, null, 5])(
    "takes %s of untyped code for any name",
    (odd) =>
      Effect.gen(function*() {
        const name = odd as never as string
        yield* Effect.withSpan(
          Effect.flatMap(Effect.currentSpan, (span) =>
            Effect.sync(() => {
              span.attribute(name, 1)
              span.event(name, 0n)
              span.addLinks([null, {}, { span: null }, { span: {}, attributes: null }] as never)
            })),
          name
        )
        const [span] = yield* recorded
        assert.deepStrictEqual(
          [span?.name, [...span!.attributes.keys()], span?.events[0]?.name, span?.droppedLinks],
          [String(odd), [String(odd)], String(odd), 4]
        )
      }).pipe(Effect.provide(layer()))
  )

  it.effect("takes hostile values anywhere, throws nothing and stays small", () =>
    Effect.gen(function*() {
      const given = hostileValues()
      const hostile = Object.defineProperty({ ...given }, "thrower", {
        get: () => {
          throw new Error("hostile")
        },
        enumerable: true
      })
      yield* Effect.gen(function*() {
        const span = yield* Effect.currentSpan
        for (const key of Object.keys(given)) span.attribute(key, given[key])
        span.event("e", 0n, hostile)
        span.event(
          "x".repeat(10_000_000),
          0n,
          new Proxy({}, {
            ownKeys: () => {
              throw new Error("hostile")
            }
          })
        )
        span.addLinks([{ span, attributes: hostile }])
      }).pipe(Effect.withSpan("work"))
      const span = yield* spanNamed("work")
      const attributes = attributesOf(span)
      assert.deepStrictEqual(
        Object.keys(attributes),
        Object.keys(given).filter((key) => key !== "undefined" && key !== "null")
      )
      assert.strictEqual((attributes["long"] as string).length, 8192)
      assert.strictEqual(attributes["proxy"], "[FILTERED]")
      assert.strictEqual(attributes["bigint"], 2n ** 70n)
      assert.strictEqual(span.events[0]?.attributes["thrower"], "[FILTERED]")
      assert.strictEqual(span.links[0]?.attributes["thrower"], "[FILTERED]")
      assert.isAtMost(span.events[1]!.name.length, 8192)
      const size = (value: unknown): number =>
        typeof value === "string"
          ? value.length
          : typeof value === "object" && value !== null
          ? Object.entries(value).reduce((sum, [key, item]) => sum + key.length + size(item), 2)
          : 8
      for (const key of Object.keys(attributes)) assert.isAtMost(size(attributes[key]), 80_000, key)
    }).pipe(Effect.provide(layer())))

  it.effect("describes hostile failures", () =>
    Effect.gen(function*() {
      for (const value of Object.values(hostileValues())) {
        const failed = yield* Effect.flip(Effect.withSpan(Effect.fail(value), "work"))
        assert.isTrue(Object.is(failed, value))
        const died = yield* Effect.catchDefect(Effect.withSpan(Effect.die(value), "work"), Effect.succeed)
        assert.isTrue(Object.is(died, value))
      }
      for (const span of yield* recorded) {
        assert.strictEqual(span.statusCode, "error")
        assert.isString(span.attributes.get("error.type"))
        assert.isString(span.statusMessage)
        assert.isAtMost(span.statusMessage!.length, 1025)
      }
    }).pipe(Effect.provide(layer())))
})

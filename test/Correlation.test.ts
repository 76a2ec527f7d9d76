import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger, References, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Correlation from "../src/Correlation.ts"

/** Instants from 1972 to 2059, all of eight digits in base 36. */
const Instant = Schema.Int.check(Schema.isBetween({ minimum: 36 ** 7, maximum: 36 ** 8 - 2 }))

const at = (millis: number) => Effect.andThen(TestClock.setTime(millis), Correlation.generate)

describe("Correlation.generate", () => {
  it.effect("makes tsk_, the time in base 36, and six characters", () =>
    Effect.gen(function*() {
      assert.match(yield* at(1_752_000_000_000), /^tsk_mcuvkbuo_[A-Za-z0-9]{6}$/)
    }))

  it.effect.prop(
    "makes valid ids that sort by their time",
    [Instant, Instant],
    ([one, other]) =>
      Effect.gen(function*() {
        const first = yield* at(Math.min(one, other))
        const second = yield* at(Math.max(one, other) + 1)
        assert.isTrue(Correlation.isValid(first) && Correlation.isValid(second))
        assert.isBelow(first < second ? -1 : 1, 0)
      })
  )

  it.effect("does not repeat itself within one millisecond", () =>
    Effect.gen(function*() {
      const ids = yield* Effect.replicateEffect(Correlation.generate, 1000)
      assert.strictEqual(new Set(ids).size, 1000)
    }))
})

describe("Correlation.isValid", () => {
  it.each(["a", "0", "req-1", "A_b-C", "tsk_mcup0u80_a24eXc", "x".repeat(100)])("takes %s", (id) => {
    assert.isTrue(Correlation.isValid(id))
  })

  it.each(["", "-a", "_a", "a b", "a\n", "a\nb", "é", "<b>", "a\"b", "a.b", "a:b", "\0", "x".repeat(101)])(
    "refuses %j",
    (id) => {
      assert.isFalse(Correlation.isValid(id))
    }
  )
})

describe("Correlation.accept", () => {
  const logged = Effect.fnUntraced(function*(id: string | undefined) {
    const lines: Array<string> = []
    const logger = Logger.make((options) => {
      lines.push(
        `${options.logLevel} ${JSON.stringify(options.message)} ${
          JSON.stringify(options.fiber.getRef(References.CurrentLogAnnotations))
        } ${options.fiber.getRef(Correlation.CorrelationId)}`
      )
    })
    const accepted = yield* Correlation.accept(id).pipe(
      Effect.provide(Logger.layer([logger])),
      Effect.provideService(References.MinimumLogLevel, "Debug")
    )
    return { accepted, lines }
  })

  it.effect("keeps a valid id, without the blanks around it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* logged("  req-1 "), { accepted: "req-1", lines: [] })
    }))

  it.effect.each([undefined, "", " \t "])("makes a new id for %j and says nothing", (id) =>
    Effect.gen(function*() {
      const { accepted, lines } = yield* logged(id)
      assert.match(accepted, /^tsk_0_/)
      assert.deepStrictEqual(lines, [])
    }))

  it.effect("makes a new id for one that is not valid and does not repeat it", () =>
    Effect.gen(function*() {
      const { accepted, lines } = yield* logged("evil\r\nSet-Cookie: a=b")
      assert.match(accepted, /^tsk_0_/)
      assert.deepStrictEqual(lines, [
        `Debug ["refused an invalid correlation id and made a new one"] {"refused_length":21} ${accepted}`
      ])
    }))
})

describe("Correlation headers", () => {
  it.effect("reads a header whose name is given in any case", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Correlation.fromHeaders({ "x-correlation-id": "req-1" }), "req-1")
      assert.strictEqual(yield* Correlation.fromHeaders({ "x-request-id": "req-2" }, "X-Request-ID"), "req-2")
      assert.match(yield* Correlation.fromHeaders({ "x-request-id": "req-2" }), /^tsk_0_/)
    }))

  it.effect("writes the current id into a header, and none where there is none", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Correlation.toHeaders(), {})
      assert.deepStrictEqual(yield* Correlation.withCorrelationId("req-1")(Correlation.toHeaders()), {
        "x-correlation-id": "req-1"
      })
      assert.deepStrictEqual(yield* Correlation.withCorrelationId("req-1")(Correlation.toHeaders("X-Request-ID")), {
        "x-request-id": "req-1"
      })
    }))
})

describe("Correlation.withCorrelationId", () => {
  it.effect("reaches every fiber forked below, and what was there before is back afterwards", () =>
    Effect.gen(function*() {
      const id = Effect.map(Correlation.CorrelationId, (id) => id)
      const seen = yield* Effect.gen(function*() {
        const inner = yield* Correlation.withCorrelationId("inner")(Effect.all([
          Effect.flatMap(Effect.forkChild(id), Fiber.join),
          Effect.flatMap(Effect.forkDetach(Effect.andThen(Effect.yieldNow, id)), Fiber.join)
        ], { concurrency: "unbounded" }))
        return [...inner, yield* id]
      }).pipe(Correlation.withCorrelationId("outer"))
      assert.deepStrictEqual([...seen, yield* id], ["inner", "inner", "outer", undefined])
    }))

  it.effect("is back after a failure too", () =>
    Effect.gen(function*() {
      yield* Effect.exit(Correlation.withCorrelationId("req-1")(Effect.fail("no")))
      assert.isUndefined(yield* Correlation.CorrelationId)
    }))
})

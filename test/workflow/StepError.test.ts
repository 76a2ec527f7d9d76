import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as StepError from "../../src/workflow/StepError.ts"

const { PermanentError, RetryableError } = StepError

describe("StepError.fromHttpStatus", () => {
  it.effect.each([200, 204, 226])("succeeds for %d", (status) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Effect.exit(StepError.fromHttpStatus(status)), Exit.void)
    }))

  it.effect.each([400, 401, 403, 404, 422])("is permanent for %d", (status) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* Effect.flip(StepError.fromHttpStatus(status, { "retry-after": "5" })),
        new PermanentError({ message: `HTTP ${status}`, errorCode: `HTTP_${status}` })
      )
    }))

  it.effect.each([199, 227, 301, 402, 409, 500, 502, 504])(
    "may be tried again for %d, with the policy's wait",
    (status) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          yield* Effect.flip(StepError.fromHttpStatus(status, { "retry-after": "5" })),
          new RetryableError({ message: `HTTP ${status}` })
        )
      })
  )

  it.effect.each([429, 503])("honours Retry-After for %d", (status) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      const asked = (header: string | undefined) =>
        Effect.flip(StepError.fromHttpStatus(status, { "retry-after": header }))
      const error = (retryAfter?: Duration.Duration) => new RetryableError({ message: `HTTP ${status}`, retryAfter })
      assert.deepStrictEqual(yield* asked("5"), error(Duration.seconds(5)))
      assert.deepStrictEqual(yield* asked("Thu, 01 Jan 2026 00:00:30 GMT"), error(Duration.seconds(30)))
      assert.deepStrictEqual(yield* asked("Thu, 01 Jan 2025 00:00:30 GMT"), error(Duration.zero))
      assert.deepStrictEqual(yield* asked("soon"), error())
      assert.deepStrictEqual(yield* asked(undefined), error())
    }))
})

describe("RetryableError", () => {
  it("takes a duration in any form", () => {
    const expected = new RetryableError({ message: "busy", retryAfter: Duration.seconds(30) })
    for (const retryAfter of ["30 seconds", 30_000, { seconds: 30 }, "0.5 minutes"] as const) {
      assert.deepStrictEqual(new RetryableError({ message: "busy", retryAfter }), expected)
    }
    assert.isFalse("retryAfter" in new RetryableError({ message: "busy", retryAfter: undefined }))
  })

  it("refuses what is no duration", () => {
    assert.throws(
      () => new RetryableError({ message: "busy", retryAfter: "30 sec" as never }),
      "expected a duration such as \"30 seconds\" at retryAfter, got \"30 sec\""
    )
  })

  it.effect("is the same error after a way over the wire", () =>
    Effect.gen(function*() {
      const codec = Schema.toCodecJson(RetryableError)
      const error = new RetryableError({ message: "busy", retryAfter: "30 seconds", context: { status: 429 } })
      const decoded = yield* Schema.decodeUnknownEffect(codec)(yield* Schema.encodeEffect(codec)(error))
      assert.instanceOf(decoded, RetryableError)
      assert.deepStrictEqual(decoded, error)
    }))
})

describe("StepError.verdict", () => {
  it("reads what an error says about its retries", () => {
    const retryAfter = Duration.seconds(5)
    assert.deepStrictEqual(StepError.verdict(new PermanentError({ message: "no" })), {
      permanent: true,
      retryAfter: undefined
    })
    assert.deepStrictEqual(StepError.verdict(new RetryableError({ message: "no", retryAfter })), {
      permanent: false,
      retryAfter
    })
    for (
      const other of [new RetryableError({ message: "no" }), new Error("no"), "no", undefined, null, {
        _tag: "PermanentError"
      }]
    ) {
      assert.deepStrictEqual(StepError.verdict(other), { permanent: false, retryAfter: undefined })
    }
  })
})

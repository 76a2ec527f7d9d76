import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Random, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as RetryPolicy from "../src/RetryPolicy.ts"
import * as recorder from "./support/recorder.ts"

const steady = { ...RetryPolicy.defaults, jitter: 0 }
const seconds = (policy: RetryPolicy.RetryPolicy, attempt: number, random = 0.5) =>
  Duration.toSeconds(RetryPolicy.delay(policy, attempt, random))

const Attempt = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.999999 }))

describe("RetryPolicy.delay", () => {
  it("follows the table, then attempt ^ multiplier, up to the maximum", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 17, 18, 100].map((attempt) => seconds(steady, attempt)),
      [1, 2, 4, 8, 16, 32, 49, 64, 289, 300, 300]
    )
    assert.strictEqual(seconds({ ...steady, delays: [Duration.zero], multiplier: 1.5 }, 3), 5)
  })

  it("moves a wait by at most the jitter, down at 0 and up towards 1", () => {
    assert.strictEqual(seconds(RetryPolicy.defaults, 3, 0), 3.6)
    assert.strictEqual(seconds(RetryPolicy.defaults, 3, 0.5), 4)
    assert.closeTo(seconds(RetryPolicy.defaults, 3, 0.999999), 4.4, 1e-4)
    assert.strictEqual(seconds({ ...steady, jitter: 1 }, 3, 0), 0)
  })

  it.prop("never shrinks from attempt to attempt without jitter", [Attempt], ([attempt]) => {
    assert.isAtMost(seconds(steady, attempt), seconds(steady, attempt + 1))
  })

  it.prop(
    "stays within a tenth of the wait without jitter and never above the maximum",
    [Attempt, Share],
    ([attempt, random]) => {
      const plain = seconds(steady, attempt)
      const moved = seconds(RetryPolicy.defaults, attempt, random)
      assert.isAtLeast(moved, plain * 0.9 - 1e-6)
      assert.isAtMost(moved, Math.min(plain * 1.1 + 1e-6, 300))
    }
  )

  it("takes what the other side asked for without jitter, up to the maximum", () => {
    const asked = (duration: Duration.Input) =>
      Duration.toSeconds(RetryPolicy.delay(RetryPolicy.defaults, 1, 0, duration))
    assert.deepStrictEqual([asked("7 seconds"), asked(0), asked("2 hours"), asked(-5)], [7, 0, 300, 0])
    assert.throws(
      () => asked("7 sec" as never),
      "expected a duration such as \"30 seconds\" at retryAfter, got \"7 sec\""
    )
  })
})

const aNumberOfAttempts = "expected a whole number between 1 and 1000 at retry.maximumAttempts"
const aListOfWaits =
  "expected a list of durations such as \"1 second\", finite and not negative, at least one, at retry.delays"
const aMaximum = "expected a duration such as \"5 minutes\", finite and not negative, at retry.maximum"

describe("RetryPolicy.complete", () => {
  it("fills in what is missing from the base", () => {
    assert.deepStrictEqual(RetryPolicy.complete({}), Result.succeed(RetryPolicy.defaults))
    assert.deepStrictEqual(
      RetryPolicy.complete({ maximumAttempts: 5, delays: ["1 second", 20], maximum: "1 minute" }, steady),
      Result.succeed({
        ...steady,
        maximumAttempts: 5,
        delays: [Duration.seconds(1), Duration.millis(20)],
        maximum: Duration.minutes(1)
      })
    )
  })

  it.each(
    [
      [{ maximumAttempts: 0 }, `${aNumberOfAttempts}, got 0`],
      [{ maximumAttempts: 1.5 }, `${aNumberOfAttempts}, got 1.5`],
      [{ maximumAttempts: 1001 }, `${aNumberOfAttempts}, got 1001`],
      [{ maximumAttempts: "3" as never }, `${aNumberOfAttempts}, got "3"`],
      [{ delays: [] }, `${aListOfWaits}, got []`],
      [{ delays: ["1 second", -1] }, `${aListOfWaits}, got ["1 second", -1]`],
      [{ delays: ["Infinity"] }, `${aListOfWaits}, got ["Infinity"]`],
      [{ delays: ["1 sec" as never] }, `${aListOfWaits}, got ["1 sec"]`],
      [{ delays: "1 second" as never }, `${aListOfWaits}, got "1 second"`],
      [{ multiplier: 11 }, "expected a number between 0 and 10 at retry.multiplier, got 11"],
      [{ maximum: -1 }, `${aMaximum}, got -1`],
      [{ maximum: Duration.infinity }, `${aMaximum}, got Infinity`],
      [{ maximum: "soon" as never }, `${aMaximum}, got "soon"`],
      [{ jitter: 1.1 }, "expected a number between 0 and 1 at retry.jitter, got 1.1"],
      [{ jitter: NaN }, "expected a number between 0 and 1 at retry.jitter, got NaN"]
    ] as ReadonlyArray<readonly [RetryPolicy.Options, string]>
  )("refuses %o", (options, message) => {
    assert.deepStrictEqual(RetryPolicy.complete(options), Result.fail(message))
  })
})

describe("RetryPolicy.toSchedule", () => {
  const attemptsOf = Effect.fnUntraced(function*(policy: RetryPolicy.RetryPolicy) {
    const times: Array<number> = []
    const attempt = Effect.flatMap(recorder.nowSeconds, (now) => {
      times.push(now)
      return Effect.fail("no")
    })
    const fiber = yield* Effect.forkChild(
      Effect.exit(Effect.retry(attempt, RetryPolicy.toSchedule(policy))).pipe(Random.withSeed("seed"))
    )
    yield* recorder.advance("1 hour")
    yield* Fiber.join(fiber)
    return times
  })

  it.effect("waits as a step does", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* attemptsOf({ ...steady, maximumAttempts: 5 }), [0, 1, 3, 7, 15])
    }))

  it.effect("never retries where one attempt is all there is", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* attemptsOf({ ...steady, maximumAttempts: 1 }), [0])
    }))

  it.effect("draws its jitter from Random: a seed gives the same waits again", () =>
    Effect.gen(function*() {
      const policy = { ...RetryPolicy.defaults, maximumAttempts: 4 }
      const first = yield* attemptsOf(policy)
      const start = yield* recorder.nowSeconds
      const second = (yield* attemptsOf(policy)).map((time) => time - start)
      first.forEach((time, index) => assert.closeTo(time, second[index] as number, 1e-6))
      const waits = first.slice(1).map((time, index) => time - (first[index] as number))
      assert.notDeepEqual(waits, [1, 2, 4])
      waits.forEach((wait, index) => assert.isAtMost(Math.abs(wait - 2 ** index), 0.1 * 2 ** index + 1e-6))
    }))
})

describe("RetryPolicy.parseRetryAfter", () => {
  it.effect.each(
    [
      ["0", 0],
      ["120", 120],
      [" 120 ", 120],
      ["7200", 7200],
      ["Sun, 06 Nov 1994 08:50:00 GMT", 23],
      ["Sun, 06 Nov 1994 08:49:00 GMT", 0],
      ["", undefined],
      ["   ", undefined],
      ["soon", undefined],
      ["-5", undefined],
      ["1e3", undefined],
      [undefined, undefined]
    ] as ReadonlyArray<readonly [string | undefined, number | undefined]>
  )("reads %s as %s", ([header, expected]) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(1994, 10, 6, 8, 49, 37))
      const parsed = yield* RetryPolicy.parseRetryAfter(header)
      assert.strictEqual(parsed === undefined ? undefined : Duration.toSeconds(parsed), expected)
    }))
})

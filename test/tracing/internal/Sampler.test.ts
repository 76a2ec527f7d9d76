import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Sampler from "../../../src/tracing/internal/Sampler.ts"
import * as TraceState from "../../../src/tracing/internal/TraceState.ts"

const traceIdOf = (randomness: string) => `0af7651916cd43dd84${randomness}`.slice(0, 18) + randomness

/** A trace id by its place among all: 0 is the first, 1 the end. */
const traceIdAt = (place: number) =>
  traceIdOf(Math.min(2 ** 56 - 1, Math.floor(place * 2 ** 56)).toString(16).padStart(14, "0"))

const make = (options: Pick<Parameters<typeof Sampler.make>[0], "type" | "ratio">) =>
  Sampler.make({ perSecond: 1, ...options }, () => 0n)

const kept = (type: Parameters<typeof Sampler.make>[0]["type"], parentSampled: boolean | undefined, place = 0.5) =>
  make({ type, ratio: 0.5 })({ traceId: traceIdAt(place), parentSampled })

describe("Sampler", () => {
  it.each(
    [
      ["always_on", true, true, true],
      ["always_off", false, false, false],
      ["parentbased_always_on", true, true, false],
      ["parentbased_always_off", false, true, false]
    ] as const
  )("%s: root %s, sampled parent %s, unsampled parent %s", (type, root, sampled, unsampled) => {
    assert.deepStrictEqual([kept(type, undefined), kept(type, true), kept(type, false)], [root, sampled, unsampled])
  })

  it("decides traceidratio by the trace id whatever the parent says", () => {
    for (const parent of [undefined, true, false]) {
      assert.isTrue(kept("traceidratio", parent, 0.5))
      assert.isFalse(kept("traceidratio", parent, 0.49))
    }
  })

  it("takes the randomness that the tracestate has in place of that of the id", () => {
    const sampler = make({ type: "traceidratio", ratio: 0.5 })
    const of = (state: string, place: number) => {
      const parent = TraceState.external(
        { traceId: traceIdAt(place), spanId: "b7ad6b7169203331", sampled: true },
        state
      )
      return sampler({ traceId: parent.traceId, parentSampled: true, parent })
    }
    assert.isTrue(of("ot=th:c;rv:ffffffffffffff", 0.1))
    assert.isFalse(of("ot=rv:00000000000000", 0.9))
    assert.isTrue(of("ot=rv:broken", 0.9))
  })

  it("decides parentbased_traceidratio by the parent, and by the trace id for a root", () => {
    assert.isTrue(kept("parentbased_traceidratio", true, 0.9))
    assert.isFalse(kept("parentbased_traceidratio", false, 0.1))
    assert.isTrue(kept("parentbased_traceidratio", undefined, 0.9))
    assert.isFalse(kept("parentbased_traceidratio", undefined, 0.1))
  })

  it("lets as many traces through in a second as it may, and no more after a quiet time", () => {
    let now = 0n
    const sampler = Sampler.make({ type: "rate_limited", ratio: 1, perSecond: 10 }, () => now)
    const burst = () => Array.from({ length: 50 }, () => sampler({ traceId: traceIdAt(0.1), parentSampled: undefined }))
    const count = () => burst().filter((kept) => kept).length
    assert.strictEqual(count(), 10)
    now += 500_000_000n
    assert.strictEqual(count(), 5)
    now += 60_000_000_000n
    assert.strictEqual(count(), 10)
  })

  it("lets one trace through every so often where the rate is below one a second", () => {
    let now = 0n
    const sampler = Sampler.make({ type: "parentbased_rate_limited", ratio: 1, perSecond: 0.1 }, () => now)
    const kept: Array<number> = []
    for (let second = 0; second < 40; second++) {
      now = BigInt(second) * 1_000_000_000n
      if (sampler({ traceId: traceIdAt(0.1), parentSampled: undefined })) kept.push(second)
    }
    assert.deepStrictEqual(kept, [0, 10, 20, 30])
    assert.isTrue(sampler({ traceId: traceIdAt(0.1), parentSampled: true }))
  })

  it("takes one token for a trace, so that children follow their local parents", () => {
    const sampler = Sampler.make({ type: "rate_limited", ratio: 1, perSecond: 1 }, () => 0n)
    const decide = (parentSampled: boolean | undefined, isParentLocal: boolean) =>
      sampler({ traceId: traceIdAt(0.1), parentSampled, isParentLocal })
    assert.deepStrictEqual(
      [decide(undefined, false), decide(true, true), decide(true, true), decide(false, true), decide(true, false)],
      [true, true, true, false, false]
    )
  })

  it("keeps everything at ratio 1 and nothing at ratio 0", () => {
    for (const traceId of ["0".repeat(32), "f".repeat(32)]) {
      assert.isTrue(make({ type: "traceidratio", ratio: 1 })({ traceId, parentSampled: undefined }))
      assert.isFalse(make({ type: "traceidratio", ratio: 0 })({ traceId, parentSampled: undefined }))
    }
  })

  it.prop("decides the same for the same trace id, and keeps with a higher ratio what a lower one keeps", {
    place: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
    low: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
    high: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
  }, ({ high, low, place }) => {
    const span = { traceId: traceIdAt(place), parentSampled: undefined }
    const [lower, upper] = [Math.min(low, high), Math.max(low, high)]
    const atLower = make({ type: "traceidratio", ratio: lower })
    const atUpper = make({ type: "traceidratio", ratio: upper })
    return atLower(span) === atLower(span) && (!atLower(span) || atUpper(span))
  })
})

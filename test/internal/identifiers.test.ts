import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import * as identifiers from "../../src/internal/identifiers.ts"

/** Gives the bytes 0, 1, 2 … 255 and then starts again. */
const counting = Effect.sync(() => {
  let next = 0
  return SecureRandom.make((size) => Uint8Array.from({ length: size }, () => next++ % 256))
})

describe("identifiers", () => {
  it.effect("makes every character equally likely: bytes that would favour some are left out", () =>
    Effect.gen(function*() {
      const text = yield* Effect.provideServiceEffect(
        identifiers.alphanumeric(248),
        SecureRandom.SecureRandom,
        counting
      )
      const counts = new Map<string, number>()
      for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
      assert.strictEqual(counts.size, 62)
      assert.deepStrictEqual(new Set(counts.values()), new Set([4]))
    }))

  it.effect("makes as many characters as asked for", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* identifiers.alphanumeric(0), "")
      assert.match(yield* identifiers.alphanumeric(37), /^[A-Za-z0-9]{37}$/)
    }))

  it.effect("makes UUIDs of version 7 that sort by the clock", () =>
    Effect.gen(function*() {
      const first = yield* identifiers.uuid
      yield* TestClock.adjust("1 millis")
      const second = yield* identifiers.uuid
      assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.isTrue(first < second)
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { uncompressSync } from "snappy"
import * as Snappy from "../../src/encoding/Snappy.ts"

/** What the library of others reads. */
const read = (bytes: Uint8Array): Uint8Array => new Uint8Array(uncompressSync(bytes) as Buffer)

const assertReads = (bytes: Uint8Array) => {
  const compressed = Snappy.compress(bytes)
  assert.deepStrictEqual(Buffer.compare(read(compressed), bytes), 0)
  return compressed.length
}

/** The same bytes at every run. */
const random = (length: number, values = 256) => {
  let state = 1
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0
    return (state >>> 16) % values
  })
}

describe("compressed bytes", () => {
  it.each([0, 1, 3, 4, 5, 59, 60, 61, 62, 255, 256, 257, 65_535, 65_536, 65_537, 131_072, 200_001])(
    "are read by the library of others: %d equal bytes, and as many random ones",
    (length) => {
      assert.isBelow(assertReads(new Uint8Array(length).fill(7)), 20 + length / 20)
      assert.isAtMost(assertReads(random(length)), length + 10 + length / 1000)
    }
  )

  it("are a fraction of a text that repeats itself", () => {
    const text = Array.from({ length: 5000 }, (_, index) => `jobs_total{kind="k${index % 97}",step="s"} ${index}\n`)
    const bytes = new TextEncoder().encode(text.join(""))
    assert.isBelow(assertReads(bytes), bytes.length / 3)
  })

  it.each([2, 3, 5])("are read if they repeat in all distances and lengths: of %d values", (values) => {
    assertReads(random(100_000, values))
  })

  it.effect.prop("are read whatever they are", [
    Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 })))
  ], ([values]) =>
    Effect.sync(() => {
      const bytes = Uint8Array.from(values)
      assertReads(bytes)
      assertReads(Uint8Array.from([...bytes, ...random(100, 3), ...bytes, ...bytes]))
    }), { arbitrary: { runs: 200 } })
})

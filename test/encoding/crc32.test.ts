import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { crc32 as crc32OfNode } from "node:zlib"
import { crc32 } from "../../src/encoding/crc32.ts"

describe("crc32", () => {
  it.prop(
    "gives the checksum that zlib gives, in one piece and in two",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))],
    ([numbers]) => {
      const bytes = Uint8Array.from(numbers)
      const middle = bytes.length >> 1
      assert.strictEqual(crc32(bytes), crc32OfNode(bytes))
      assert.strictEqual(crc32(bytes, middle, bytes.length, crc32(bytes, 0, middle)), crc32OfNode(bytes))
    }
  )
})

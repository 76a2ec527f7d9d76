import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { ProtobufWriter } from "../../src/encoding/ProtobufWriter.ts"
import { type FieldValue, readProtobuf } from "../../src/encoding/readProtobuf.ts"

const written = (write: (writer: ProtobufWriter) => void) => {
  const writer = new ProtobufWriter()
  write(writer)
  return writer.take()
}

describe("readProtobuf", () => {
  it("reads the last value of each field, of every wire type", () => {
    const bytes = written((writer) => {
      writer.integer(1, 7)
      writer.integer(1, -1)
      writer.string(2, "é")
      writer.double(3, 1)
      writer.fixed32(500, 1)
    })
    assert.deepStrictEqual(
      readProtobuf(bytes),
      new Map<number, FieldValue>([
        [1, 2n ** 64n - 1n],
        [2, new TextEncoder().encode("é")],
        [3, Uint8Array.from([0, 0, 0, 0, 0, 0, 0xf0, 0x3f])],
        [500, Uint8Array.from([1, 0, 0, 0])]
      ])
    )
    assert.deepStrictEqual(readProtobuf(new Uint8Array()), new Map())
  })

  it("gives nothing for bytes that are no message", () => {
    const whole = written((writer) => writer.string(1, "x".repeat(300)))
    for (let length = 1; length < whole.length; length++) assert.isUndefined(readProtobuf(whole.slice(0, length)))
    assert.isUndefined(readProtobuf(new TextEncoder().encode("<html>")))
    assert.isUndefined(readProtobuf(Uint8Array.from({ length: 20 }, () => 0xff)))
  })

  it.prop("never throws and never hangs", [
    Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))
  ], ([bytes]) => {
    readProtobuf(Uint8Array.from(bytes))
  })
})

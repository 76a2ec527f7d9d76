import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Utf8Writer } from "../../src/encoding/Utf8Writer.ts"

const Text = Schema.Union([
  Schema.String,
  Schema.Literals(["", "ascii", "Grüße", "日本", "😀", "\ud800", "a\udc00b", "\0", "\ufeff"]),
  Schema.Literals(
    [119, 120, 121, 4095, 4096, 70_000].flatMap((n) => ["x".repeat(n), "é".repeat(n), `${"x".repeat(n)}é`])
  )
])
const Count = Schema.Union([
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 })),
  Schema.Literals([0, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 2 ** 31 - 1])
])
const Piece = Schema.Union([
  Schema.TaggedStruct("line", { text: Text }),
  Schema.TaggedStruct("text", { text: Text }),
  Schema.TaggedStruct("integer", { value: Count }),
  Schema.TaggedStruct("again", { text: Text }),
  Schema.TaggedStruct("take", {})
])

const utf8 = (bytes: Iterable<Uint8Array>): string => Buffer.concat(Array.from(bytes)).toString()

describe("Utf8Writer", () => {
  it.effect.prop("writes what the pieces are as one text", [Schema.Array(Piece)], ([pieces]) =>
    Effect.sync(() => {
      const writer = new Utf8Writer(64)
      const taken: Array<Uint8Array> = []
      let expected = ""
      for (const piece of pieces) {
        switch (piece._tag) {
          case "line":
            writer.line(`${piece.text}\n`)
            expected += `${piece.text.toWellFormed()}\n`
            break
          case "text":
            writer.text(piece.text)
            expected += piece.text.toWellFormed()
            break
          case "integer":
            writer.integer(piece.value)
            expected += `${piece.value}`
            break
          case "again": {
            const start = writer.length
            writer.text(piece.text)
            writer.again(start, writer.length)
            expected += piece.text.toWellFormed().repeat(2)
            break
          }
          case "take":
            taken.push(writer.take().slice())
        }
      }
      assert.strictEqual(utf8([...taken, writer.take()]), expected)
      assert.strictEqual(writer.length, 0)
    }))

  it("is full with as many bytes as it was made for, and goes on", () => {
    const writer = new Utf8Writer(3)
    writer.text("ab")
    assert.isFalse(writer.isFull)
    writer.text("é")
    assert.isTrue(writer.isFull)
    writer.text("c")
    assert.strictEqual(utf8([writer.take()]), "abéc")
    assert.isFalse(writer.isFull)
  })

  it("encodes lines together, and before whatever else is asked of it", () => {
    const writer = new Utf8Writer(3)
    writer.line("é\n")
    assert.isFalse(writer.isFull)
    assert.strictEqual(writer.length, 3)
    assert.isTrue(writer.isFull)
    writer.line("a\n")
    writer.text("b")
    assert.strictEqual(utf8([writer.take()]), "é\na\nb")
  })
})

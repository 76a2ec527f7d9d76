import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { JsonMessage } from "../../src/encoding/JsonMessage.ts"

const decoder = new TextDecoder("utf-8", { fatal: true })

/** What a message gives when it is read. */
const read = (write: (to: JsonMessage) => void, to = new JsonMessage()): unknown => {
  write(to)
  return JSON.parse(decoder.decode(to.take()))
}

const Texts = Schema.Union([
  Schema.String,
  Schema.Literals([
    "",
    "\"",
    "\\",
    "\n",
    "\u0000",
    "\u007f",
    "\ud800",
    "\u00e9",
    "plain",
    "p".repeat(200),
    "\u20ac".repeat(100)
  ])
])

/** Times around whole seconds, and the smallest and the largest one. */
const Times = Schema.Literals([
  0n,
  999_999_999n,
  1_000_000_000n,
  1_700_000_000_999_999_999n,
  1_700_000_001_000_000_000n,
  1_700_000_001_000_000_001n,
  1_600_000_000_123_456_789n,
  2n ** 64n - 1n
])

describe("JsonMessage", () => {
  it.prop("gives texts, keys and times as they are", [
    Schema.Array(Schema.Struct({ key: Texts, text: Texts, time: Times, id: Schema.Literals(["00ff", "ab", "cdef"]) }))
  ], ([items]) => {
    const to = new JsonMessage()
    const write = () =>
      read((to) => {
        to.openList("items")
        for (const { id, key, text, time } of items) {
          const item = to.openItem(1)
          to.id(1, "id", id)
          to.text(2, "text", text)
          to.fixed64(3, "time", time)
          to.openList("pairs")
          to.textPair(4, key, text)
          const pair = to.openPair(4, key)
          to.flag(2, "boolValue", true)
          to.closePair(pair)
          to.closePair(to.openPair(4, key))
          to.closeList()
          to.close(item)
        }
        to.closeList()
      }, to)
    const keyOf = (key: string) => key.isWellFormed() ? key : JSON.stringify(key)
    const expected = {
      items: items.map(({ id, key, text, time }) => ({
        id,
        text: text.toWellFormed(),
        time: String(time),
        pairs: [
          { key: keyOf(key), value: { stringValue: text.toWellFormed() } },
          { key: keyOf(key), value: { boolValue: true } },
          { key: keyOf(key), value: {} }
        ]
      }))
    }
    assert.deepStrictEqual(write(), expected)
    // What it remembers of the message before changes nothing.
    assert.deepStrictEqual(write(), expected)
  })

  it.prop("gives numbers as the encoding has them", [Schema.Number, Schema.Int], ([double, whole]) => {
    assert.deepStrictEqual(
      read((to) => {
        to.double(1, "double", double)
        to.integer(2, "integer", whole)
        to.int64(3, "int64", whole)
        to.signed(4, "signed", -whole)
        to.doubles(5, "doubles", [double])
        to.uint64s(6, "uint64s", [1, 2])
        to.fixed64s(7, "none", [])
      }),
      {
        double: Number.isFinite(double) ? Number(`${double}`) : `${double}`,
        integer: Number(`${whole}`),
        int64: `${whole}`,
        signed: Number(`${-whole}`),
        doubles: [Number.isFinite(double) ? Number(`${double}`) : `${double}`],
        uint64s: ["1", "2"],
        none: []
      }
    )
  })

  it("starts afresh when it is cleared, in the middle of a message", () => {
    const to = new JsonMessage()
    to.openList("items")
    to.openItem(1)
    to.id(1, "id", "ff")
    to.clear()
    assert.deepStrictEqual(read((to) => to.id(1, "id", "ff"), to), { id: "ff" })
  })

  it("has an empty message", () => {
    assert.deepStrictEqual(read(() => {}), {})
  })

  it("grows with what is written", () => {
    const text = "a long text ".repeat(10_000)
    assert.deepStrictEqual(read((to) => to.text(1, "text", text)), { text })
  })
})

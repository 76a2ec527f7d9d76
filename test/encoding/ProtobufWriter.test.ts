import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { ProtobufWriter } from "../../src/encoding/ProtobufWriter.ts"
import * as Protobuf from "../support/protobufReader.ts"

const hex = (write: (writer: ProtobufWriter) => void): string => {
  const writer = new ProtobufWriter()
  write(writer)
  return Buffer.from(writer.take()).toString("hex")
}

const AnyDouble = Arbitrary.map(
  Arbitrary.schema(Schema.Union([Schema.Number, Schema.Literals(["NaN", "Infinity", "-Infinity", "-0", "5e-324"])])),
  Number
)
const Whole = Schema.Union([
  Schema.Int,
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 })),
  Schema.Literals([2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 52 - 1, 2 ** 52, 2 ** 53 - 1, 2 ** 53].flatMap((n) => [n, -n]))
])
const Text = Schema.Union([
  Schema.String,
  Schema.Literals(["", "ascii", "Grüße", "日本", "😀", "\ud800", "a\udc00b", "\0", "\ufeff", "x".repeat(127)]),
  Schema.Literals([42, 43, 127, 128, 129, 16_383, 16_384, 70_000].flatMap((n) => ["x".repeat(n), "é".repeat(n)]))
])

interface Tree {
  readonly name: string
  readonly branches: ReadonlyArray<Tree>
}

const Tree: Schema.Codec<Tree> = Schema.Struct({
  name: Text,
  branches: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree)).check(Schema.isMaxLength(3))
})

const writeTree = (writer: ProtobufWriter, { branches, name }: Tree): void => {
  writer.string(1, name)
  for (const branch of branches) {
    const start = writer.open(2)
    writeTree(writer, branch)
    writer.close(start)
  }
}

const readTree = (bytes: Uint8Array): Tree => {
  const fields = Protobuf.readMessage({ 1: Protobuf.string, 2: Protobuf.message(readTree) }, bytes)
  return { name: fields[1][0]!, branches: fields[2] }
}

const wellFormed = ({ branches, name }: Tree): Tree => ({
  name: name.toWellFormed(),
  branches: branches.map(wellFormed)
})

describe("ProtobufWriter", () => {
  it("writes the examples of the encoding's description", () => {
    assert.strictEqual(hex((writer) => writer.integer(1, 150)), "089601")
    assert.strictEqual(hex((writer) => writer.string(2, "testing")), "120774657374696e67")
    assert.strictEqual(
      hex((writer) => {
        const start = writer.open(3)
        writer.integer(1, 150)
        writer.close(start)
      }),
      "1a03089601"
    )
    assert.strictEqual(
      hex((writer) => {
        const start = writer.open(6)
        for (const value of [3, 270, 86_942]) writer.varint(value)
        writer.close(start)
      }),
      "3206038e029ea705"
    )
    assert.strictEqual(hex((writer) => writer.integer(1, -2)), "08feffffffffffffffff01")
    assert.deepStrictEqual(
      [0, -1, 1, -2, 0x7fff_ffff, -0x8000_0000].map((value) => hex((writer) => writer.zigzag(value))),
      ["00", "01", "02", "03", "feffffff0f", "ffffffff0f"]
    )
    assert.strictEqual(hex((writer) => writer.integer(16, 1)), "800101")
  })

  it.effect.prop(
    "writes whole numbers that an independent reader reads",
    [Whole, Whole],
    ([signed, other]) =>
      Effect.sync(() => {
        const writer = new ProtobufWriter(1)
        writer.signed(1, signed)
        writer.integer(2, other)
        writer.integer(3, Math.abs(other))
        writer.integer(4, BigInt(other) * 1000n)
        writer.fixed64(536_870_911, BigInt(signed))
        const fields = Protobuf.readMessage({
          1: Protobuf.sint64,
          2: Protobuf.int64,
          3: Protobuf.uint64,
          4: Protobuf.int64,
          536_870_911: Protobuf.unsignedFixed64
        }, writer.take())
        assert.deepStrictEqual(fields, {
          1: [BigInt(signed)],
          2: [BigInt(other)],
          3: [BigInt(Math.abs(other))],
          4: [BigInt(other) * 1000n],
          536_870_911: [BigInt.asUintN(64, BigInt(signed))]
        })
      })
  )

  it("writes ids and flags, and forgets what is cleared", () => {
    assert.strictEqual(hex((writer) => writer.hex(1, "00ff10aaf9")), "0a0500ff10aaf9")
    assert.strictEqual(hex((writer) => writer.fixed32(16, 0x8000_0301)), "850101030080")
    assert.strictEqual(
      hex((writer) => {
        writer.string(1, "gone")
        writer.clear()
        writer.integer(1, 1)
      }),
      "0801"
    )
  })

  it.effect.prop(
    "writes packed numbers",
    [Schema.Array(Whole), Arbitrary.array(AnyDouble)],
    ([wholes, doubles]) =>
      Effect.sync(() => {
        const writer = new ProtobufWriter(1)
        const start = writer.open(1)
        for (const value of wholes) writer.zigzag(value)
        writer.close(start)
        for (const value of doubles) writer.double(2, value)
        const counts = wholes.map(Math.abs)
        writer.doubles(3, doubles)
        writer.fixed64s(4, counts)
        assert.deepStrictEqual(
          Protobuf.readMessage({
            1: Protobuf.sint64,
            2: Protobuf.double,
            3: Protobuf.double,
            4: Protobuf.unsignedFixed64
          }, writer.take()),
          { 1: wholes.map(BigInt), 2: doubles, 3: doubles, 4: counts.map(BigInt) }
        )
      })
  )

  it.effect.prop(
    "writes messages in messages of any length, and texts without lone surrogates",
    [Tree],
    ([tree]) =>
      Effect.sync(() => {
        const writer = new ProtobufWriter(1)
        writeTree(writer, tree)
        assert.deepStrictEqual(readTree(writer.take()), wellFormed(tree))
      })
  )

  it.prop(
    "writes pairs of a key and a text as messages in messages",
    [Schema.String, Schema.String, Schema.Literals([0, 1, 60, 120, 130, 20_000]), Schema.Literals([1, 9, 15, 16, 300])],
    ([key, text, more, field]) => {
      const long = text + "t".repeat(more)
      const keyField = new ProtobufWriter()
      keyField.string(1, key)
      const plain = new ProtobufWriter()
      const pair = plain.open(field)
      plain.string(1, key)
      const value = plain.open(2)
      plain.string(1, long)
      plain.close(value)
      plain.close(pair)
      const expected = plain.take()
      const bytes = keyField.take()
      const writer = new ProtobufWriter(1)
      writer.textPair(field, bytes, long)
      assert.deepStrictEqual(writer.take(), expected)
      const opened = writer.openPair(field, bytes)
      writer.string(1, long)
      writer.closePair(opened)
      assert.deepStrictEqual(writer.take(), expected)
    }
  )

  it("writes 0 for what is no whole number of 64 bits, and the whole part of a fraction", () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      assert.strictEqual(hex((writer) => writer.varint(value)), "00")
      assert.strictEqual(hex((writer) => writer.zigzag(value)), "00")
    }
    assert.strictEqual(hex((writer) => writer.varint(300.7)), "ac02")
    assert.strictEqual(hex((writer) => writer.varint(-1.5)), "ffffffffffffffffff01")
  })

  it("writes bytes as they are, with and without a tag, and starts afresh after each take", () => {
    const writer = new ProtobufWriter(1)
    const inner = new Uint8Array([0, 255, 128])
    writer.bytes(1, inner)
    assert.strictEqual(writer.length, 5)
    const first = writer.take()
    assert.strictEqual(writer.length, 0)
    writer.varint(inner.length)
    writer.raw(inner)
    const second = writer.take()
    assert.deepStrictEqual(Protobuf.readMessage({ 1: Protobuf.bytes }, first), { 1: [inner] })
    assert.deepStrictEqual(Protobuf.readDelimited(second, (bytes) => bytes.slice()), [inner])
    assert.strictEqual(writer.take().length, 0)
  })
})

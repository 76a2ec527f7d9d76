import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Tracer } from "effect"
import * as JsonLine from "../../../src/logging/internal/JsonLine.ts"
import * as JsonLineBytes from "../../../src/logging/internal/JsonLineBytes.ts"
import type { LogRecord } from "../../../src/logging/internal/LogRecord.ts"
import * as Redaction from "../../../src/redaction/Redaction.ts"

const Text = Schema.Union([
  Schema.String,
  Schema.Literals([
    "",
    "step finished",
    "a \"b\" \\ c",
    "Grüße",
    "日本",
    "😀",
    "\ud800",
    "\u2028",
    "\u007f",
    "Bearer abcdefgh12345678"
  ]),
  Schema.Literals([39, 40, 41, 16_384, 16_385, 40_000].flatMap((n) => ["x".repeat(n), "é".repeat(n), "\0".repeat(n)]))
])
const Value = Schema.Union([
  Text,
  Schema.Number,
  Schema.Literals([0, -0, 9, -10, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 1e12, 1e21, 0.1, true, false, 12n]),
  Schema.Literals(["null"]).pipe(Schema.NullishOr),
  Schema.Struct({ name: Text, list: Schema.Array(Text) })
])
const Key = Schema.Union([
  Schema.Literals([
    "user",
    "password",
    "token",
    "level",
    "fields.level",
    "exception.message",
    "größe",
    "",
    "db.query.text"
  ]),
  Schema.String
])
const Line = Schema.Struct({
  time: Schema.Literals([0, 1, 999, 1000, -1, -1001, 1_764_570_608_123, 1_764_570_608_124, 8.64e15, -8.64e15]),
  level: Schema.Literals(["Info", "Error", "Trace"]),
  message: Text,
  component: Schema.Union([Text, Schema.Undefined]),
  correlationId: Schema.UndefinedOr(Schema.Literals(["a-1", "b-2", "ü"])),
  hasSpan: Schema.Boolean,
  fields: Schema.Array(Schema.Tuple([Key, Value]))
})

const span = Tracer.externalSpan({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  sampled: true
})

const recordOf = ({ fields, hasSpan, ...line }: typeof Line.Type): LogRecord => ({
  ...line,
  span: hasSpan ? span : undefined,
  workflow: undefined,
  eventName: undefined,
  isLocal: false,
  fields: Object.fromEntries(fields)
})

const encoders = (patterns?: []) => {
  const make = () => ({
    service: { name: "orders", version: undefined },
    redaction: Redaction.make(patterns === undefined ? {} : { patterns })
  })
  const theirs = make()
  const ours = make()
  const text = JsonLine.make(theirs)
  const bytes = JsonLineBytes.make(ours.redaction, JsonLine.make(ours))
  const decoder = new TextDecoder()
  return {
    text: text.make,
    line: (record: LogRecord) => {
      const length = bytes.make(record)
      return decoder.decode(bytes.bytes().subarray(0, length))
    },
    counts: () => [ours.redaction.counts(), theirs.redaction.counts()]
  }
}

describe("JsonLineBytes", () => {
  it.effect.prop(
    "writes what the text has, and counts the same masked values",
    [Schema.Array(Line)],
    ([lines]) =>
      Effect.sync(() => {
        for (const { counts, line, text } of [encoders(), encoders([])]) {
          for (const record of lines.map(recordOf)) {
            const expected = `${text(record)}\n`
            assert.strictEqual(line(record), expected)
            assert.strictEqual(line(record), expected)
            text(record)
          }
          const [ours, theirs] = counts()
          assert.deepStrictEqual(ours, theirs)
        }
      })
  )

  it("leaves out fields of a long line where the text does", () => {
    const { line, text } = encoders()
    for (const unit of ["x", "é", "\""]) {
      const fields = Object.fromEntries(
        Array.from({ length: 3000 }, (_, index) => [`k${index}`, unit.repeat(index % 50)])
      )
      const record = recordOf({
        time: 0,
        level: "Info",
        message: unit,
        component: undefined,
        correlationId: undefined,
        hasSpan: false,
        fields: Object.entries(fields)
      })
      assert.strictEqual(line(record), `${text(record)}\n`)
    }
  })

  it("starts a line anew after one that a field could not be read of", () => {
    const { line, text } = encoders()
    const record = recordOf(
      {
        time: 5,
        level: "Info",
        message: "m",
        component: undefined,
        correlationId: "a",
        hasSpan: true,
        fields: [["a", 1]]
      } as never
    )
    const broken = {
      get a(): number {
        throw new Error("no")
      }
    }
    line(record)
    assert.throws(() => line({ ...record, message: "other", fields: broken }))
    assert.throws(() => line({ ...record, fields: broken }))
    assert.strictEqual(line(record), `${text(record)}\n`)
  })
})

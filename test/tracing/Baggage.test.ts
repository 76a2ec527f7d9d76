import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Baggage from "../../src/tracing/Baggage.ts"

describe("Baggage", () => {
  it("leaves out an entry that lies only partly within 8192 characters", () => {
    const value = "v".repeat(4000)
    assert.deepStrictEqual(Baggage.parse(`a=${value},b=${value},c=${value}`), { a: value, b: value })
    assert.deepStrictEqual(Baggage.parse(`a=${"v".repeat(9000)}`), {})
    assert.strictEqual(Baggage.parse(`a=${"v".repeat(8190)},b=1`)["a"]?.length, 8190)
  })

  it.each([
    ["", {}],
    ["a=1", { a: "1" }],
    [" a = 1 , b = two%20words ; ttl=5", { a: "1", b: "two words" }],
    ["a=1,=2,b,c d=3,e=%zz", { a: "1", e: "%zz" }],
    ["a=1,a=2", { a: "2" }],
    ["a=b=c", { a: "b=c" }]
  ])("reads %j", (header, expected) => {
    assert.deepStrictEqual(Baggage.parse(header), expected)
  })

  it("makes no member of an object's prototype", () => {
    const baggage = Baggage.parse("__proto__=1,constructor=2")
    assert.deepStrictEqual(Object.keys(baggage), ["__proto__", "constructor"])
    assert.strictEqual(Object.getPrototypeOf(baggage), Object.prototype)
  })

  it("leaves out keys that a header cannot have, and what is too much", () => {
    assert.strictEqual(
      Baggage.format({ "a b": "1", "ä": "2", c: "a,b;c=d\n", d: "\ud800" }),
      "c=a%2Cb%3Bc%3Dd%0A,d=%EF%BF%BD"
    )
    assert.strictEqual(Baggage.format({ a: "x".repeat(5000), b: "y".repeat(5000) }), `a=${"x".repeat(5000)}`)
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, "1"]))
    assert.lengthOf(Baggage.format(many).split(","), 64)
  })

  it.effect("is that of the region, with what regions around it added", () =>
    Effect.gen(function*() {
      const inner = yield* Baggage.Current.pipe(
        Baggage.withEntries({ a: "2", b: "3" }),
        Baggage.withEntries({ a: "1", c: "4" })
      )
      assert.deepStrictEqual(inner, { a: "2", c: "4", b: "3" })
      assert.deepStrictEqual(yield* Baggage.Current, {})
    }))

  it.prop("reads what it has written", [Schema.Record(Schema.String, Schema.String)], ([entries]) => {
    const kept = Object.fromEntries(
      Object.entries(entries).filter(([key]) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key)).map((
        [key, value]
      ) => [key, value.toWellFormed()])
    )
    assert.deepStrictEqual(Baggage.parse(Baggage.format(kept)), kept)
  }, { arbitrary: { runs: 300 } })
})

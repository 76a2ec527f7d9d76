import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { encodeJson } from "../../../src/redaction/internal/encodeJson.ts"
import { encodeText } from "../../../src/redaction/internal/jsonText.ts"
import * as Redaction from "../../../src/redaction/Redaction.ts"
import { hostileValues } from "../../support/spans.ts"

const thrower = () => {
  throw new Error("hostile")
}

const withoutStack = (error: Error) => Object.defineProperty(error, "stack", { value: undefined })

class Point {
  readonly x = 1
  readonly #hidden = 2
  get sum() {
    return this.x + this.#hidden
  }
}

const circular: { readonly name: string; self?: unknown } = { name: "c" }
circular.self = circular
const shared = { a: 1 }

describe("encodeJson", () => {
  it.each<readonly [what: string, value: unknown, json: string]>([
    ["a text", "é\n\"\u0000", "\"é\\n\\\"\\u0000\""],
    ["a lone surrogate", "a\ud800", "\"a\ufffd\""],
    ["numbers", [1, -0.5, 1e21, -0], "[1,-0.5,1e+21,0]"],
    ["what is no number", [Number.NaN, Infinity, -Infinity], "[\"NaN\",\"Infinity\",\"-Infinity\"]"],
    ["booleans and nothing", [true, false, null, undefined], "[true,false,null,null]"],
    ["a BigInt", 2n ** 64n, "\"18446744073709551616\""],
    ["functions and symbols", [thrower, Symbol("s")], "[\"[function]\",\"Symbol(s)\"]"],
    ["objects", { a: { b: [1, { c: null }] } }, "{\"a\":{\"b\":[1,{\"c\":null}]}}"],
    ["class instances", new Point(), "{\"x\":1}"],
    ["objects without prototype", Object.assign(Object.create(null) as object, { a: 1 }), "{\"a\":1}"],
    ["dates", [new Date(0), new Date(Number.NaN)], "[\"1970-01-01T00:00:00.000Z\",\"Invalid Date\"]"],
    ["errors", withoutStack(new TypeError("no")), "{\"name\":\"TypeError\",\"message\":\"no\"}"],
    [
      "maps and sets",
      [new Map<unknown, unknown>([["a", 1], [2, "b"]]), new Set([1, 2])],
      "[{\"2\":\"b\",\"a\":1},[1,2]]"
    ],
    ["toJSON", { toJSON: () => ({ a: 1n }) }, "{\"a\":\"1\"}"],
    ["binary data", [new Uint8Array(3), Buffer.from("abcd")], "[\"[3 bytes]\",\"[4 bytes]\"]"],
    ["holes", [1, , 3], "[1,null,3]"], // oxlint-disable-line eslint/no-sparse-arrays
    ["a circle", circular, "{\"name\":\"c\",\"self\":\"[circular]\"}"],
    ["what is there twice", [shared, shared], "[{\"a\":1},{\"a\":1}]"],
    ["a throwing getter", {
      a: 1,
      get b() {
        return thrower()
      },
      c: 2
    }, "{\"a\":1,\"b\":\"[unreadable]\",\"c\":2}"],
    ["a throwing toJSON", [{ toJSON: thrower }], "[\"[unreadable]\"]"],
    ["a proxy that throws", [new Proxy({}, { ownKeys: thrower }), 1], "[\"[unreadable]\",1]"],
    ["symbol keys, which are left out", { [Symbol("k")]: 1, a: 2 }, "{\"a\":2}"]
  ])("encodes %s", (_, value, json) => {
    assert.strictEqual(encodeJson(value), json)
  })

  it("masks members with a sensitive key at every depth", () => {
    assert.strictEqual(
      encodeJson({ a: [{ password: "p", apiKey: { b: 1 } }], token: 1, name: "n" }, Redaction.make({ mask: "***" })),
      "{\"a\":[{\"password\":\"***\",\"apiKey\":\"***\"}],\"token\":\"***\",\"name\":\"n\"}"
    )
  })

  it("masks the places of the configuration, also behind values that go deeper or cannot be read", () => {
    const order = {
      lines: { a: { b: 1 } },
      get broken() {
        return thrower()
      },
      note: "n",
      items: [{ iban: "x", n: 1 }, [[2]], { iban: "y" }]
    }
    assert.strictEqual(
      encodeJson(order, Redaction.make({ paths: ["order.note", "order.items.*.iban"] }), ["order"]),
      "{\"lines\":{\"a\":{\"b\":1}},\"broken\":\"[unreadable]\",\"note\":\"[FILTERED]\"," +
        "\"items\":[{\"iban\":\"[FILTERED]\",\"n\":1},[[2]],{\"iban\":\"[FILTERED]\"}]}"
    )
  })

  it("does not look at the value of a sensitive key", () => {
    assert.strictEqual(
      encodeJson(Object.defineProperty({}, "token", { get: thrower, enumerable: true }), Redaction.make()),
      "{\"token\":\"[FILTERED]\"}"
    )
  })

  it("marks what is beyond a limit", () => {
    const limits = { depth: 2, nodes: 4, members: 2, text: 3, texts: 100 }
    const encode = (value: unknown) => encodeJson(value, undefined, [], limits)
    assert.strictEqual(encode("abcdef"), "\"abc…[3 more]\"")
    assert.strictEqual(encode([1, 2, 3, 4]), "[1,2,\"…[2 more]\"]")
    assert.strictEqual(encode(new Set([1, 2, 3])), "[1,2,\"…[1 more]\"]")
    assert.strictEqual(encode({ a: 1, b: 2, c: 3 }), "{\"a\":1,\"b\":2,\"…\":\"1 more\"}")
    assert.strictEqual(encode(new Map([["a", 1], ["b", 2], ["c", 3]])), "{\"a\":1,\"b\":2,\"…\":\"1 more\"}")
    assert.strictEqual(encode({ a: { b: { c: 1 } } }), "{\"a\":{\"b\":\"[too deep]\"}}")
    assert.strictEqual(
      encode([[[], []], [[], []]]),
      "[[\"[too deep]\",\"[too deep]\"],[\"[too deep]\",\"[too deep]\"]]"
    )
    assert.strictEqual(
      encodeJson([[[], []], [[], []]], undefined, [], { ...limits, depth: 9 }),
      "[[[],[]],[\"[too large]\",\"[too large]\"]]".replace("[\"[too large]\",\"[too large]\"]", "\"[too large]\"")
    )
  })

  it("shares one room for texts among all members", () => {
    const limits = { depth: 8, nodes: 100, members: 100, text: 10, texts: 12 }
    assert.strictEqual(
      encodeJson(["abcdefgh", "abcdefgh", "x"], undefined, [], limits),
      "[\"abcdefgh\",\"abcd…[4 more]\",\"…[1 more]\"]"
    )
    assert.strictEqual(
      encodeJson({ abcde: "abcdefgh", x: 1, y: 2 }, undefined, [], limits),
      "{\"abcde\":\"abcdefg…[1 more]\",\"…\":\"2 more\"}"
    )
  })

  it("keeps an escaped text apart from its limit", () => {
    assert.strictEqual(encodeText("\u0000\u0000", 1), "\"\\u0000…[1 more]\"")
  })

  it("stays small and quick on hostile values", { timeout: 5000 }, () => {
    for (const [what, value] of Object.entries(hostileValues())) {
      const json = encodeJson({ value })
      JSON.parse(json)
      assert.isAtMost(json.length, 80_000, what)
    }
    const wide = Array.from({ length: 200 }, () => Array.from({ length: 256 }, () => "x".repeat(20_000)))
    assert.isAtMost(encodeJson(wide).length, 80_000)
  })

  it.prop("encodes plain data as JSON.stringify does", [Schema.Record(
    Schema.String.check(Schema.isPattern(/^[a-z]{1,8}$/)),
    Schema.Union([Schema.Finite, Schema.Boolean, Schema.Null, Schema.Array(Schema.Int)])
  )], ([value]) => encodeJson(value) === JSON.stringify(value))
})

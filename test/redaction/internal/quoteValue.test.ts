import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { quoteValue } from "../../../src/redaction/internal/quoteValue.ts"

const unreadable = new Proxy({}, {
  ownKeys: () => {
    throw new Error("no keys")
  }
})

describe("quoteValue", () => {
  it.each<readonly [title: string, value: unknown, shown: string]>([
    ["a text", "10 sec", "\"10 sec\""],
    ["a text of two lines", "10\nsec", "\"10\\nsec\""],
    ["a number", -0.5, "-0.5"],
    ["no number", Number.NaN, "NaN"],
    ["a large whole number", 10n, "10n"],
    ["null", null, "null"],
    ["nothing", undefined, "nothing"],
    ["a duration", Duration.seconds(90), "1m 30s"],
    ["a list", ["a", 1, undefined, ["b"]], "[\"a\", 1, nothing, a list]"],
    ["a function", () => 1, "a function"],
    ["an object, of which nothing is shown", { password: "x" }, "an object"],
    ["an object that cannot be read", unreadable, "a value that cannot be read"]
  ])("shows %s", (_, value, shown) => {
    assert.strictEqual(quoteValue(value), shown)
  })

  it("is bounded", () => {
    assert.strictEqual(quoteValue("long ".repeat(100)).length, 81)
    assert.strictEqual(quoteValue(Array.from({ length: 1e6 }, () => 1), Infinity), `[${"1, ".repeat(20)}…]`)
  })

  it("shows no secret", () => {
    assert.notInclude(quoteValue("Authorization: Bearer abcdefghijklmnop"), "abcdefghijklmnop")
  })
})

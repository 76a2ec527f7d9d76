import { assert, describe, it } from "@effect/vitest"
import { Cause, Data } from "effect"
import { describeCause, framesOf } from "../../src/internal/describeError.ts"
import { hostileValues } from "../support/spans.ts"

const describeError = (error: unknown) => describeCause(Cause.fail(error))

class Declined extends Data.TaggedError("Declined")<{ readonly message: string }> {}
class Wrapped extends Data.TaggedError("Wrapped")<{ readonly reason: Declined }> {}
class Odd {
  static readonly name = 5 as never
  readonly value = 1
}

describe("describeCause of a failure", () => {
  it.each<readonly [what: string, error: unknown, type: string, message: string]>([
    ["a tagged error", new Declined({ message: "no" }), "Declined", "no"],
    ["a wrapped reason", new Wrapped({ reason: new Declined({ message: "no" }) }), "Declined", "no"],
    ["an error", new TypeError("no"), "TypeError", "no"],
    ["an error without message", new TypeError(), "TypeError", "TypeError"],
    ["an error whose name is empty", Object.assign(new Error("no"), { name: "" }), "Error", "no"],
    ["an error of a class whose name is empty", new (class extends Error {})("no"), "Error", "no"],
    ["an error whose tag is empty", Object.assign(new TypeError("no"), { _tag: "" }), "TypeError", "no"],
    ["an object whose tag is empty", { _tag: "", message: "no" }, "Object", "no"],
    ["a text", "no", "string", "no"],
    ["a number", 5, "number", "5"],
    ["null", null, "null", "null"],
    ["undefined", undefined, "undefined", "undefined"],
    ["a symbol", Symbol("s"), "symbol", "Symbol(s)"],
    ["a plain object", { a: 1 }, "Object", "Object"],
    ["an object without prototype", Object.create(null), "_OTHER", "_OTHER"],
    ["a class whose name is no text", new Odd(), "_OTHER", "_OTHER"]
  ])("describes %s", (_, error, type, message) => {
    assert.deepStrictEqual(describeError(error), { type, message })
  })

  it("cuts a long message between two words, or within one that is very long", () => {
    assert.strictEqual(describeError("a word ".repeat(1000)).message, `${"a word ".repeat(146)}a…`)
    assert.strictEqual(describeError("x".repeat(5000)).message, `${"x".repeat(768)}…`)
  })

  it("gives texts for hostile values", () => {
    for (const [what, value] of Object.entries(hostileValues())) {
      const { message, type } = describeError(value)
      assert.deepStrictEqual([typeof type, typeof message], ["string", "string"], what)
      assert.isAtMost(type.length + message.length, 2050)
    }
  })
})

describe("describeCause of several reasons", () => {
  it("takes the failure, then the defect, then the interruption", () => {
    const all = Cause.combine(Cause.combine(Cause.interrupt(), Cause.die("defect")), Cause.fail("failure"))
    assert.strictEqual(describeCause(all).message, "failure")
    assert.strictEqual(describeCause(Cause.combine(Cause.interrupt(), Cause.die("defect"))).message, "defect")
    assert.deepStrictEqual(describeCause(Cause.interrupt()), { type: "interrupted", message: "interrupted" })
  })
})

describe("framesOf", () => {
  it.each<readonly [what: string, message: string, stack: string, frames: string]>([
    [
      "frames as V8 writes them",
      "no",
      "Error: no\n    at a (f:1:2)\n    at b (f:3:4)",
      "    at a (f:1:2)\n    at b (f:3:4)"
    ],
    [
      "frames with other spaces",
      "no",
      "Error: no\r\n\tat a (f:1:2)\r\n  at b (f:3:4) ",
      "    at a (f:1:2)\n    at b (f:3:4)"
    ],
    ["lines between frames", "no", "Error: no\n    at a (f:1:2)\n\n    at b", "    at a (f:1:2)\n    \n    at b"],
    ["a message that looks like a frame", "no\n    at home", "Error: no\n    at home\n    at a", "    at a"],
    ["no message", "", "Error\n    at a", "    at a"],
    ["frames inside of Effect", "no", "Error: no\n    at a\n    at Generator.next (<anonymous>)\n    at b", "    at a"],
    ["frames inside of Effect alone", "no", "Error: no\n    at ~effect/Effect/run\n    at b", ""],
    ["no frames", "no", "Error: no", ""]
  ])("gives %s without message and without Effect", (_, message, stack, frames) => {
    assert.strictEqual(framesOf({ message, stack }), frames)
  })
})

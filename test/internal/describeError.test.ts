import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Duration } from "effect"
import { describeCause } from "../../src/internal/describeError.ts"
import { StepTimedOut, TaskError } from "../../src/workflow/TaskError.ts"

class Tagged extends Data.TaggedError("Tagged")<{ readonly message: string }> {}
class Plain {
  readonly detail = 1
}
const broken = {
  get message(): string {
    throw new Error("getter")
  }
}

const describeError = (error: unknown) => describeCause(Cause.fail(error))

describe("describeError", () => {
  it.each<readonly [string, unknown, string, string]>([
    ["a tagged error", new Tagged({ message: "no" }), "Tagged", "no"],
    ["an error", new TypeError("no"), "TypeError", "no"],
    ["an error without a message", new RangeError(), "RangeError", "RangeError"],
    [
      "an error with a reason",
      new TaskError({ reason: new StepTimedOut({ stepName: "s", limitOf: "step", after: Duration.seconds(1) }) }),
      "StepTimedOut",
      "step \"s\" did not end within the step's 1s"
    ],
    ["an instance of a class", new Plain(), "Plain", "Plain"],
    ["an object", { a: 1 }, "Object", "Object"],
    ["an object without a prototype", Object.create(null), "_OTHER", "_OTHER"],
    ["a tagged object", { _tag: "Domain", message: 5 }, "Domain", "Domain"],
    ["a text", "no", "string", "no"],
    ["a number", 5, "number", "5"],
    ["a BigInt", 5n, "bigint", "5"],
    ["a symbol", Symbol("s"), "symbol", "Symbol(s)"],
    ["null", null, "null", "null"],
    ["undefined", undefined, "undefined", "undefined"],
    ["what cannot be looked at", broken, "_OTHER", "an error that cannot be described"]
  ])("describes %s", (_, error, type, message) => {
    assert.deepStrictEqual(describeError(error), { type, message })
  })

  it("cuts a long message", () => {
    assert.lengthOf(describeError(new Error("x".repeat(5000))).message, 1025)
  })
})

describe("describeCause", () => {
  it("prefers failures to defects and defects to interruptions", () => {
    const die = Cause.die(new TypeError("defect"))
    const fail = Cause.fail(new Tagged({ message: "failure" }))
    const interrupt = Cause.interrupt(1)
    assert.deepStrictEqual(describeCause(Cause.combine(interrupt, Cause.combine(die, fail))).type, "Tagged")
    assert.deepStrictEqual(describeCause(Cause.combine(interrupt, die)).type, "TypeError")
    assert.deepStrictEqual(describeCause(interrupt), { type: "interrupted", message: "interrupted" })
  })
})

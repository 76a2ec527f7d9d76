import { assert, describe, it } from "@effect/vitest"
import { cut } from "../../src/internal/cut.ts"

describe("cut", () => {
  it.each([
    ["a text within the limit", 100, "a text within the limit"],
    ["ends between words", 12, "ends between"],
    ["ends between words", 11, "ends"],
    ["line\nlonger", 8, "line"],
    ["no", 0, ""]
  ])("cuts %j at %i", (text, limit, expected) => {
    assert.strictEqual(cut(text, limit), expected)
  })

  it("gives up no more than 256 characters", () => {
    assert.strictEqual(cut("x".repeat(2000), 1000).length, 744)
  })
})

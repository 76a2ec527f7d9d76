import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { uniqueNames } from "../../src/internal/uniqueNames.ts"

const Names = Schema.Array(Schema.Literals(["a", "a_2", "a_2_2", "a_3", "b", ""]))

describe("uniqueNames", () => {
  it("numbers what is shown alike, around what is taken", () => {
    const nameOf = uniqueNames(["a", "a_3"])
    assert.deepStrictEqual(["a", "a", "b", "b", "a"].map(nameOf), ["a_2", "a_4", "b", "b_2", "a_5"])
  })

  it.prop("gives no name twice", [Names, Names], ([taken, shown]) => {
    const names = shown.map(uniqueNames(taken))
    assert.strictEqual(new Set([...taken, ...names]).size, new Set(taken).size + names.length)
  })

  it("takes a time linear in the number of names", () => {
    const nameOf = uniqueNames([])
    const names = new Set(Array.from({ length: 100_000 }, () => nameOf("a")))
    assert.strictEqual(names.size, 100_000)
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { CleanTexts } from "../../../src/redaction/internal/CleanTexts.ts"

/** A search that knows one secret, and counts how often it is asked. */
const counted = () => {
  let count = 0
  return {
    count: () => count,
    search: (text: string) => {
      count++
      return text.replaceAll("secret", "[FILTERED]")
    }
  }
}

describe("CleanTexts", () => {
  it.prop(
    "give what the search gives",
    [Schema.Array(
      Schema.Union([Schema.String, Schema.Literals(["", "a secret", "secret", "POST", "a much longer text"])])
    )],
    ([texts]) => {
      const { search } = counted()
      const clean = new CleanTexts()
      for (const text of [...texts, ...texts]) assert.strictEqual(clean.search(text, search), search(text))
    },
    { arbitrary: { runs: 300 } }
  )

  it("search a text that repeats once, also between texts that do not", () => {
    const { count, search } = counted()
    const clean = new CleanTexts()
    for (let round = 0; round < 10; round++) clean.search("POST", search)
    assert.strictEqual(count(), 1)
    for (let round = 0; round < 1000; round++) {
      clean.search("POST", search)
      clean.search(`PO${"ABCDEFGH".charAt(round % 8)}T`, search)
    }
    assert.isAtMost(count(), 1001)
  })

  it("search a text with a secret each time", () => {
    const { count, search } = counted()
    const clean = new CleanTexts()
    for (let round = 0; round < 5; round++) assert.strictEqual(clean.search("a secret", search), "a [FILTERED]")
    assert.strictEqual(count(), 5)
  })
})

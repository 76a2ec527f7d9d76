import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as LineParts from "../../../src/node/internal/LineParts.ts"

const line = "{\"message\":\"a \\\"word\\\"\",\"text\":\"é€😀\"}".repeat(40)

describe("LineParts", () => {
  it("marks each part with its level, its line, its number and how many there are", () => {
    const split = LineParts.make({ maximumBytes: 200, isJson: true, writer: "7.0" })
    assert.deepStrictEqual(split("x".repeat(100), "Error"), [
      `{"level":"ERROR","line_id":"7.0.0","part":1,"parts":2,"text":"${"x".repeat(57)}"}`,
      `{"level":"ERROR","line_id":"7.0.0","part":2,"parts":2,"text":"${"x".repeat(43)}"}`
    ])
    assert.include(split("y", "Info")[0], "\"line_id\":\"7.0.1\"")
  })

  it("writes parts of other formats as pairs of key and value", () => {
    const split = LineParts.make({ maximumBytes: 200, isJson: false, writer: "7.0" })
    assert.deepStrictEqual(split("12:00 WARN  a\n    b=1", "Warn"), [
      "level=WARN line_id=7.0.0 part=1 parts=1 text=\"12:00 WARN  a\\n    b=1\""
    ])
  })

  it.prop(
    "gives the line when the texts are joined, in parts that are short enough",
    [Schema.String, Schema.Literals([300, 512, 4096])],
    ([text, maximumBytes]) => {
      const split = LineParts.make({ maximumBytes, isJson: true, writer: "12345.12" })
      const whole = `${line}${text.toWellFormed()}${line}`
      const parts = split(whole, "Info")
      for (const part of parts) assert.isAtMost(Buffer.byteLength(part) + 1, maximumBytes)
      const texts = parts.map((part) => (JSON.parse(part) as { readonly text: string }).text)
      assert.strictEqual(texts.join(""), whole)
      for (const piece of texts) assert.isTrue(piece.isWellFormed())
    }
  )
})

/**
 * What is masked and what is not, in numbers: a corpus of ordinary lines, and one of secrets in their contexts.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { encodeJson } from "../../src/redaction/internal/encodeJson.ts"
import * as Redaction from "../../src/redaction/Redaction.ts"
import { shapes } from "./shapes.ts"

const linesOf = (name: string) =>
  readFileSync(new URL(name, import.meta.url), "utf8").split("\n").filter((line) => line !== "")

/** Line breaks and other characters are written as escapes, so that a context is one line of the file. */
const unescaped = (line: string) =>
  line.replace(/\\\\|\\[nr]|\\u([0-9a-f]{4})/g, (escape, code: string | undefined) =>
    code !== undefined
      ? String.fromCharCode(Number.parseInt(code, 16))
      : escape === "\\n"
      ? "\n"
      : escape === "\\r"
      ? "\r"
      : "\\")

const policy = Redaction.make()
const ordinary = linesOf("ordinary.txt")
const contexts = linesOf("secrets.txt").map(unescaped)

/** What a person may choose, what a program makes, what is made in hexadecimal and in base64. */
const values = ["Hunter2zq", "xK9mQ2vL8nR4tY6wZ1bC", "8f3a2b1c4d5e6f708192a3b4c5d6e7f8", "dXNlcjpwYXNzd29yZDE2MzQ"]

describe("corpora", () => {
  it("have 500 ordinary lines and 400 secrets at least", () => {
    assert.isAtLeast(new Set(ordinary).size, 500)
    assert.isAtLeast(new Set(contexts).size * values.length + Object.keys(shapes).length, 400)
  })

  it("lose nothing in 98 of 100 ordinary lines", () => {
    const changed = ordinary.filter((line) => policy.text(line) !== line).map((line) => policy.text(line))
    assert.isAtMost(changed.length / ordinary.length, 0.02, changed.join("\n"))
  })

  it.each(contexts)("let no secret leave in %j", (context) => {
    for (const value of values) {
      const line = context.replaceAll("@@", value)
      for (
        const shown of [
          policy.text(line),
          policy.text(`2026-11-26 INFO ${line}`),
          encodeJson({ note: line, inner: [line] }, policy),
          JSON.stringify(policy.apply("note", { inner: line }))
        ]
      ) {
        assert.notInclude(shown, value)
      }
    }
  })

  it.each(Object.keys(shapes))("let no token of %s leave", (name) => {
    const token = shapes[name] as string
    const secret = token.slice(-12)
    for (
      const line of [
        token,
        `sent ${token} to b`,
        `a="${token}"`,
        `[${token}]`,
        `https://h/?x=${token}&y=1`,
        `(${token}).`
      ]
    ) {
      assert.notInclude(policy.text(line), secret)
    }
    assert.notInclude(JSON.stringify(policy.apply("note", { list: [token] })), secret)
  })
})

/**
 * Every output of the documentation is real: its programs run, and print what the page says.
 */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as PrintedOutput from "../docs/generate/printedOutput.ts"
import { root } from "./support/typeCheck.ts"

const outputs = ["README.md", ...globSync("docs/**/*.md", { cwd: root }).toSorted()].flatMap((path) => {
  const page = readFileSync(join(root, path), "utf8")
  return PrintedOutput.find(page).map((printed) => ({ path, page, printed }))
})

/** Milliseconds, for a machine that does much else. */
const timeout = 300_000

/** Where much else runs, what takes longer than a millisecond is a span of its own, and is printed. */
const attempts = 4

describe.concurrent("documentation", () => {
  it("has programs whose output is shown", () => {
    assert.isAbove(outputs.length, 0)
  })

  for (const { page, path, printed } of outputs) {
    it(`${path}:${printed.line} is what "${printed.command}" prints`, async () => {
      let actual = ""
      for (let attempt = 1; attempt <= attempts; attempt++) {
        actual = await PrintedOutput.run(page, printed.command)
        if (PrintedOutput.matches(printed.expected, actual)) return
      }
      assert.fail(`it prints something else; put this in place, or run npm run docs:generate:\n${actual}`)
    }, timeout)
  }
})

describe("printed output", () => {
  const page = "```ts\n// a.ts\nconsole.log(1)\n```\n\n```sh\nX=1 node a.ts\n```\n\nIt prints:\n\n```text\n2\n```\n\n" +
    "```sh\nnpm ci\n```\n\n```text\nadded\n```\n\n```text\nalone\n```\n"

  it("is found behind a command that runs a file of the page, and nowhere else", () => {
    assert.deepStrictEqual(PrintedOutput.find(page), [{ command: "X=1 node a.ts", expected: "2", line: 13 }])
  })

  it("is what the program prints", async () => {
    const [printed] = PrintedOutput.find(page)
    const actual = await PrintedOutput.run(page, printed!.command)
    assert.strictEqual(actual, "1")
    assert.strictEqual(PrintedOutput.replace(page, printed!, actual), page.replace("```text\n2\n", "```text\n1\n"))
  })

  it("fails with the output of a program that fails", async () => {
    const failed = await PrintedOutput.run("```ts\n// a.ts\nthrow new Error(\"no\")\n```\n", "node a.ts").catch(String)
    assert.match(failed, /Error: node a\.ts failed: [^]*Error: no/)
  })

  it.each([
    ["a\nb", "a\nb"],
    ["a\n…\nd", "a\nb\nc\nd"],
    ["…\nc\n…", "a\nb\nc\nd"],
    ["…\nc", "a\nb\nc"],
    ["a\n…", "a\nb"],
    ["a\n…\nb\n…\nc", "a\nx\nb\nc"],
    ["at 10:00:00.123 in 1.5 ms", "at 11:11:11.000 in 20 µs"],
    [
      "{\"queue_seconds\":0.1,\"t\":\"2026-11-26T12:10:52.987Z\"}",
      "{\"queue_seconds\":1e-7,\"t\":\"2025-01-26T12:10:52.987Z\"}"
    ],
    ["queueSeconds: 0.21,", "queueSeconds: 1,"],
    ["x_seconds_sum{a=\"b\"} 0.1", "x_seconds_sum{a=\"b\"} 0.2"],
    ["id 664a12219328ada3fc244a123d8488a5", "id 00000000000000000000000000000001"]
  ])("%j is %j", (expected, actual) => {
    assert.isTrue(PrintedOutput.matches(expected, actual))
  })

  it.each([
    ["a", "b"],
    ["a", "a\nb"],
    ["a\nb", "a"],
    ["a\n…\nd", "a\nb\nc"],
    ["…\nb", "a\nb\nc"],
    ["b\n…", "a\nb"],
    ["a\n…\na", "a"],
    ["x_total 1", "x_total 2"],
    ["attempt=1", "attempt=2"]
  ])("%j is not %j", (expected, actual) => {
    assert.isFalse(PrintedOutput.matches(expected, actual))
  })
})

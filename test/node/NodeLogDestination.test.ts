import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Runs a program of `test/support/programs` under a shell pipe and gives what it wrote and how it ended. */
const pipe = (program: string, reader: string, options = "") =>
  Effect.callback<{ readonly stdout: string; readonly stderr: string }>((resume) => {
    const path = fileURLToPath(new URL(`../support/programs/${program}.ts`, import.meta.url))
    const node = `"${process.execPath}" --conditions=tasker-telemetry-source "${path}" ${options}`
    const child = spawn("bash", ["-c", `set -o pipefail; ${node} | ${reader}; echo "status \${PIPESTATUS[0]}" >&2`])
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text))
    child.on("close", () => resume(Effect.succeed({ stdout, stderr })))
    return Effect.sync(() => child.kill())
  })

/** The numbers of the lines, with the lines that came in parts put together from them. */
const numbersIn = (output: string) => {
  const lines: Array<string> = []
  const parts = new Map<string, Array<string>>()
  for (const line of output.trimEnd().split("\n")) {
    const { line_id: id, part, text } = JSON.parse(line) as {
      readonly line_id?: string
      readonly part: number
      readonly text: string
    }
    if (id === undefined) lines.push(line)
    else {
      assert.isBelow(Buffer.byteLength(line), 4096)
      const known = parts.get(id) ?? []
      known[part - 1] = text
      parts.set(id, known)
    }
  }
  for (const texts of parts.values()) lines.push(texts.join(""))
  return {
    parts: parts.size,
    numbers: lines.map((line) => (JSON.parse(line) as { readonly number: number }).number).toSorted((a, b) => a - b)
  }
}

describe("NodeLogDestination.layer", () => {
  const ways = [
    ["worker threads", "threads 0", 180, 0],
    ["worker threads beside a main thread that collects", "threads 100000", 180, 0],
    ["worker threads whose main thread does not log", "strangers 0", 120, 60],
    ["processes of a cluster", "cluster 10000", 180, 90],
    ["forked processes", "forked 0", 180, 90]
  ] as const
  for (const [who, program, lines, split] of ways) {
    it.live(`gives a slow reader whole lines of ${who}`, () =>
      Effect.gen(function*() {
        const { stdout } = yield* pipe("manyWriters", "(sleep 0.5; cat)", program)
        assert.deepStrictEqual(numbersIn(stdout), {
          parts: split,
          numbers: Array.from({ length: lines }, (_, index) => index + 180 - lines)
        })
      }), 60_000)
  }

  // The reader sleeps before it reads: the pipe fills up and the writer finds it not ready.
  it.live("loses none of 20 000 lines to a slow reader and ends", () =>
    Effect.gen(function*() {
      const { stderr, stdout } = yield* pipe("manyLines", "(sleep 0.7; cat)")
      const numbers = stdout.trimEnd().split("\n").map((line) =>
        (JSON.parse(line) as { readonly number: number }).number
      )
      assert.deepStrictEqual(numbers, Array.from({ length: 20_000 }, (_, index) => index))
      assert.strictEqual(stderr, "dropped 0\nstatus 0\n")
    }))

  it.live("lets the program go on and end when the reader never reads", () =>
    Effect.gen(function*() {
      const path = fileURLToPath(new URL("../support/programs/fullPipe.ts", import.meta.url))
      const child = spawn(process.execPath, ["--conditions=tasker-telemetry-source", path])
      const said = yield* Effect.callback<string>((resume) => {
        child.stderr.setEncoding("utf8").once("data", (text: string) => resume(Effect.succeed(text)))
        return Effect.sync(() => child.kill("SIGKILL"))
      })
      assert.strictEqual(said, "went on\n")
      child.kill("SIGTERM")
      const signal = yield* Effect.callback<NodeJS.Signals | null>((resume) => {
        child.on("exit", (_, ended) => resume(Effect.succeed(ended)))
        return Effect.sync(() => child.kill("SIGKILL"))
      })
      assert.strictEqual(signal, "SIGTERM")
    }))

  it.live("lets the program go on when the reader has gone", () =>
    Effect.gen(function*() {
      const { stderr, stdout } = yield* pipe("manyLines", "head -1")
      assert.strictEqual((JSON.parse(stdout) as { readonly number: number }).number, 0)
      assert.match(stderr, /^dropped [1-9]\d*\nstatus 0\n$/)
    }))
})

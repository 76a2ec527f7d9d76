import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { program } from "../support/programs.ts"

/**
 * Runs a program of `test/support/programs` under a shell pipe and gives what it wrote and how it ended. The reader can
 * wait for a line of descriptor 3, which comes when a writer has said on standard error that it has logged all its
 * lines.
 */
const pipe = (name: string, reader: string, options = "") =>
  Effect.flatMap(
    Effect.promise(() => program(name)),
    (path) =>
      Effect.callback<{ readonly stdout: string; readonly stderr: string }>((resume) => {
        const node = `"${process.execPath}" "${path}" ${options} < /dev/null`
        const script = `exec 3<&0; set -o pipefail; ${node} | ${reader}; echo "status \${PIPESTATUS[0]}" >&2`
        const child = spawn("bash", ["-c", script], { detached: true })
        let stdout = ""
        let stderr = ""
        // A reader that does not wait for it may have ended.
        child.stdin.on("error", () => {})
        child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text))
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          stderr += text
          if (stderr.includes("logged\n") && child.stdin.writable) child.stdin.end("\n")
        })
        child.on("close", () => resume(Effect.succeed({ stdout, stderr })))
        // The whole group, because bash does not end what it has started.
        return Effect.sync(() => child.exitCode === null && process.kill(-child.pid!))
      })
  )

/** Reads nothing before a writer has logged everything: the pipe is full, and the writers find it not ready. */
const slow = "(read -r <&3; cat)"

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

describe.concurrent("NodeLogDestination.layer", () => {
  const ways = [
    ["worker threads", "threads 0", 3, 0],
    ["worker threads beside a main thread that collects", "threads 100000", 3, 0],
    ["worker threads whose main thread does not log", "strangers 0", 2, 60],
    ["processes of a cluster", "cluster 10000", 3, 90],
    ["forked processes", "forked 0", 3, 90]
  ] as const
  for (const [who, options, writers, split] of ways) {
    it.live(`gives a slow reader whole lines of ${who}`, () =>
      Effect.gen(function*() {
        const { stdout } = yield* pipe("manyWriters", slow, options)
        assert.deepStrictEqual(numbersIn(stdout), {
          parts: split,
          numbers: Array.from({ length: writers * 60 }, (_, index) => index + 180 - writers * 60)
        })
      }))
  }

  it.live.each([
    ["a slow reader and ends", ""],
    ["a slow reader and ends though a child process has its output, too", "child"]
  ])("loses none of 20 000 lines to %s", ([, options]) =>
    Effect.gen(function*() {
      const { stderr, stdout } = yield* pipe("manyLines", slow, options)
      const numbers = stdout.trimEnd().split("\n").map((line) =>
        (JSON.parse(line) as { readonly number: number }).number
      )
      assert.deepStrictEqual(numbers, Array.from({ length: 20_000 }, (_, index) => index))
      assert.strictEqual(stderr, "logged\ndropped 0\nstatus 0\n")
    }))

  it.live("lets the program go on and end when the reader never reads", () =>
    Effect.gen(function*() {
      const child = spawn(process.execPath, [yield* Effect.promise(() => program("fullPipe"))])
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
      assert.match(stderr, /^logged\ndropped [1-9]\d*\nstatus 0\n$/)
    }))
})

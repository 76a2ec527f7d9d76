import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as NodeLogDestination from "../../src/logging/NodeLogDestination.ts"

const systemError = (code: string) => Object.assign(new Error(code), { code })

/** A destination over a reader that takes what `take` says: a number of bytes, or a system error to throw. */
const make = (take: (bytes: Uint8Array) => number | string) => {
  const decoder = new TextDecoder()
  const counts: Record<string, number> = {}
  const state = { written: "", waited: 0, counts }
  const destination = NodeLogDestination.make({
    writeBytes: (bytes) => {
      const answer = take(bytes)
      if (typeof answer === "string") throw systemError(answer)
      state.written += decoder.decode(bytes.subarray(0, answer), { stream: true })
      return answer
    },
    onWaiting: () => void state.waited++,
    countDropped: ([reason]) => {
      counts[reason!] = (counts[reason!] ?? 0) + 1
    }
  })
  return { ...destination, state }
}

describe("NodeLogDestination.make", () => {
  it("writes each line at once with its line break", () => {
    const { state, write } = make((bytes) => bytes.length)
    write("a")
    write("é")
    assert.deepStrictEqual(state, { written: "a\né\n", waited: 0, counts: {} })
  })

  it("goes on where a write took a part", () => {
    const { state, write } = make((bytes) => Math.min(bytes.length, 2))
    write("abcdef")
    write("gh")
    assert.deepStrictEqual(state, { written: "abcdef\ngh\n", waited: 0, counts: {} })
  })

  it("keeps the order where the reader is not ready for a while", () => {
    const answers: Array<number | string> = [2, "EAGAIN", "EAGAIN"]
    const { state, write } = make((bytes) => answers.shift() ?? bytes.length)
    write("first")
    write("second")
    assert.deepStrictEqual(state, { written: "fi", waited: 2, counts: {} })
    write("third")
    assert.deepStrictEqual(state, { written: "first\nsecond\nthird\n", waited: 2, counts: {} })
  })

  it.effect("flushes when the reader is ready again, and is asked every 5 ms", () =>
    Effect.gen(function*() {
      let ready = false
      let asked = 0
      const { flush, state, write } = make((bytes) => {
        asked++
        return ready ? bytes.length : "EAGAIN"
      })
      write("a")
      write("b")
      const flushing = yield* Effect.forkChild(flush)
      yield* TestClock.adjust("20 millis")
      assert.deepStrictEqual([asked, state.written], [7, ""])
      ready = true
      yield* TestClock.adjust("5 millis")
      yield* Fiber.join(flushing)
      assert.strictEqual(state.written, "a\nb\n")
    }))

  for (const code of ["EPIPE", "ENOSPC", "EBADF", "EIO"]) {
    it(`drops and counts a line on ${code} and writes the next one`, () => {
      const answers = [code]
      const { state, write } = make((bytes) => answers.shift() ?? bytes.length)
      write("lost")
      write("kept")
      assert.deepStrictEqual(state, { written: "kept\n", waited: 0, counts: { write_failed: 1 } })
    })
  }

  it("keeps at most 8 MiB for a reader that does not read, then drops and counts the newest", () => {
    let ready = false
    const { state, write } = make((bytes) => ready ? bytes.length : "EAGAIN")
    const line = "x".repeat(1024 * 1024 - 1)
    for (let number = 0; number < 20; number++) write(line)
    assert.deepStrictEqual(state.counts, { reader_too_slow: 12 })
    ready = true
    write("next")
    write("last")
    assert.isTrue(state.written === `${`${line}\n`.repeat(8)}next\nlast\n`)
    assert.deepStrictEqual(state.counts, { reader_too_slow: 12 })
  })

  it.effect.prop(
    "writes every byte in order, however the reader takes them",
    [Schema.Array(Schema.String), Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: -1, maximum: 5 })))],
    ([lines, takes]) =>
      Effect.gen(function*() {
        const left = [...takes]
        const { flush, state, write } = make((bytes) => {
          const take = left.shift() ?? bytes.length
          return take <= 0 ? "EAGAIN" : Math.min(take, bytes.length)
        })
        for (const line of lines) write(line)
        const flushing = yield* Effect.forkChild(flush)
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(flushing)
        assert.strictEqual(state.written, lines.map((line) => `${line.toWellFormed()}\n`).join(""))
      })
  )
})

/** Runs a program of `test/support/programs` under a shell pipe and gives what it wrote and how it ended. */
const pipe = (program: string, reader: string) =>
  Effect.callback<{ readonly stdout: string; readonly stderr: string }>((resume) => {
    const path = fileURLToPath(new URL(`../support/programs/${program}.ts`, import.meta.url))
    const node = `"${process.execPath}" --conditions=tasker-telemetry-source "${path}"`
    const child = spawn("bash", ["-c", `set -o pipefail; ${node} | ${reader}; echo "status \${PIPESTATUS[0]}" >&2`])
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text))
    child.on("close", () => resume(Effect.succeed({ stdout, stderr })))
    return Effect.sync(() => child.kill())
  })

describe("NodeLogDestination.layer", () => {
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

  it.live("lets the program go on when the reader has gone", () =>
    Effect.gen(function*() {
      const { stderr, stdout } = yield* pipe("manyLines", "head -1")
      assert.strictEqual((JSON.parse(stdout) as { readonly number: number }).number, 0)
      assert.match(stderr, /^dropped [1-9]\d*\nstatus 0\n$/)
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { LogLevel } from "effect"
import * as LineBuffer from "../../../src/node/internal/LineBuffer.ts"

const systemError = (code: string) => Object.assign(new Error(code), { code })

/** A buffer over a reader that takes what `take` says: a number of bytes, or a system error to throw. */
const make = (take: (bytes: Uint8Array) => number | string, bufferBytes = 0) => {
  const decoder = new TextDecoder()
  const counts: Record<string, number> = {}
  const state = { written: "", writes: 0, left: 0, counts }
  const buffer = LineBuffer.make({
    bufferBytes,
    writeBytes: (space, offset, length) => {
      const bytes = space.subarray(offset, offset + length)
      state.writes++
      const answer = take(bytes)
      if (typeof answer === "string") throw systemError(answer)
      state.written += decoder.decode(bytes.subarray(0, answer), { stream: true })
      return answer
    },
    onLeft: () => void state.left++,
    countDropped: (reason, lines) => {
      counts[reason] = (counts[reason] ?? 0) + lines
    }
  })
  return { ...buffer, write: (line: string, level: LogLevel.LogLevel = "Info") => buffer.write(line, level), state }
}

const all = (bytes: Uint8Array) => bytes.length

describe("LineBuffer", () => {
  it("writes each line at once with its line break", () => {
    const { isEmpty, state, write } = make(all)
    write("a")
    write("é")
    assert.deepStrictEqual(state, { written: "a\né\n", writes: 2, left: 0, counts: {} })
    assert.isTrue(isEmpty())
  })

  it("collects lines up to its size, and writes what came before an error with it", () => {
    const { drain, state, write } = make(all, 10)
    write("abcd")
    write("efgh")
    assert.deepStrictEqual([state.written, state.left], ["", 2])
    write("i")
    assert.deepStrictEqual([state.written, state.writes], ["abcd\nefgh\ni\n", 1])
    write("j")
    write("k", "Error")
    write("l", "Fatal")
    write("m", "Warn")
    assert.strictEqual(state.written, "abcd\nefgh\ni\nj\nk\nl\n")
    drain()
    assert.deepStrictEqual([state.written, state.writes], ["abcd\nefgh\ni\nj\nk\nl\nm\n", 4])
  })

  it("collects nothing any more once it is closed", () => {
    const { close, drain, state, write } = make(all, 100)
    write("a")
    close()
    drain()
    write("b")
    assert.strictEqual(state.written, "a\nb\n")
  })

  it("goes on where a write took a part", () => {
    const { state, write } = make((bytes) => Math.min(bytes.length, 2))
    write("abcdef")
    write("gh")
    assert.strictEqual(state.written, "abcdef\ngh\n")
  })

  it.each([["EAGAIN"], [0]])("keeps the order where the reader answers %s for a while", (later) => {
    const answers: Array<number | string> = [2, later, later]
    const { isEmpty, state, write } = make((bytes) => answers.shift() ?? bytes.length)
    write("first")
    write("second")
    assert.deepStrictEqual([state.written, state.left, isEmpty()], ["fi", 2, false])
    write("third")
    assert.deepStrictEqual([state.written, state.left, isEmpty()], ["first\nsecond\nthird\n", 2, true])
  })

  it.each(["EPIPE", "ENOSPC", "EBADF", "EIO"])("drops and counts lines on %s and writes the next one", (code) => {
    const answers = [code]
    const { state, write } = make((bytes) => answers.shift() ?? bytes.length, 6)
    write("lost")
    write("too")
    write("kept", "Error")
    assert.deepStrictEqual([state.written, state.counts], ["kept\n", { write_failed: 2 }])
  })

  it("does not append a line to one that was cut off in the middle", () => {
    const answers: Array<number | string> = [3, "ENOSPC"]
    const { state, write } = make((bytes) => answers.shift() ?? bytes.length)
    write("{\"a\":1}")
    write("{\"b\":2}")
    write("{\"c\":3}")
    assert.deepStrictEqual([state.written, state.counts], ["{\"a\n{\"b\":2}\n{\"c\":3}\n", { write_failed: 1 }])
  })

  it("does not append a line to one that was cut off, waited and could not be finished", () => {
    const answers: Array<number | string> = [3, "EAGAIN", "EIO"]
    const { state, write } = make((bytes) => answers.shift() ?? bytes.length)
    write("{\"a\":1}")
    write("{\"b\":2}")
    assert.deepStrictEqual([state.written, state.counts], ["{\"a\n{\"b\":2}\n", { write_failed: 1 }])
  })

  it("counts a dropped line once, however often it could not be written", () => {
    const answers: Array<number | string> = [3, "ENOSPC", "EIO", "EIO", "EAGAIN", "EIO"]
    const { drain, state, write } = make((bytes) => answers.shift() ?? bytes.length)
    write("{\"a\":1}")
    assert.deepStrictEqual(state.counts, { write_failed: 1 })
    write("{\"b\":2}")
    assert.deepStrictEqual(state.counts, { write_failed: 2 })
    write("{\"c\":3}")
    assert.deepStrictEqual(state.counts, { write_failed: 3 })
    write("{\"d\":4}")
    drain()
    assert.deepStrictEqual([state.written, state.counts], ["{\"a", { write_failed: 4 }])
    write("{\"e\":5}")
    assert.deepStrictEqual([state.written, state.counts], ["{\"a\n{\"e\":5}\n", { write_failed: 4 }])
  })

  it("counts a record of several lines once", () => {
    const answers: Array<number | string> = ["EIO", "EIO"]
    const { drain, state, write } = make((bytes) => answers.shift() ?? bytes.length, 100)
    write("12:00 ERROR one", "Error")
    write("12:00 WARN  two\n    a=1\n        at f", "Warn")
    write("12:00 WARN  three\n    b=1", "Warn")
    drain()
    assert.deepStrictEqual(state.counts, { write_failed: 3 })
  })

  it("drops and counts what the reader has not taken, the line that was begun too", () => {
    const answers: Array<number | string> = [3, "EAGAIN", "EAGAIN"]
    const { dropAll, isEmpty, state, write } = make((bytes) => answers.shift() ?? bytes.length)
    write("first")
    write("second")
    dropAll()
    dropAll()
    assert.deepStrictEqual([state.counts, isEmpty()], [{ reader_too_slow: 2 }, true])
    write("third")
    assert.strictEqual(state.written, "fir\nthird\n")
  })

  it("keeps at most 8 MiB for a reader that does not read, then drops and counts the newest", () => {
    let ready = false
    const { state, write } = make((bytes) => ready ? bytes.length : "EAGAIN")
    const line = "x".repeat(1024 * 1024 - 1)
    for (let number = 0; number < 20; number++) write(line, "Error")
    assert.deepStrictEqual(state.counts, { reader_too_slow: 11 })
    ready = true
    write("next")
    write("last")
    assert.isTrue(state.written === `${`${line}\n`.repeat(9)}next\nlast\n`)
    assert.deepStrictEqual(state.counts, { reader_too_slow: 11 })
  })

  it("drops what matters least first", () => {
    const { state, write } = make(() => "EAGAIN")
    const line = "x".repeat(100_000)
    const accepted = (level: LogLevel.LogLevel) => {
      let count = 0
      for (let before = state.counts["reader_too_slow"] ?? 0; (state.counts["reader_too_slow"] ?? 0) === before;) {
        write(line, level)
        count++
      }
      return count - 1
    }
    assert.deepStrictEqual(
      [accepted("Debug"), accepted("Trace"), accepted("Info"), accepted("Debug"), accepted("Warn"), accepted("Error")],
      [42, 0, 21, 0, 13, 8]
    )
  })

  it.prop(
    "writes every byte in order, however the reader takes them",
    [
      Schema.Array(Schema.String),
      Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: -1, maximum: 5 }))),
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
    ],
    ([lines, takes, size]) => {
      const left = [...takes]
      const { drain, isEmpty, state, write } = make((bytes) => {
        const take = left.shift() ?? bytes.length
        return take <= 0 ? "EAGAIN" : Math.min(take, bytes.length)
      }, size)
      for (const line of lines) write(line)
      while (!isEmpty()) drain()
      assert.strictEqual(state.written, lines.map((line) => `${line}\n`).join("").toWellFormed())
    }
  )

  it("keeps the bytes that the reader does not take, because their memory is used again", () => {
    const answers: Array<number | string> = [2, "EAGAIN"]
    const { drain, isEmpty, state, write, writeBytes } = make((bytes) => answers.shift() ?? bytes.length)
    const bytes = new TextEncoder().encode("abcd\n")
    writeBytes(bytes, bytes.length, "Info")
    bytes.fill(0x78)
    bytes[4] = 0x0a
    writeBytes(bytes, bytes.length, "Info")
    write("y")
    assert.deepStrictEqual([state.written, state.left], ["abcd\nxxxx\ny\n", 1])
    drain()
    assert.isTrue(isEmpty())
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { dirname } from "node:path"
import * as NodeLogFile from "../../src/logging/NodeLogFile.ts"
import { temporaryFile } from "../support/temporaryFile.ts"

const encoder = new TextEncoder()

/** A file with a clock of its own. */
const open = (path: string, options: Partial<NodeLogFile.LogFileOptions> = {}) => {
  const state = { now: 0, failed: 0 }
  return Effect.map(
    NodeLogFile.open({
      path,
      maximumBytes: 0,
      maximumAgeMillis: undefined,
      keep: 3,
      now: () => state.now,
      onRotationFailed: () => void state.failed++,
      ...options
    }),
    (file) => ({ ...file, state, write: (text: string) => file.writeBytes(encoder.encode(text), 0, text.length) })
  )
}

/** Every file in the folder, with what it holds. */
const contents = (path: string) =>
  Object.fromEntries(
    readdirSync(dirname(path)).toSorted().map((name) => [name, readFileSync(`${dirname(path)}/${name}`, "utf8")])
  )

describe("NodeLogFile", () => {
  it.effect("makes the folder and appends to what is there", () =>
    Effect.gen(function*() {
      const path = `${dirname(yield* temporaryFile)}/a/b/app.log`
      yield* Effect.scoped(Effect.map(open(path), ({ write }) => write("1\n")))
      yield* Effect.scoped(Effect.map(open(path), ({ write }) => write("2\n")))
      assert.deepStrictEqual(contents(path), { "app.log": "1\n2\n" })
    }))

  it.effect("ends a line first that was left in the middle", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      writeFileSync(path, "1\n{\"half\":")
      yield* Effect.scoped(Effect.map(open(path, { maximumBytes: 12 }), ({ write }) => {
        write("2\n")
      }))
      assert.deepStrictEqual(contents(path), { "app.log": "2\n", "app.log.1": "1\n{\"half\":\n" })
      writeFileSync(path, "3")
      yield* Effect.scoped(Effect.map(open(path), ({ write }) => write("4\n")))
      assert.strictEqual(readFileSync(path, "utf8"), "3\n4\n")
    }))

  it.effect("fails with the path and the reason if the file cannot be opened", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      mkdirSync(path)
      const error = yield* Effect.flip(open(path))
      assert.match(error.message, /^cannot open the log file .*app\.log: EISDIR.*check logging\.file\.path/)
    }))

  it.effect("rotates before a line would make it too large, and keeps the newest files", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { write } = yield* open(path, { maximumBytes: 4, keep: 2 })
      for (const text of ["1\n", "2\n", "3\n", "4\n", "5\n", "a long one\n", "6\n"]) write(text)
      assert.deepStrictEqual(contents(path), { "app.log": "6\n", "app.log.1": "a long one\n", "app.log.2": "5\n" })
    }))

  it.effect("takes only the lines that a file has room for, however many it is given", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { writeBytes } = yield* open(path, { maximumBytes: 5, keep: 9 })
      const bytes = encoder.encode("1\n2\n3\na long one\n4\n5\n6\n")
      const counts: Array<number> = []
      for (let offset = 0; offset < bytes.length; offset += counts.at(-1) ?? 0) {
        counts.push(writeBytes(bytes, offset, bytes.length - offset))
      }
      assert.deepStrictEqual(counts, [4, 2, 11, 4, 2])
      assert.deepStrictEqual(contents(path), {
        "app.log": "6\n",
        "app.log.1": "4\n5\n",
        "app.log.2": "a long one\n",
        "app.log.3": "3\n",
        "app.log.4": "1\n2\n"
      })
    }))

  it.effect("leaves a device, a pipe or whatever is no file where it is", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      execFileSync("mkfifo", [path])
      // A pipe with a reader can be opened for writing.
      const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      const { state, write } = yield* open(path, { maximumBytes: 4, maximumAgeMillis: 1 })
      for (const text of ["1\n", "2\n", "3\n"]) {
        state.now += 10
        write(text)
      }
      closeSync(reader)
      assert.deepStrictEqual(readdirSync(dirname(path)), ["app.log"])
    }))

  it.effect("counts what an existing file holds", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      writeFileSync(path, "old\n")
      const { write } = yield* open(path, { maximumBytes: 5 })
      write("new\n")
      assert.deepStrictEqual(contents(path), { "app.log": "new\n", "app.log.1": "old\n" })
    }))

  it.effect("rotates by age, counted anew for each file, and never an empty one", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { state, write } = yield* open(path, { maximumAgeMillis: 1000 })
      state.now = 5000
      write("1\n")
      state.now = 5999
      write("2\n")
      state.now = 6000
      write("3\n")
      state.now = 6500
      write("4\n")
      assert.deepStrictEqual(contents(path), { "app.log": "2\n3\n4\n", "app.log.1": "1\n" })
    }))

  it.effect("does not tear a line apart", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { write } = yield* open(path, { maximumBytes: 4 })
      write("abc")
      write("def\n")
      write("g\n")
      assert.deepStrictEqual(contents(path), { "app.log": "g\n", "app.log.1": "abcdef\n" })
    }))

  it.effect("opens the path anew for whoever has moved the file", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { reopen, state, write } = yield* open(path)
      write("1\n")
      renameSync(path, `${path}.moved`)
      write("2\n")
      reopen()
      write("3\n")
      assert.deepStrictEqual([contents(path), state.failed], [{ "app.log": "3\n", "app.log.moved": "1\n2\n" }, 0])
    }))

  it.effect("goes on in a new file if the path is gone, and leaves the older ones where they are", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { write } = yield* open(path, { maximumBytes: 2 })
      write("1\n")
      write("2\n")
      rmSync(path)
      write("3\n")
      write("4\n")
      assert.deepStrictEqual(contents(path), { "app.log": "4\n", "app.log.1": "3\n", "app.log.2": "1\n" })
    }))

  it.effect("goes on in the old file if it cannot be rotated, and tries again after a minute", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { state, write } = yield* open(path, { maximumBytes: 2, keep: 1 })
      mkdirSync(`${path}.1/in-the-way`, { recursive: true })
      for (const text of ["1\n", "2\n", "3\n"]) assert.strictEqual(write(text), 2)
      assert.deepStrictEqual([readFileSync(path, "utf8"), state.failed], ["1\n2\n3\n", 1])
      state.now = 60_000
      write("4\n")
      assert.strictEqual(state.failed, 2)
      rmSync(`${path}.1`, { recursive: true })
      state.now = 120_000
      write("5\n")
      assert.deepStrictEqual(contents(path), { "app.log": "5\n", "app.log.1": "1\n2\n3\n4\n" })
    }))

  it.effect("keeps the file it has if the path cannot be opened anew", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { reopen, state, write } = yield* open(path)
      renameSync(path, `${path}.moved`)
      mkdirSync(path)
      reopen()
      write("1\n")
      assert.deepStrictEqual([readFileSync(`${path}.moved`, "utf8"), state.failed], ["1\n", 1])
    }))

  it.effect("writes into nobody's file once it is closed", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { reopen, write } = yield* Effect.scoped(open(path))
      assert.throws(() => write("late\n"))
      reopen()
      assert.throws(() => write("late\n"))
      assert.isTrue(existsSync(path))
      assert.strictEqual(readFileSync(path, "utf8"), "")
    }))
})

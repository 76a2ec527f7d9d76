import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync, spawn } from "node:child_process"
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
  utimesSync,
  writeFileSync
} from "node:fs"
import { dirname } from "node:path"
import * as LogFile from "../../../src/node/internal/LogFile.ts"
import { program } from "../../support/programs.ts"
import { temporaryFile } from "../../support/temporaryFile.ts"

const encoder = new TextEncoder()

/** A file with a clock of its own. */
const open = (path: string, options: Partial<LogFile.LogFileOptions> = {}) => {
  const state = { now: 0, failed: 0 }
  return Effect.map(
    LogFile.open({
      path,
      maximumBytes: 0,
      maximumAgeMillis: undefined,
      keep: 3,
      now: () => state.now,
      onRotationFailed: () => void state.failed++,
      ...options
    }),
    (file) => ({
      ...file,
      state,
      write: (text: string) => {
        file.follow(state.now)
        return file.writeBytes(encoder.encode(text), 0, text.length)
      }
    })
  )
}

/** Every file in the folder, with what it holds. */
const contents = (path: string) =>
  Object.fromEntries(
    readdirSync(dirname(path)).toSorted().map((name) => [name, readFileSync(`${dirname(path)}/${name}`, "utf8")])
  )

const rotates = await program("rotates")

/** Runs several processes that log into one file at the same time, and gives their exit codes. */
const together = (path: string, count: number, lines: number) =>
  Effect.all(
    Array.from({ length: count }, (_, index) =>
      Effect.callback<number | null>((resume) => {
        const child = spawn(
          process.execPath,
          [rotates, path, `${index}`, `${lines}`],
          { stdio: "ignore" }
        )
        child.on("close", (code) => resume(Effect.succeed(code)))
        return Effect.sync(() => child.kill("SIGKILL"))
      })),
    { concurrency: "unbounded" }
  )

describe("LogFile", () => {
  it.live(
    "loses no line and tears none when three processes write to one file and rotate it",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFile
        assert.deepStrictEqual(yield* together(path, 3, 1000), [0, 0, 0])
        const files = contents(path)
        const numbers = Object.values(files).flatMap((text) => text.trimEnd().split("\n")).map((line) =>
          (JSON.parse(line) as { readonly number: number }).number
        )
        assert.deepStrictEqual(numbers.toSorted((a, b) => a - b), Array.from({ length: 3000 }, (_, index) => index))
        assert.isAbove(Object.keys(files).length, 5)
        assert.notInclude(Object.keys(files), "app.log.lock")
      }),
    60_000
  )

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

  it.effect("looks once a second, by the times of the lines, for a file that was removed, and when they go back", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { state, write } = yield* open(path)
      const remove = () => rmSync(path)
      const isThere = () => readdirSync(dirname(path)).length > 0
      const seen: Array<boolean> = []
      for (const now of [5000, 5999, 6000, 2000, 2999, 3000]) {
        if (isThere()) remove()
        state.now = now
        write("1\n")
        seen.push(isThere())
      }
      assert.deepStrictEqual(seen, [true, false, true, true, false, true])
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

  it.effect("goes on in the new file when another process has rotated it, however often", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const busy = yield* open(path, { maximumBytes: 4, keep: 2 })
      const quiet = yield* open(path, { maximumBytes: 4, keep: 2 })
      quiet.write("q\n")
      for (const text of ["1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n"]) busy.write(text)
      quiet.write("Q\n")
      busy.write("8\n")
      assert.deepStrictEqual(contents(path), { "app.log": "Q\n8\n", "app.log.1": "6\n7\n", "app.log.2": "4\n5\n" })
    }))

  it.effect("counts what others write to the file, and rotates it once for all of them", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const files = yield* Effect.all([1, 2, 3].map(() => open(path, { maximumBytes: 6, keep: 9 })))
      for (let number = 0; number < 9; number++) files[number % 3]?.write(`${number}\n`)
      assert.deepStrictEqual(contents(path), {
        "app.log": "6\n7\n8\n",
        "app.log.1": "3\n4\n5\n",
        "app.log.2": "0\n1\n2\n"
      })
    }))

  it.effect("rotates by age once for all who write to the file", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const [one, two] = yield* Effect.all([
        open(path, { maximumAgeMillis: 1000 }),
        open(path, { maximumAgeMillis: 1000 })
      ])
      const passTo = (now: number) => {
        one.state.now = now
        two.state.now = now
      }
      one.write("1\n")
      passTo(1000)
      two.write("2\n")
      one.write("3\n")
      assert.deepStrictEqual(contents(path), { "app.log": "2\n3\n", "app.log.1": "1\n" })
    }))

  it.effect("follows a rotation by another process, though it rotates nothing itself", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const rotating = yield* open(path, { maximumBytes: 2 })
      const plain = yield* open(path)
      plain.write("1\n")
      rotating.write("2\n")
      plain.state.now = 1000
      plain.write("3\n")
      assert.strictEqual(readFileSync(path, "utf8"), "2\n3\n")
    }))

  it.effect("makes a new file within a second when its own was deleted", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { state, write } = yield* open(path)
      write("1\n")
      rmSync(path)
      state.now = 1000
      write("2\n")
      assert.deepStrictEqual(contents(path), { "app.log": "2\n" })
    }))

  it.effect("leaves a rotation to the process that holds the lock, and takes the lock of one that died", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const { state, write } = yield* open(path, { maximumBytes: 2 })
      writeFileSync(`${path}.lock`, "")
      for (const text of ["1\n", "2\n"]) write(text)
      assert.deepStrictEqual([contents(path), state.failed], [{ "app.log": "1\n2\n", "app.log.lock": "" }, 0])
      utimesSync(`${path}.lock`, 0, 0)
      for (const text of ["3\n", "4\n"]) write(text)
      assert.deepStrictEqual(contents(path), { "app.log": "4\n", "app.log.1": "1\n2\n3\n" })
    }))

  it.effect("removes rotated files beyond a lowered limit, and no other file", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const names = ["1", "2", "3", "5", "1000", "1001", "02", "20240101", "gz", "3.gz"]
      for (const name of names) writeFileSync(`${path}.${name}`, "")
      mkdirSync(`${path}.4`)
      yield* open(path, { keep: 1 })
      assert.strictEqual(readdirSync(dirname(path)).length, names.length + 2)
      yield* open(path, { keep: 2, maximumBytes: 1 })
      assert.deepStrictEqual(
        readdirSync(dirname(path)).toSorted(),
        ["", ".02", ".1", ".1001", ".2", ".20240101", ".3.gz", ".4", ".gz"].map((end) => `app.log${end}`)
      )
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

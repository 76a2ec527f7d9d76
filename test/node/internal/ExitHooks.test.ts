/**
 * Programs that end in every way they can: with telemetry each ends as it does without, and every line is there.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync, renameSync } from "node:fs"
import { program } from "../../support/programs.ts"
import { temporaryFile } from "../../support/temporaryFile.ts"

const exits = await program("exits")

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

interface Running {
  readonly kill: (signal: NodeJS.Signals) => void
  readonly closeOutput: () => void
}

/** Runs the program; `onReady` is called when it waits. */
const run = (
  mode: "with" | "without" | "limited" | "at once",
  way: string,
  path: string,
  { onHeard = () => {}, onReady = () => {}, stdout = "pipe" }: {
    readonly onHeard?: (running: Running) => void
    readonly onReady?: (running: Running) => void
    readonly stdout?: "pipe" | number
  } = {}
) =>
  Effect.callback<Ended>((resume) => {
    const child = spawn(
      process.execPath,
      [exits, mode, way, path],
      { stdio: ["ignore", stdout, "pipe"] }
    )
    const running: Running = { kill: (signal) => void child.kill(signal), closeOutput: () => child.stdout?.destroy() }
    child.stdout?.resume()
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("ready")) onReady(running)
      if (text.includes("heard")) onHeard(running)
    })
    child.on("close", (code, signal) => resume(Effect.succeed({ code, signal })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const numbersIn = (path: string) =>
  readFileSync(path, "utf8").trimEnd().split("\n").map((line) =>
    (JSON.parse(line) as { readonly number: number }).number
  )

/** Does something as soon as it is so; a file may not be there yet. */
const once = (isSo: () => boolean, then: () => void): void => {
  const timer = setInterval(() => {
    try {
      if (!isSo()) return
    } catch {
      return
    }
    clearInterval(timer)
    then()
  }, 50)
}

const hundred = Array.from({ length: 100 }, (_, number) => number)

const ways: ReadonlyArray<readonly [way: string, signal: NodeJS.Signals | undefined, ended: Ended]> = [
  ["returns", undefined, { code: 0, signal: null }],
  ["exit code", undefined, { code: 9, signal: null }],
  ["process.exit", undefined, { code: 1, signal: null }],
  ["uncaught exception", undefined, { code: 1, signal: null }],
  ["caught exception", undefined, { code: 6, signal: null }],
  ["unhandled rejection", undefined, { code: 1, signal: null }],
  ["runMain fails", undefined, { code: 1, signal: null }],
  ["waits", "SIGTERM", { code: null, signal: "SIGTERM" }],
  ["waits", "SIGINT", { code: null, signal: "SIGINT" }],
  ["runMain waits", "SIGTERM", { code: 130, signal: null }],
  ["runMain waits", "SIGINT", { code: 130, signal: null }],
  ["another listener", "SIGTERM", { code: 7, signal: null }],
  ["a listener that goes on", "SIGTERM", { code: 5, signal: null }]
]

describe.concurrent("a program that logs", () => {
  for (const [way, signal, expected] of ways) {
    const onReady = ({ kill }: Running) => {
      if (signal !== undefined) kill(signal)
    }

    it.live(`ends as without telemetry, with every line written: ${way}${signal === undefined ? "" : `, ${signal}`}`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFile
        const [without, observed] = yield* Effect.all(
          [run("without", way, path, { onReady }), run("with", way, path, { onReady })],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(without, expected, "without telemetry")
        assert.deepStrictEqual(observed, expected, "with telemetry")
        assert.deepStrictEqual(numbersIn(path), hundred)
      }))
  }

  for (
    const [way, signal, expected] of ways.filter(([way]) =>
      /^(returns|process\.exit|uncaught exception|waits)$/.test(way)
    )
  ) {
    it.live(`says how many lines were held back: ${way}${signal === undefined ? "" : `, ${signal}`}`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFile
        const ended = yield* run("limited", way, path, {
          onReady: ({ kill }) => {
            if (signal !== undefined) kill(signal)
          }
        })
        assert.deepStrictEqual(ended, expected)
        const lines = readFileSync(path, "utf8").trimEnd().split("\n").map((line) =>
          JSON.parse(line) as { readonly message: string; readonly suppressed?: number }
        )
        assert.deepStrictEqual(lines.map(({ message }) => message), [
          ...Array.from({ length: 5 }, () => "line"),
          "95 suppressed: line"
        ])
      }))
  }

  it.live("ends as without telemetry at the second signal, where a listener has heard the first", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      for (const mode of ["without", "with"] as const) {
        const ended = yield* run(mode, "hears once", path, {
          onReady: ({ kill }) => kill("SIGTERM"),
          onHeard: ({ kill }) => kill("SIGTERM")
        })
        assert.deepStrictEqual(ended, { code: null, signal: "SIGTERM" }, mode)
      }
      assert.deepStrictEqual(numbersIn(path), [...hundred, 100])
    }))

  it.live("ends as without telemetry if nobody reads its output any more", () =>
    Effect.gen(function*() {
      for (const mode of ["without", "with"] as const) {
        const ended = yield* run(mode, "waits", "-", {
          onReady: ({ closeOutput, kill }) => {
            closeOutput()
            kill("SIGTERM")
          }
        })
        assert.deepStrictEqual(ended, { code: null, signal: "SIGTERM" }, mode)
      }
    }))

  it.live.skipIf(!existsSync("/dev/full"))(
    "ends as without telemetry if the disk is full",
    () =>
      Effect.gen(function*() {
        const full = yield* Effect.acquireRelease(
          Effect.sync(() => openSync("/dev/full", "w")),
          (descriptor) => Effect.sync(() => closeSync(descriptor))
        )
        for (const [path, way, code] of [["-", "returns", 0], ["/dev/full", "process.exit", 1]] as const) {
          const ended = yield* Effect.all(
            [run("without", way, path, { stdout: full }), run("with", way, path, { stdout: full })],
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(ended, [{ code, signal: null }, { code, signal: null }], `${path} ${way}`)
        }
      })
  )

  it.live("ends by whichever signal it got, with every line written", () =>
    Effect.forEach(
      ["SIGHUP", "SIGQUIT", "SIGUSR2", "SIGALRM"] as const,
      (signal) =>
        Effect.gen(function*() {
          const path = yield* temporaryFile
          const ended = yield* run("with", "waits", path, { onReady: ({ kill }) => kill(signal) })
          assert.deepStrictEqual([ended, numbersIn(path)], [{ code: null, signal }, hundred])
        }),
      { concurrency: 2, discard: true }
    ))

  const exitListeners = [
    ["exit listener, process.exit", 3, [100, 101]],
    ["exit listener, uncaught exception", 1, [100]]
  ] as const
  for (const [way, code, numbers] of exitListeners) {
    it.live(`writes what a listener for the end of the process logs: ${way}`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFile
        assert.deepStrictEqual(yield* run("without", way, path), { code, signal: null })
        assert.deepStrictEqual(yield* run("with", way, path), { code, signal: null })
        assert.deepStrictEqual(numbersIn(path), [...hundred, ...numbers])
      }))
  }

  it.live("says how many lines were held back before a listener for the end of the process logs", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      yield* run("limited", "exit listener, process.exit", path)
      const messages = readFileSync(path, "utf8").trimEnd().split("\n").slice(5).map((line) =>
        (JSON.parse(line) as { readonly message: string }).message
      )
      assert.deepStrictEqual(messages, ["95 suppressed: line", "line", "line"])
    }))

  it.live("leaves it to the signal to end a program that never lets go of the thread, if nothing is collected", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      for (const mode of ["without", "at once"] as const) {
        const ended = yield* run(mode, "loops", path, { onReady: ({ kill }) => kill("SIGTERM") })
        assert.deepStrictEqual(ended, { code: null, signal: "SIGTERM" }, mode)
      }
      assert.deepStrictEqual(numbersIn(path), hundred)
    }))

  it.live("ends as without telemetry if the program aborts", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      for (const mode of ["without", "with"] as const) {
        assert.deepStrictEqual(yield* run(mode, "aborts", path), { code: null, signal: "SIGABRT" }, mode)
      }
    }))

  it.live("writes into a new file after SIGHUP, and goes on", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const ended = yield* run("with", "hangup", path, {
        onReady: ({ kill }) => {
          once(() => numbersIn(path).length >= 100, () => {
            renameSync(path, `${path}.moved`)
            kill("SIGHUP")
            once(() => readFileSync(path, "utf8").includes("alive"), () => kill("SIGTERM"))
          })
        }
      })
      assert.deepStrictEqual(ended, { code: null, signal: "SIGTERM" })
      assert.deepStrictEqual(numbersIn(`${path}.moved`).slice(0, 100), hundred)
      assert.include(readFileSync(path, "utf8"), "alive")
    }))
})

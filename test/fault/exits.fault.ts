/**
 * Programs that end in every way they can. With a spool, the next process that uses the folder sends what nobody has
 * taken. Without a spool, a file gets what is in memory.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as otlpDecoder from "../support/otlpDecoder.ts"
import * as otlpLogDecoder from "../support/otlpLogDecoder.ts"
import { OtlpReceiver } from "../support/otlpReceiver.ts"
import { program } from "../support/programs.ts"
import { temporaryFolder } from "../support/temporaryFile.ts"

const spooled = await program("spooled")

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

/** The default of `delivery.spool.appendInterval`, in milliseconds. */
const appendInterval = 200
/** A timer may be late where much else runs. */
const slack = 100

const nobody = "http://127.0.0.1:9"

/** Runs the program; `onOutput` is called with what it has told so far. */
const run = (folder: string, way: string, onOutput: OnOutput = () => {}) => ended(start(nobody, folder, way), onOutput)

type OnOutput = (output: string, child: ChildProcess) => void

const ended = (child: ReturnType<typeof start>, onOutput: OnOutput) =>
  Effect.callback<Ended>((resume) => {
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
      onOutput(output, child)
    })
    child.stderr.resume()
    child.on("close", (code, signal) => resume(Effect.succeed({ code, signal, output })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const start = (endpoint: string, folder: string, way: string, spool = join(folder, "spool")) =>
  spawn(process.execPath, [spooled, endpoint, spool, join(folder, "app.log"), way], {
    stdio: ["ignore", "pipe", "pipe"]
  })

/** Starts another process, and waits until it has sent everything of the folder and no file is left. */
const recover = Effect.fnUntraced(function*(folder: string) {
  const { next, received, url } = yield* OtlpReceiver
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => start(url, folder, "waits for others")),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  child.stdout.resume()
  child.stderr.resume()
  while (segments(folder) > 0) yield* Effect.timeoutOption(next, "100 millis")
  const spans = received.filter(({ path }) => path === "/v1/traces").flatMap(({ body }) =>
    otlpDecoder.decode(body).spans
  )
  const logs = received.filter(({ path }) => path === "/v1/logs").flatMap(({ body }) =>
    otlpLogDecoder.decode(body).logs
  )
  return { spans, logs }
})

const segments = (folder: string): number =>
  ["traces", "logs"].flatMap((signal) => readdirSync(join(folder, "spool", signal)))
    .filter((name) => name.endsWith(".segment")).length

const linesOf = (folder: string): ReadonlyArray<string> =>
  readFileSync(join(folder, "app.log"), "utf8").trimEnd().split("\n").map((line) =>
    (JSON.parse(line) as { readonly message: string }).message
  )

const isRecord = (name: string) => /^record \d+$|^late$/.test(name)

const hundred = Array.from({ length: 100 }, (_, number) => `record ${number}`)

interface Way {
  readonly name: string
  readonly way: string
  readonly signal?: NodeJS.Signals
  readonly ended: Omit<Ended, "output">
  /** Why the process ended, as open spans say it. */
  readonly why?: string
}

const bySignal = (signal: NodeJS.Signals): Way => ({
  name: signal,
  way: "waits",
  signal,
  ended: { code: null, signal },
  why: `the process was ended by ${signal}`
})

const byCode = (way: string, code: number, why?: string): Way => ({
  name: way,
  way,
  ended: { code, signal: null },
  ...(why === undefined ? {} : { why })
})

const ways: ReadonlyArray<Way> = [
  byCode("returns", 0),
  byCode("has nothing left to do", 0, "the process has ended"),
  byCode("process.exit", 1, "the process has ended"),
  byCode("throws", 1, "the process was ended by Error: it broke"),
  byCode("rejects", 1, "the process was ended by Error: nobody listens"),
  bySignal("SIGTERM"),
  bySignal("SIGINT"),
  bySignal("SIGHUP"),
  bySignal("SIGQUIT")
]

describe("a program with a spool", () => {
  for (const { ended, name, signal, way, why } of ways) {
    it.live(`loses nothing: ${name}`, () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const { output: _, ...actual } = yield* run(folder, way, (_, child) => {
          if (signal !== undefined) child.kill(signal)
        })
        assert.deepStrictEqual(actual, ended)
        const { logs, spans } = yield* recover(folder)
        // A signal leaves no time for listeners of the exit.
        const names = way === "returns" || signal !== undefined ? hundred : [...hundred, "late"]
        // A batch in flight goes to disk after those that wait.
        assert.deepStrictEqual(spans.map(({ name }) => name).filter(isRecord).toSorted(), names.toSorted())
        assert.deepStrictEqual(logs.map(({ body }) => body).filter(isRecord).toSorted(), names.toSorted())
        assert.deepStrictEqual(linesOf(folder).filter(isRecord), names)
        const open = spans.filter(({ name }) => name === "inner" || name === "outer")
        assert.deepStrictEqual(
          open.map(({ name, status }) => [name, status.code, status.message]),
          why === undefined ? [] : [["inner", 2, why], ["outer", 2, why]]
        )
      }).pipe(Effect.scoped, Effect.provide(OtlpReceiver.layer)))
  }

  it.live("loses nothing: a signal that the program handles", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const { code } = yield* run(folder, "runMain", (_, child) => child.kill("SIGTERM"))
      assert.strictEqual(code, 130)
      const { logs, spans } = yield* recover(folder)
      assert.deepStrictEqual(spans.map(({ name }) => name).toSorted(), [...hundred, "outer"].toSorted())
      assert.deepStrictEqual(spans.filter(({ status }) => status.code !== undefined), [])
      assert.deepStrictEqual(logs.map(({ body }) => body).filter(isRecord).toSorted(), hundred.toSorted())
    }).pipe(Effect.scoped, Effect.provide(OtlpReceiver.layer)))

  it.live("loses no report about lines that were held back", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      yield* run(folder, "is limited")
      const { logs } = yield* recover(folder)
      const expected = [...Array.from({ length: 5 }, () => "same"), "5 suppressed: same"]
      assert.deepStrictEqual(logs.map(({ body }) => body).filter((body) => body.includes("same")), expected)
      assert.deepStrictEqual(linesOf(folder).filter((line) => line.includes("same")), expected)
    }).pipe(Effect.scoped, Effect.provide(OtlpReceiver.layer)))

  it.live("has its records sent once, though several processes start at the same time", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      yield* Effect.forEach([1, 2, 3], () => run(folder, "waits", (_, child) => child.kill("SIGTERM")), {
        concurrency: "unbounded"
      })
      const { url } = yield* OtlpReceiver
      for (let number = 0; number < 3; number++) {
        yield* Effect.acquireRelease(
          Effect.sync(() => start(url, folder, "waits for others").on("error", () => {})),
          (child) => Effect.sync(() => child.kill("SIGKILL"))
        )
      }
      const { spans } = yield* recover(folder)
      const names = spans.map(({ name }) => name).filter(isRecord)
      assert.deepStrictEqual(names.toSorted(), [...hundred, ...hundred, ...hundred].toSorted())
    }).pipe(Effect.scoped, Effect.provide(OtlpReceiver.layer)))

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    it.live(`loses no span of a run that is not decided: ${signal}`, () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        yield* run(folder, "decides nothing", (_, child) => child.kill(signal))
        const { spans } = yield* recover(folder)
        const names = signal === "SIGKILL" ? hundred : [...hundred, "outer"]
        assert.deepStrictEqual(spans.map(({ name }) => name).toSorted(), names.toSorted())
        assert.deepStrictEqual([...new Set(spans.map(({ traceState }) => traceState))], [undefined])
      }).pipe(Effect.scoped, Effect.provide(OtlpReceiver.layer)))
  }

  for (const way of ["SIGKILL", "abort"] as const) {
    it.live(`loses no more than the last ${appendInterval} ms: ${way}`, () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const { output } = yield* run(folder, way === "abort" ? "aborts" : "goes on", (output, child) => {
          if (way === "SIGKILL" && output.includes("record 900")) child.kill("SIGKILL")
        })
        const begun = output.trimEnd().split("\n").map((line) => {
          const [, time, name] = /^begin (\S+) (record \d+)$/.exec(line)!
          return { time: Number(time), name: name! }
        })
        const end = begun.at(-1)!.time
        const { logs, spans } = yield* recover(folder)
        for (const names of [spans.map(({ name }) => name), logs.map(({ body }) => body)]) {
          const arrived = new Set(names)
          assert.strictEqual(arrived.size, names.length, "once each")
          const lost = begun.filter(({ name }) => !arrived.has(name))
          assert.isAbove(begun.length, lost.length)
          assert.isAtMost(end - (lost[0]?.time ?? end), appendInterval + slack)
          assert.deepStrictEqual(hundred.filter((name) => !arrived.has(name)), [])
        }
      }).pipe(Effect.scoped, Effect.provide(OtlpReceiver.layer)))
  }
})

describe("a program whose requests go to a file, without a spool", () => {
  for (const { ended: expected, name, signal, way, why } of ways) {
    it.live(`loses nothing: ${name}`, () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const path = join(folder, "requests.jsonl")
        const { output: _, ...actual } = yield* ended(start(`file:${path}`, folder, way, "-"), (_, child) => {
          if (signal !== undefined) child.kill(signal)
        })
        assert.deepStrictEqual(actual, expected)
        const requests = readFileSync(path, "utf8").trimEnd().split("\n")
        const of = (field: string) => requests.filter((line) => line.startsWith(`{"${field}":`))
        const spans = of("resourceSpans").flatMap((line) => otlpDecoder.decode(line).spans)
        const logs = of("resourceLogs").flatMap((line) => otlpLogDecoder.decode(line).logs)
        const names = way === "returns" || signal !== undefined ? hundred : [...hundred, "late"]
        assert.deepStrictEqual(spans.map(({ name }) => name).filter(isRecord).toSorted(), names.toSorted())
        assert.deepStrictEqual(logs.map(({ body }) => body).filter(isRecord).toSorted(), names.toSorted())
        const open = spans.filter(({ name }) => name === "inner" || name === "outer")
        assert.deepStrictEqual(
          open.map(({ name, status }) => [name, status.code, status.message]),
          why === undefined ? [] : [["inner", 2, why], ["outer", 2, why]]
        )
      }).pipe(Effect.scoped))
  }

  it.live("loses no span of a run that is not decided", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const path = join(folder, "requests.jsonl")
      yield* ended(start(`file:${path}`, folder, "decides nothing", "-"), (_, child) => child.kill("SIGTERM"))
      const requests = readFileSync(path, "utf8").trimEnd().split("\n")
      const spans = requests.filter((line) => line.startsWith(`{"resourceSpans":`)).flatMap((line) =>
        otlpDecoder.decode(line).spans
      )
      assert.deepStrictEqual(spans.map(({ name }) => name).toSorted(), [...hundred, "outer"].toSorted())
    }).pipe(Effect.scoped))
})

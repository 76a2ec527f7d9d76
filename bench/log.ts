/**
 * What one JSON log line costs beside pino, winston and Effect's own JSON logger, and what a line costs that is not
 * written. 8 fields, 4 of them masked, correlation and trace ids; to /dev/null, to a file and to a pipe. Then lines of
 * other shapes to /dev/null, beside pino alone. At last the search of long texts for secrets.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { execFileSync } from "node:child_process"
import * as Suite from "./support/Suite.ts"

const names = [
  "ours-sync-keys",
  "ours-sync-patterns",
  "ours-buffered-keys",
  "ours-buffered-patterns",
  "pino-sync",
  "winston",
  "effect-json"
] as const
const quiet = ["ours-off-static", "ours-off-runtime", "effect-off"] as const
const roundsEach = 5
const nanosPerMilli = 1e6

const cases = (file: string, candidates: ReadonlyArray<string>): ReadonlyArray<Suite.Case> =>
  candidates.map((candidate) => ({ file: "log.ts", args: [candidate, file] }))

const shapes = ["8 fields", "20 fields", "nested", "error", "2 kB"] as const
const shapeWriters = ["ours", "ours-patterns", "pino"] as const

/** The shapes that have a bar, with key rules as pino has them. */
const shapeLimits = { nested: 1, error: 0.9 }

const inShapes = Effect.gen(function*() {
  const cases = shapes.flatMap((shape) => shapeWriters.map((writer) => ({ shape, writer })))
  const figures = yield* Suite.rounds(
    cases.map(({ shape, writer }): Suite.Case => ({ file: "log-shapes.ts", args: [writer, shape] })),
    roundsEach
  )
  // One slow moment of the machine is more than what is looked for: the fastest batches are compared.
  const of = (shape: string, writer: string) =>
    Suite.leastOf(figures[cases.findIndex((one) => one.shape === shape && one.writer === writer)], "fastest")
  return {
    rows: cases.map(({ shape, writer }): Suite.Row => ({
      name: `a line with ${shape}: ${writer}`,
      medianNs: of(shape, writer),
      note: `fastest batch, ${(of(shape, writer) / of(shape, "pino")).toFixed(2)} × pino`
    })),
    bars: Object.entries(shapeLimits).map(([shape, limit]) =>
      Suite.atMost(`a line with ${shape}, key rules ÷ pino`, limit, of(shape, "ours") / of(shape, "pino"))
    )
  }
})

interface OffLevel {
  readonly median: number
  readonly fastest: number
}

const offRow = (name: string, { fastest, median }: OffLevel): Suite.Row => ({
  name,
  medianNs: median,
  note: `fastest batch ${fastest.toFixed(0)} ns`
})

export const suite = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const folder = yield* files.makeTempDirectoryScoped()
  const pipe = `${folder}/pipe`
  execFileSync("mkfifo", [pipe])
  const targets = [["/dev/null", "/dev/null"], ["file", `${folder}/lines.log`], ["pipe", pipe]] as const
  const rows: Array<Suite.Row> = []
  const bars: Array<Suite.Bar> = []
  for (const [target, file] of targets) {
    const figures = yield* Suite.rounds(cases(file, names), roundsEach)
    const ns = Object.fromEntries(names.map((name, index) => [name, Suite.medianOf(figures[index], "ns")]))
    const peer = ns["pino-sync"] ?? Number.NaN
    rows.push(...names.map((name) => ({
      name: `${name} to ${target}`,
      medianNs: ns[name] ?? Number.NaN,
      note: `${((ns[name] ?? Number.NaN) / peer).toFixed(2)} × pino`
    })))
    // What a pipe costs depends on its reader: reported, without a bar.
    if (target === "pipe") continue
    bars.push(
      Suite.atMost(`sync, key rules, to ${target} ÷ pino`, 0.75, (ns["ours-sync-keys"] ?? Number.NaN) / peer),
      Suite.atMost(`buffered, key rules, to ${target} ÷ pino`, 0.5, (ns["ours-buffered-keys"] ?? Number.NaN) / peer),
      Suite.atMost(`sync, value patterns, to ${target} ÷ pino`, 1, (ns["ours-sync-patterns"] ?? Number.NaN) / peer)
    )
  }
  const figures = yield* Suite.rounds(cases("/dev/null", quiet), roundsEach)
  const [fixed, changeable, refusal] = quiet.map((_, index) => ({
    median: Suite.medianOf(figures[index], "ns"),
    fastest: Suite.leastOf(figures[index], "fastest")
  })) as [OffLevel, OffLevel, OffLevel]
  rows.push(
    offRow("a level that is off, fixed levels", fixed),
    offRow("a level that is off, run-time levels", changeable),
    offRow("a level that is off, Effect's refusal", refusal)
  )
  bars.push(
    // One slow moment of the machine is more than what is looked for: the fastest batches are compared.
    Suite.atMost("a level that is off, fixed levels ÷ Effect's refusal", 1.1, fixed.fastest / refusal.fastest),
    Suite.atMost(
      "a level that is off, run-time levels − Effect's refusal, ns",
      250,
      changeable.fastest - refusal.fastest
    )
  )
  const shaped = yield* inShapes
  const [long] = yield* Suite.rounds([{ file: "log-long.ts", args: [] }], 1)
  const search = { short: Suite.leastOf(long, "short"), long: Suite.leastOf(long, "long") }
  const searched = [
    { name: "search of 8 KiB, the slowest text", medianNs: search.short * nanosPerMilli },
    { name: "search of 32 KiB, the slowest text", medianNs: search.long * nanosPerMilli }
  ]
  return {
    suite: "log",
    rows: [...rows, ...shaped.rows, ...searched],
    // What is quadratic takes sixteen times as long for four times the text.
    bars: [...bars, ...shaped.bars, Suite.atMost("search of 32 KiB ÷ of 8 KiB", 8, search.long / search.short)]
  } satisfies Suite.Suite
}).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

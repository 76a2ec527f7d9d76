/**
 * Rounds in pairs: every case is a process that stays, and the cases take turns with one short batch each. What the
 * machine does beside meets all of them alike, and a ratio is taken within a round.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { type Case, CaseFailed, median } from "./Suite.ts"

/** The figures of one batch by name. */
export type Figures = Readonly<Record<string, number>>

/** Asks a process for one line. */
type Ask = Effect.Effect<string, CaseFailed>

/** Starts the process of a file; it lives as long as the scope. */
export const start = (run: Case): Effect.Effect<Ask, CaseFailed, Scope.Scope> =>
  Effect.map(startWith(run), (ask) => ask(""))

/** The same for a process that is told something with each question. */
export const startWith = (run: Case): Effect.Effect<(line: string) => Ask, CaseFailed, Scope.Scope> =>
  Effect.gen(function*() {
    const file = fileURLToPath(new URL(`../cases/${run.file}`, import.meta.url))
    const args = ["--conditions=tasker-telemetry-source", "--expose-gc", file, ...run.args]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] })),
      end
    )
    return ask(run, child)
  })

/** Lets a process end by itself: it may still send something. */
const end = (child: ChildProcess & { readonly stdin: { readonly end: () => void } }): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("close", () => resume(Effect.void))
    child.stdin.end()
  })

const ask = (run: Case, child: ChildProcess & { readonly stdin: object; readonly stdout: object }) => {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  return (line: string): Ask =>
    Effect.callback((resume) => {
      const fail = () =>
        resume(Effect.fail(new CaseFailed({ message: `${run.file} ${run.args.join(" ")} ended before its answer` })))
      child.once("close", fail)
      lines.once("line", (line) => {
        child.off("close", fail)
        resume(Effect.succeed(line))
      })
      ;(child.stdin as NodeJS.WritableStream).write(`${line}\n`)
    })
}

/**
 * Runs all cases `passes` times in fresh processes, and asks them in turn for `rounds` batches each. Gives the figures of
 * each case, one record per round.
 */
export const pairedRounds = (
  cases: ReadonlyArray<Case>,
  { passes, rounds }: { readonly passes: number; readonly rounds: number }
): Effect.Effect<ReadonlyArray<ReadonlyArray<Figures>>, CaseFailed> =>
  Effect.gen(function*() {
    const figures: Array<Array<Figures>> = cases.map(() => [])
    const pass = Effect.gen(function*() {
      // The processes load their modules at the same time, and warm up one after the other, before the first answer.
      const asks = yield* Effect.forEach(cases, start)
      yield* Effect.forEach(asks, (ask) => ask, { discard: true })
      for (let round = 0; round < rounds; round++) {
        for (const [index, ask] of asks.entries()) figures[index]?.push(JSON.parse(yield* ask) as Figures)
      }
    })
    for (let number = 0; number < passes; number++) yield* Effect.scoped(pass)
    return figures
  })

/** The median of the ratios that one figure of two cases has within each round. */
export const ratio = (
  ours: ReadonlyArray<Figures> | undefined,
  peer: ReadonlyArray<Figures> | undefined,
  key: string
): number =>
  median((ours ?? []).map((figure, round) => (figure[key] ?? Number.NaN) / (peer?.[round]?.[key] ?? Number.NaN)))

/**
 * What a suite of measurements gives, and how cases are run: each in a process
 * of its own, the rounds of all cases interleaved, so that a slow moment of the
 * machine does not fall on one of them.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

export interface Row {
  readonly name: string
  /** Missing where the row has figures of other kinds alone. */
  readonly medianNs?: number | undefined
  /** Further figures of the row, for reading. */
  readonly note?: string | undefined
}

export interface Bar {
  readonly name: string
  readonly limit: number
  readonly value: number
  readonly ok: boolean
}

export interface Suite {
  readonly suite: string
  readonly rows: ReadonlyArray<Row>
  readonly bars: ReadonlyArray<Bar>
}

export class CaseFailed extends Schema.TaggedError<CaseFailed>()("CaseFailed", { message: Schema.String }) {}

/** A case: the file that measures, and what it is told. It prints one JSON object as its last line. */
export interface Case {
  readonly file: string
  readonly args: ReadonlyArray<string>
}

const runOnce = (run: Case): Effect.Effect<Record<string, number>, CaseFailed> =>
  Effect.callback((resume) => {
    const file = fileURLToPath(new URL(`../cases/${run.file}`, import.meta.url))
    const args = ["--conditions=tasker-telemetry-source", "--expose-gc", file, ...run.args]
    const child = execFile(process.execPath, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const line = stdout.trim().split("\n").at(-1) ?? ""
      resume(
        error === null
          ? Effect.succeed(JSON.parse(line) as Record<string, number>)
          : Effect.fail(new CaseFailed({ message: `${run.file} ${run.args.join(" ")}: ${error.message}\n${stderr}` }))
      )
    })
    return Effect.sync(() => child.kill())
  })

/** Runs every case `rounds` times in turn; gives the figures of each case, one record per round. */
export const rounds = (cases: ReadonlyArray<Case>, count: number) =>
  Effect.gen(function*() {
    const figures: Array<Array<Record<string, number>>> = cases.map(() => [])
    for (let round = 0; round < count; round++) {
      for (const [index, run] of cases.entries()) figures[index]?.push(yield* runOnce(run))
    }
    return figures
  })

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? sorted[middle] as number
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** The value below which that share of the values is, from 0 to 1. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.round((sorted.length - 1) * share)] as number
}

/** The median of one figure over the rounds of a case. */
export const medianOf = (figures: ReadonlyArray<Record<string, number>> | undefined, key: string): number =>
  median((figures ?? []).map((figure) => figure[key] ?? Number.NaN))

/** The least of one figure over the rounds of a case. */
export const leastOf = (figures: ReadonlyArray<Record<string, number>> | undefined, key: string): number =>
  Math.min(...(figures ?? []).map((figure) => figure[key] ?? Number.NaN))

export const atMost = (name: string, limit: number, value: number): Bar => ({ name, limit, value, ok: value <= limit })

/**
 * Finds what slow or failed runs have in common: values of attributes that are
 * more frequent among them than chance explains. Pure.
 *
 * **Details**
 *
 * A run is slow if it took longer than the given share of the completed runs of
 * its task. It failed if it ended in `error`. Each value of each attribute is
 * compared by Fisher's exact test. Holm's correction for the number of values
 * keeps the chance of any false alarm below `significance`. A value with few
 * runs does not pass, because chance explains it.
 *
 * The attributes are the tags of the runs, the instance, the version, the hour of
 * the day in UTC, and the types of the errors of attempts. Types of errors are
 * compared for slow runs alone: every failed run has one.
 *
 * @since 0.1.0
 */
import * as TimeSlice from "../internal/TimeSlice.ts"
import { quantileOf } from "./internal/distribution.ts"
import { fisherTest, holm, logFactorials, type Table } from "./internal/fisherTest.ts"
import { hasEnded, type RunRecord } from "./RunRecord.ts"

/**
 * Options of the comparison.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The highest probability of a false alarm in one call, 0.05 by default. */
  readonly significance?: number | undefined
  /** The share of the completed runs of a task that are not slow, 0.9 by default. */
  readonly slowQuantile?: number | undefined
}

/**
 * A value that is over-represented.
 *
 * @category models
 * @since 0.1.0
 */
export interface Difference {
  readonly affected: "slow" | "failed"
  /** `instance`, `version`, `hour`, `error type`, or `tag` with the name of the tag: `tag region`. */
  readonly attribute: string
  readonly value: string
  /** Affected runs with the value, and all runs with it. */
  readonly withValue: { readonly affected: number; readonly runs: number }
  /** The same for the runs without the value. */
  readonly withoutValue: { readonly affected: number; readonly runs: number }
  /** Probability that chance alone makes such a difference, corrected for the number of values that were compared. */
  readonly probability: number
  /** Ids of affected runs with the value, the latest first; at most five. */
  readonly runIds: ReadonlyArray<string>
}

/**
 * Gives the values that are over-represented in slow or in failed runs, the
 * clearest difference first.
 *
 * **Example** (What the failed runs have in common)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Compare, RunRecords } from "tasker-telemetry"
 *
 * const causes = Effect.gen(function*() {
 *   const { ended } = yield* RunRecords.RunRecords
 *   return Compare.compare(yield* ended).filter(({ affected }) => affected === "failed")
 * })
 * ```
 *
 * @param runs runs that have not ended, or were cancelled, are left out
 * @category computations
 * @since 0.1.0
 */
export const compare = (runs: ReadonlyArray<RunRecord>, options: Options = {}): ReadonlyArray<Difference> =>
  TimeSlice.runNow(work(runs, options))

/**
 * {@link compare} in pieces of work.
 *
 * @internal
 */
export function* work(
  runs: ReadonlyArray<RunRecord>,
  options: Options = {}
): TimeSlice.Work<ReadonlyArray<Difference>> {
  const { significance = 0.05, slowQuantile = 0.9 } = options
  const ended = runs.filter((run) => hasEnded(run) && run.state !== "cancelled")
  const completed = ended.filter((run) => run.state === "complete")
  const logs = logFactorials(ended.length)
  yield
  const tests = [
    ...(yield* testsOf("failed", ended, new Set(ended.filter(({ state }) => state !== "complete")))),
    ...(yield* testsOf("slow", completed, slowRuns(completed, slowQuantile)))
  ]
  const probabilities: Array<number> = []
  for (const { table } of tests) {
    probabilities.push(fisherTest(table, logs))
    yield
  }
  const corrected = holm(probabilities)
  return tests
    .flatMap(({ table, ...test }, index): ReadonlyArray<Difference> => {
      const probability = corrected[index] as number
      return probability > significance ? [] : [{
        ...test,
        withValue: { affected: table.both, runs: table.both + table.onlySecond },
        withoutValue: { affected: table.onlyFirst, runs: table.onlyFirst + table.neither },
        probability
      }]
    })
    .toSorted((a, b) => a.probability - b.probability)
}

/** Values of one attribute beyond this number are not compared: the attribute is an id. */
const mostValues = 200

const millisPerHour = 3_600_000

const slowRuns = (runs: ReadonlyArray<RunRecord>, quantile: number): ReadonlySet<RunRecord> => {
  const byTask = Map.groupBy(runs, ({ taskName }) => taskName)
  return new Set([...byTask.values()].flatMap((ofTask) => {
    const limit = quantileOf(Float64Array.from(ofTask, secondsOf).sort(), quantile)
    return ofTask.filter((run) => secondsOf(run) > limit)
  }))
}

const secondsOf = ({ endedAt }: RunRecord): number => endedAt ?? 0

interface Test extends Pick<Difference, "affected" | "attribute" | "value" | "runIds"> {
  readonly table: Table
}

/** The first property of the tables is to be affected, the second to have the value. */
function* testsOf(
  affected: Difference["affected"],
  runs: ReadonlyArray<RunRecord>,
  chosen: ReadonlySet<RunRecord>
): TimeSlice.Work<ReadonlyArray<Test>> {
  if (chosen.size === 0 || chosen.size === runs.length) return []
  const byAttribute = new Map<string, Map<string, Array<RunRecord>>>()
  for (const run of runs) {
    for (const [attribute, value] of attributesOf(run, affected)) {
      const byValue = byAttribute.get(attribute) ?? new Map<string, Array<RunRecord>>()
      byAttribute.set(attribute, byValue)
      const withValue = byValue.get(value)
      if (withValue === undefined) byValue.set(value, [run])
      else withValue.push(run)
    }
    yield
  }
  return [...byAttribute].flatMap(([attribute, byValue]) =>
    byValue.size > mostValues ? [] : [...byValue].flatMap(([value, withValue]): ReadonlyArray<Test> => {
      // A value that all runs have says nothing, and would make the other tests weaker.
      if (withValue.length === runs.length) return []
      const both = withValue.filter((run) => chosen.has(run))
      const onlySecond = withValue.length - both.length
      const onlyFirst = chosen.size - both.length
      return [{
        affected,
        attribute,
        value,
        table: {
          both: both.length,
          onlyFirst,
          onlySecond,
          neither: runs.length - both.length - onlyFirst - onlySecond
        },
        runIds: both.slice(-5).reverse().map(({ id }) => id)
      }]
    })
  )
}

const attributesOf = (
  run: RunRecord,
  affected: Difference["affected"]
): ReadonlyArray<readonly [attribute: string, value: string]> => [
  ...Object.entries(run.tags).map(([tag, value]) => [`tag ${tag}`, value] as const),
  ...(run.instance === undefined ? [] : [["instance", run.instance] as const]),
  ["version", `${run.taskName} ${run.version}`],
  ["hour", String(Math.floor(run.createdAt / millisPerHour) % 24)],
  ...(affected === "slow" ? errorTypesOf(run).map((type) => ["error type", type] as const) : [])
]

const errorTypesOf = ({ steps }: RunRecord): ReadonlyArray<string> => [
  ...new Set(steps.flatMap(({ attempts }) => attempts.flatMap(({ errorType }) => errorType ?? [])))
]

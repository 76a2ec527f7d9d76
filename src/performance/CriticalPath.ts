/**
 * The path of steps that decided how long a run took, and what the run would have
 * taken if a step had been faster. Pure.
 *
 * **Details**
 *
 * The path goes back from the step that ended last, each time to the dependency
 * that ended last. Its times and the time between its steps add up to the
 * makespan.
 *
 * What-ifs are computed by a simulation of the scheduler, with the durations of
 * the run and its limit of concurrency. The simulation gives the difference; the
 * time that the loop takes around the steps stays as it was.
 *
 * @since 0.1.0
 */
import * as TimeSlice from "../internal/TimeSlice.ts"
import * as TimeSlicedSort from "../internal/timeSlicedSort.ts"
import { simulation } from "./internal/simulateRun.ts"
import * as WhatIfs from "./internal/whatIfs.ts"
import { type AttemptRecord, type RunRecord, type StepRecord, type StepTimes, timesOf } from "./RunRecord.ts"

export type { Change, WhatIf } from "./internal/whatIfs.ts"

type Change = WhatIfs.Change
type WhatIf = WhatIfs.WhatIf

/**
 * A step of a run, with where its time went. Times are seconds, instants seconds
 * since the run was created.
 *
 * @category models
 * @since 0.1.0
 */
export interface StepOnPath extends StepTimes {
  readonly name: string
  /** Whether the step is on the critical path. */
  readonly critical: boolean
  /** Between the end of its last dependency, or the start of the run, and the time at which it could start. */
  readonly gapSeconds: number
  /** How much later the step could have ended without a longer run. */
  readonly slackSeconds: number
  readonly readyAt: number
  readonly settledAt: number
}

/**
 * How much of the possible parallelism a run reached.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parallelism {
  /** Steps that worked at the same time, on average over the makespan. */
  readonly achieved: number
  /** The same average if the concurrency had no limit. */
  readonly possible: number
  /** Time during which a step waited for a slot and none was free. */
  readonly limitBoundSeconds: number
}

/**
 * The analysis of one run.
 *
 * @category models
 * @since 0.1.0
 */
export interface CriticalPath {
  readonly runId: string
  readonly makespanSeconds: number
  /** Names of the steps on the path, in the order in which they ran. */
  readonly path: ReadonlyArray<string>
  /** Every step that ran, was skipped or was resolved by hand, in the order of the definition. */
  readonly steps: ReadonlyArray<StepOnPath>
  /** Where the makespan went. The sum is the makespan; the time in SQL is a part of work and retries. */
  readonly spent: {
    readonly queueSeconds: number
    readonly workSeconds: number
    readonly retrySeconds: number
    readonly backoffSeconds: number
    /** Before, between and after the steps of the path. */
    readonly otherSeconds: number
    readonly sqlSeconds: number
  }
  readonly parallelism: Parallelism
}

/**
 * Finds the critical path of a run.
 *
 * **Details**
 *
 * A run that has not ended is analysed up to the last change of a step. Steps that
 * never started are left out.
 *
 * **Example** (The critical path of the last run)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { CriticalPath, RunRecords } from "tasker-telemetry"
 *
 * const path = Effect.gen(function*() {
 *   const { ended } = yield* RunRecords.RunRecords
 *   const last = (yield* ended).at(-1)
 *   return last === undefined ? [] : CriticalPath.analyze(last).path
 * })
 * ```
 *
 * @category computations
 * @since 0.1.0
 */
export const analyze = (run: RunRecord): CriticalPath => TimeSlice.runNow(work(run))

/**
 * {@link analyze} in pieces of work.
 *
 * @internal
 */
export function* work(run: RunRecord): TimeSlice.Work<CriticalPath> {
  const makespanSeconds = run.endedAt ?? run.changedAt
  const timed = run.steps.flatMap((step) => timedStep(step, makespanSeconds))
  const byName = new Map(timed.map((step) => [step.name, step]))
  const path = pathOf(timed, byName)
  const onPath = new Set(path)
  yield
  const slack = slackOf(timed, byName)
  yield
  const steps = timed.map(({ dependsOn, ...step }): StepOnPath => ({
    ...step,
    critical: onPath.has(step.name),
    gapSeconds: step.readyAt - latestEnd(dependsOn, byName, run.startedAt ?? 0),
    slackSeconds: slack.get(step.name) ?? 0
  }))
  const critical = steps.filter((step) => step.critical)
  const sum = (of: (step: StepOnPath) => number) => critical.reduce((total, step) => total + of(step), 0)
  const spent = {
    queueSeconds: sum((step) => step.queueSeconds),
    workSeconds: sum((step) => step.workSeconds),
    retrySeconds: sum((step) => step.retrySeconds),
    backoffSeconds: sum((step) => step.backoffSeconds)
  }
  const inSteps = spent.queueSeconds + spent.workSeconds + spent.retrySeconds + spent.backoffSeconds
  yield
  const parallelism = yield* parallelismOf(run, timed, makespanSeconds)
  return {
    runId: run.id,
    makespanSeconds,
    path,
    steps,
    spent: {
      ...spent,
      otherSeconds: Math.max(0, makespanSeconds - inSteps),
      sqlSeconds: sum((step) => step.sql.seconds)
    },
    parallelism
  }
}

/**
 * Computes the makespan with one step changed. The gain is 0 if the step is not
 * part of the run, or if other steps take as long. It can be negative: with a
 * limit of concurrency, a shorter step may let others start in a worse order.
 *
 * @category computations
 * @since 0.1.0
 */
export const whatIf = (run: RunRecord, stepName: string, change: Change): WhatIf =>
  whatIfs(run, [{ stepName, change }])[0] as WhatIf

/**
 * Computes several what-ifs of one run, each on its own.
 *
 * @category computations
 * @since 0.1.0
 */
export const whatIfs = (
  run: RunRecord,
  changes: ReadonlyArray<{ readonly stepName: string; readonly change: Change }>
): ReadonlyArray<WhatIf> => TimeSlice.runNow(WhatIfs.ofSteps(run, changes))

/**
 * Computes by how much the run would have been shorter, in seconds, with another
 * limit of concurrency.
 *
 * @param concurrency highest number of steps at the same time; `Infinity` for no limit
 * @category computations
 * @since 0.1.0
 */
export const gainOfSlots = (run: RunRecord, concurrency: number): number =>
  TimeSlice.runNow(WhatIfs.gainOfSlots(run, concurrency))

/**
 * Computes by how much the run would have been shorter, in seconds, if attempts of
 * any steps had worked for less time.
 *
 * **Example** (A run whose steps wait for no connection)
 *
 * ```ts
 * import { CriticalPath, type RunRecord } from "tasker-telemetry"
 *
 * const gain = (run: RunRecord.RunRecord) =>
 *   CriticalPath.gainOfLessWork(run, (_step, attempt) => attempt.sql.waitSeconds)
 * ```
 *
 * @param lessOf gives the seconds that an attempt of a step does not work, at most all of its work
 * @category computations
 * @since 0.1.0
 */
export const gainOfLessWork = (
  run: RunRecord,
  lessOf: (step: StepRecord, attempt: AttemptRecord) => number
): number => TimeSlice.runNow(WhatIfs.gainOfLessWork(run, lessOf))

// --- The path ---

interface TimedStep extends StepTimes {
  readonly name: string
  readonly dependsOn: ReadonlyArray<string>
  readonly readyAt: number
  readonly settledAt: number
}

/** A step that was cancelled before its first attempt decided nothing. */
const timedStep = (step: StepRecord, until: number): ReadonlyArray<TimedStep> => {
  const isResolved = step.state === "resolved_manually" && step.settledAt !== undefined
  if (step.attempts.length === 0 && !step.skipped && !isResolved) return []
  const settledAt = step.settledAt ?? step.attempts.at(-1)?.endedAt ?? until
  return [{
    ...timesOf(step, until),
    name: step.name,
    dependsOn: step.dependsOn,
    readyAt: Math.min(step.readyAt ?? settledAt, settledAt),
    settledAt
  }]
}

type ByName = ReadonlyMap<string, TimedStep>

const latestEnd = (names: ReadonlyArray<string>, byName: ByName, start: number): number =>
  names.reduce((latest, name) => Math.max(latest, byName.get(name)?.settledAt ?? start), start)

const pathOf = (steps: ReadonlyArray<TimedStep>, byName: ByName): ReadonlyArray<string> => {
  const last = (candidates: ReadonlyArray<TimedStep>) =>
    candidates.reduce<TimedStep | undefined>(
      (latest, step) => latest === undefined || step.settledAt > latest.settledAt ? step : latest,
      undefined
    )
  const path: Array<string> = []
  for (let step = last(steps); step !== undefined;) {
    path.push(step.name)
    step = last(step.dependsOn.flatMap((name) => byName.get(name) ?? []))
  }
  return path.reverse()
}

/** Goes from the steps that ended last to the first ones. A step has the least slack that its dependants leave. */
const slackOf = (steps: ReadonlyArray<TimedStep>, byName: ByName): ReadonlyMap<string, number> => {
  const end = steps.reduce((latest, { settledAt }) => Math.max(latest, settledAt), 0)
  const slack = new Map(steps.map(({ name, settledAt }) => [name, end - settledAt]))
  const dependants = new Map(steps.map(({ name }) => [name, 0]))
  const neededBy = (step: TimedStep) => step.dependsOn.flatMap((name) => byName.get(name) ?? [])
  for (const step of steps) {
    for (const { name } of neededBy(step)) dependants.set(name, (dependants.get(name) as number) + 1)
  }
  // A step comes after all of its dependants.
  const order = steps.filter(({ name }) => dependants.get(name) === 0)
  for (const step of order) {
    const own = slack.get(step.name) as number
    // The loop's own time after the last dependency is no slack: it would follow a later end, too.
    const lastEnd = latestEnd(step.dependsOn, byName, 0)
    for (const needed of neededBy(step)) {
      const left = own + lastEnd - needed.settledAt
      slack.set(needed.name, Math.min(left, slack.get(needed.name) as number))
      const others = (dependants.get(needed.name) as number) - 1
      dependants.set(needed.name, others)
      if (others === 0) order.push(needed)
    }
  }
  return slack
}

// --- Parallelism ---

function* parallelismOf(
  run: RunRecord,
  steps: ReadonlyArray<TimedStep>,
  makespan: number
): TimeSlice.Work<Parallelism> {
  const busy = steps.reduce((sum, { retrySeconds, workSeconds }) => sum + workSeconds + retrySeconds, 0)
  const unlimited = (yield* simulation(WhatIfs.simulated(run), Number.POSITIVE_INFINITY)).makespan
  yield
  return {
    achieved: makespan > 0 ? busy / makespan : 0,
    possible: unlimited > 0 ? busy / unlimited : 0,
    limitBoundSeconds: yield* limitBoundSeconds(run, makespan)
  }
}

/** The time during which every slot was taken and at least one attempt waited. */
function* limitBoundSeconds(run: RunRecord, until: number): TimeSlice.Work<number> {
  const unsorted = run.steps.flatMap(({ attempts }) =>
    attempts.flatMap(({ endedAt = until, readyAt, startedAt }) => [
      { time: readyAt, waiting: 1, running: 0 },
      { time: startedAt, waiting: -1, running: 1 },
      { time: endedAt, waiting: 0, running: -1 }
    ])
  )
  yield
  const changes = yield* TimeSlicedSort.sort(unsorted, (a, b) => a.time - b.time)
  let waiting = 0
  let running = 0
  let total = 0
  let before = 0
  for (const change of changes) {
    if (waiting > 0 && running >= run.concurrency) total += change.time - before
    before = change.time
    waiting += change.waiting
    running += change.running
  }
  return total
}

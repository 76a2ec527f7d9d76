/**
 * Says what an unfinished run waits for now, as data and as a sentence. Pure.
 *
 * @since 0.1.0
 */
import { hasEnded, type RunRecord, type StepRecord } from "./RunRecord.ts"

/**
 * Something that a run waits for. Times are seconds.
 *
 * @category models
 * @since 0.1.0
 */
export type Wait =
  /** The runner, a process or a fiber, has ended (`hasEnded`), or gave no sign of life for long. */
  | {
    readonly _tag: "DeadRunner"
    readonly instance: string | undefined
    readonly hasEnded: boolean
    /** Since the last sign of life. */
    readonly silentSeconds: number
    /** When that was, in epoch milliseconds of the wall clock. */
    readonly since: number
  }
  /** The run is not of this process. The waits that follow are those of its record. */
  | {
    readonly _tag: "Elsewhere"
    readonly instance: string | undefined
    /** Since the record has changed. */
    readonly quietSeconds: number
    /** Since the last sign of life of the process that runs it. Without it, nothing is known of that process. */
    readonly silentSeconds?: number
  }
  /** A step works. */
  | { readonly _tag: "Work"; readonly stepName: string; readonly attempt: number; readonly seconds: number }
  /** A step works, but waits for a lock. */
  | {
    readonly _tag: "Lock"
    readonly stepName: string
    readonly lock: string
    /** Since the step waits for the lock; since its attempt started, if that is not known. */
    readonly seconds: number
    /** What holds the lock, such as `step "charge" of run t-7`; empty if it is not known. */
    readonly heldBy: ReadonlyArray<string>
  }
  /** A failed step waits for its next attempt. */
  | {
    readonly _tag: "Backoff"
    readonly stepName: string
    readonly errorType: string | undefined
    readonly remainingSeconds: number
    /** When the back-off ends, in epoch milliseconds of the wall clock. */
    readonly until: number
  }
  /** A step is ready, and as many steps run as may. */
  | {
    readonly _tag: "Slot"
    readonly stepName: string
    readonly seconds: number
    readonly heldBy: ReadonlyArray<string>
  }
  /** A step is ready, a slot is free, and the step starts in a moment. */
  | { readonly _tag: "Start"; readonly stepName: string; readonly seconds: number }
  /** A step waits for other steps; `on` are those that are not satisfied yet. */
  | { readonly _tag: "Dependency"; readonly stepName: string; readonly on: ReadonlyArray<string> }
  /** A step can never start, because a step that it needs has failed for good or was cancelled. */
  | { readonly _tag: "Failed"; readonly stepName: string; readonly on: ReadonlyArray<string> }
  /** The run has not started. */
  | { readonly _tag: "Created"; readonly seconds: number }
  /** The run has ended and waits for nothing. */
  | { readonly _tag: "Ended"; readonly state: RunRecord["state"] }
  /** Nothing is left to do, and the run ends in a moment. */
  | { readonly _tag: "End" }
  /** Nothing that could move the run has gone on for at least five seconds. */
  | { readonly _tag: "Nothing"; readonly seconds: number }

/**
 * The answer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Why {
  readonly runId: string
  readonly taskName: string
  /** What holds the run up, the most important first. Dependencies come last. */
  readonly waits: ReadonlyArray<Wait>
  /** The answer for people, without the name of the run. */
  readonly sentence: string
}

/**
 * A lock that a step waits for.
 *
 * @category models
 * @since 0.1.0
 */
export interface LockWait {
  readonly stepName: string
  /** The lock in words, such as `a connection to db:5432/shop`. */
  readonly lock: string
  /** Seconds since the step waits for the lock. Without it, the start of the attempt is the start of the wait. */
  readonly seconds?: number | undefined
  /** What holds the lock, in words. */
  readonly heldBy?: ReadonlyArray<string> | undefined
}

/**
 * What is known beside the record.
 *
 * @category models
 * @since 0.1.0
 */
export interface Surroundings {
  /** Seconds since the run was created. Without it, the last change of the record is the present. */
  readonly now?: number | undefined
  /** Seconds since the runner last gave a sign of life, such as a heartbeat. */
  readonly silentSeconds?: number | undefined
  /** From so many seconds without a sign of life on, the runner counts as dead; 60 by default. */
  readonly deadAfterSeconds?: number | undefined
  /** Whether the runner is known to have ended, although the record says that the run goes on. */
  readonly runnerEnded?: boolean | undefined
  /** The attribute `service.instance.id` of the runner, if the record does not have it. */
  readonly instance?: string | undefined
  /**
   * Whether the record comes from a store, and this process does not run the run. If no sign of life is known, and
   * something has been due for `deadAfterSeconds` and has not started, the runner counts as dead.
   */
  readonly elsewhere?: boolean | undefined
  /** The locks that steps of the run wait for. */
  readonly locks?: ReadonlyArray<LockWait> | undefined
}

/**
 * Says what a run waits for.
 *
 * **Example** (Why a run has not ended)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Option from "effect/Option"
 * import { RunRecords, Why } from "tasker-telemetry"
 *
 * const why = Effect.fn(function*(runId: string) {
 *   const records = yield* RunRecords.RunRecords
 *   const run = yield* records.get(runId)
 *   const now = Option.getOrUndefined(yield* records.age(runId))
 *   return Option.match(run, {
 *     onNone: () => "no such run",
 *     onSome: (record) => Why.explain(record, { now }).sentence
 *   })
 * })
 * ```
 *
 * @category computations
 * @since 0.1.0
 */
export const explain = (run: RunRecord, surroundings: Surroundings = {}): Why => {
  const waits = waitsOf(run, surroundings)
  return { runId: run.id, taskName: run.taskName, waits, sentence: sentenceOf(waits, run) }
}

const waitsOf = (run: RunRecord, surroundings: Surroundings): ReadonlyArray<Wait> => {
  const { deadAfterSeconds = 60, elsewhere = false, now = run.changedAt, runnerEnded = false } = surroundings
  const quietSeconds = Math.max(0, now - run.changedAt)
  const isOverdue = elsewhere && surroundings.silentSeconds === undefined &&
    overdueSeconds(run, now) >= deadAfterSeconds
  const silentSeconds = surroundings.silentSeconds ?? (isOverdue ? quietSeconds : 0)
  const instance = run.instance ?? surroundings.instance
  if (hasEnded(run)) return [{ _tag: "Ended", state: run.state }]
  if (runnerEnded || isOverdue || silentSeconds >= deadAfterSeconds) {
    const since = run.createdAt + (now - silentSeconds) * 1000
    return [{ _tag: "DeadRunner", instance, hasEnded: runnerEnded, silentSeconds, since }]
  }
  const waits = waitsOfLive(run, surroundings.locks ?? [], now)
  const signs = surroundings.silentSeconds === undefined ? {} : { silentSeconds }
  return elsewhere ? [{ _tag: "Elsewhere", instance, quietSeconds, ...signs }, ...waits] : waits
}

/** For how long a run has had something to do that its runner has not done; 0 while a step works or backs off. */
const overdueSeconds = (run: RunRecord, now: number): number => {
  if (run.steps.some(({ state }) => state === "in_progress")) return 0
  const due = run.steps.reduce((latest, { backoffUntil = 0 }) => Math.max(latest, backoffUntil), run.changedAt)
  return Math.max(0, now - due)
}

const waitsOfLive = (run: RunRecord, locks: ReadonlyArray<LockWait>, now: number): ReadonlyArray<Wait> => {
  if (run.startedAt === undefined) return [{ _tag: "Created", seconds: now }]
  const running = run.steps.filter(({ state }) => state === "in_progress")
  const lockOf = new Map(locks.map((wait) => [wait.stepName, wait]))
  const moving = [
    ...running.flatMap((step) => workOf(step, lockOf.get(step.name), now)),
    ...run.steps.flatMap((step) => backoffOf(run, step, now)),
    ...run.steps.flatMap((step) => readyOf(run, step, running, now))
  ]
  const states = new Map(run.steps.map((step) => [step.name, step]))
  const waiting = run.steps.flatMap((step) => dependencyOf(step, states))
  if (moving.length === 0) {
    const quiet = now - run.changedAt
    return [quiet < stuckAfterSeconds ? { _tag: "End" } : { _tag: "Nothing", seconds: quiet }, ...waiting]
  }
  return [...moving.toSorted((a, b) => order.indexOf(a._tag) - order.indexOf(b._tag)), ...waiting]
}

/** The loop of a run needs a moment to end it. */
const stuckAfterSeconds = 5

const order: ReadonlyArray<Wait["_tag"]> = ["Lock", "Work", "Backoff", "Slot", "Start"]

const workOf = (step: StepRecord, wait: LockWait | undefined, now: number): ReadonlyArray<Wait> => {
  const attempt = step.attempts.at(-1)
  const seconds = Math.max(0, now - (attempt?.startedAt ?? now))
  if (wait === undefined) return [{ _tag: "Work", stepName: step.name, attempt: attempt?.number ?? 1, seconds }]
  const { heldBy = [], lock } = wait
  return [{ _tag: "Lock", stepName: step.name, lock, seconds: wait.seconds ?? seconds, heldBy }]
}

const backoffOf = (run: RunRecord, step: StepRecord, now: number): ReadonlyArray<Wait> =>
  step.state !== "error" || step.backoffUntil === undefined ? [] : [{
    _tag: "Backoff",
    stepName: step.name,
    errorType: step.attempts.at(-1)?.errorType,
    remainingSeconds: Math.max(0, step.backoffUntil - now),
    until: run.createdAt + step.backoffUntil * 1000
  }]

const readyOf = (
  run: RunRecord,
  step: StepRecord,
  running: ReadonlyArray<StepRecord>,
  now: number
): ReadonlyArray<Wait> => {
  if (step.state !== "pending" || step.readyAt === undefined) return []
  const seconds = Math.max(0, now - Math.max(step.readyAt, step.attempts.at(-1)?.endedAt ?? 0))
  return running.length < run.concurrency
    ? [{ _tag: "Start", stepName: step.name, seconds }]
    : [{ _tag: "Slot", stepName: step.name, seconds, heldBy: running.map(({ name }) => name) }]
}

const dependencyOf = (step: StepRecord, steps: ReadonlyMap<string, StepRecord>): ReadonlyArray<Wait> => {
  if (step.state !== "pending" || step.readyAt !== undefined) return []
  const open = step.dependsOn.filter((name) => {
    const state = steps.get(name)?.state
    return state !== "complete" && state !== "resolved_manually"
  })
  const dead = open.filter((name) => {
    const needed = steps.get(name)
    return needed?.failedForGood === true || needed?.state === "cancelled"
  })
  return dead.length > 0
    ? [{ _tag: "Failed", stepName: step.name, on: dead }]
    : [{ _tag: "Dependency", stepName: step.name, on: open }]
}

// --- The sentence ---

const sentenceOf = (waits: ReadonlyArray<Wait>, run: RunRecord): string => {
  const [first, ...others] = waits
  if (first === undefined) return "Nothing is known about the run."
  if (first._tag === "Elsewhere") return `${phraseOf(first, run)}. By the record: ${sentenceOf(others, run)}`
  const behind = others.filter(({ _tag }) => _tag === "Dependency" || _tag === "Failed").length
  const beside = others.length - behind
  const more = [
    ...(beside > 0 ? [`${quantity(beside, "other step")} ${beside === 1 ? "runs or waits" : "run or wait"}, too`] : []),
    ...(behind > 0 ? [`${quantity(behind, "step")} ${behind === 1 ? "waits" : "wait"} behind`] : [])
  ]
  return `${phraseOf(first, run)}${more.map((text) => `; ${text}`).join("")}.`
}

const phraseOf = (wait: Wait, run: RunRecord): string => {
  switch (wait._tag) {
    case "DeadRunner": {
      const runner = `The runner${wait.instance === undefined ? "" : ` (${wait.instance})`}`
      return wait.hasEnded
        ? `${runner} has ended, but the run has not: its last sign of life is ${seconds(wait.silentSeconds)} old`
        : `${runner} gave no sign of life for ${seconds(wait.silentSeconds)}, ` +
          `since ${instant(wait.since)}, so nothing runs the run`
    }
    case "Elsewhere":
      return wait.silentSeconds === undefined
        ? `This process does not run it${wait.instance === undefined ? "" : `, ${wait.instance} does or did`}, ` +
          `and its record has not changed for ${seconds(wait.quietSeconds)}`
        : `${wait.instance ?? "Another process"} runs it, and gave a sign of life ${seconds(wait.silentSeconds)} ago`
    case "Work":
      return `Step "${wait.stepName}" has run for ${seconds(wait.seconds)}` +
        (wait.attempt > 1 ? ` in attempt ${wait.attempt}` : "")
    case "Lock":
      return `Step "${wait.stepName}" has waited for ${seconds(wait.seconds)} for ${wait.lock}` +
        (wait.heldBy.length === 0 ? "" : `, held by ${listOf(wait.heldBy)}`)
    case "Backoff":
      return `Step "${wait.stepName}" failed${wait.errorType === undefined ? "" : ` with ${wait.errorType}`} and is ` +
        `tried again in ${seconds(wait.remainingSeconds)}, at ${new Date(wait.until).toISOString()}`
    case "Slot":
      return `Step "${wait.stepName}" has waited for ${
        seconds(wait.seconds)
      } for one of ${run.concurrency} slots, held by ` +
        namesOf(wait.heldBy)
    case "Start":
      return `Step "${wait.stepName}" has been ready for ${seconds(wait.seconds)} and starts in a moment`
    case "Dependency":
      return `Step "${wait.stepName}" waits for ${namesOf(wait.on)}`
    case "Failed":
      return `Step "${wait.stepName}" can never start, because ${namesOf(wait.on)} did not complete`
    case "Created":
      return `The run was created ${seconds(wait.seconds)} ago and has not started`
    case "Ended":
      return `The run has ended in the state ${wait.state} and waits for nothing`
    case "End":
      return "Nothing is left to do, and the run ends in a moment"
    case "Nothing":
      return `Nothing has run and nothing has been due for ${seconds(wait.seconds)}: the run is stuck`
  }
}

/** A program may give times that are none. */
const instant = (millis: number): string =>
  Math.abs(millis) <= latestInstant ? new Date(millis).toISOString() : "an unknown time"

const latestInstant = 8.64e15

const mostNames = 3

const namesOf = (names: ReadonlyArray<string>): string => listOf(names.map((name) => `"${name}"`))

const listOf = (names: ReadonlyArray<string>): string => {
  const shown = names.slice(0, mostNames).join(", ")
  return names.length > mostNames ? `${shown} and ${names.length - mostNames} more` : shown
}

const quantity = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

const seconds = (value: number): string =>
  value >= 120 ? `${Math.round(value / 60)} min` : `${Number(value.toFixed(1))} s`

/**
 * Runs readiness checks at the same time, each within its limit. If several
 * probes ask, a check still runs once at a time.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { describeCause } from "../../internal/describeError.ts"
import { truncateMasked } from "../../internal/truncateAtWord.ts"
import { uniqueNames } from "../../internal/uniqueNames.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import type * as HealthReport from "../HealthReport.ts"

/** Checks by their names. A check is healthy if it succeeds in time. */
export type Checks = HealthReport.Checks

/** The result of a check. A check that fails and is not critical is degraded. */
export interface CheckResult {
  readonly name: string
  readonly status: HealthReport.CheckStatus
  readonly responseTimeMs: number
  readonly error?: string | undefined
}

/** The longest time of a check that has no limit of its own. */
const defaultLimit: Duration.Duration = Duration.seconds(5)

interface Check {
  readonly effect: Effect.Effect<unknown, unknown>
  readonly limit: Duration.Duration
  /** The status of the check if it fails. */
  readonly failed: "degraded" | "unhealthy"
}

const checkOf = (given: Checks[string]): Check => {
  if (Effect.isEffect(given)) return { effect: given, limit: defaultLimit, failed: "unhealthy" }
  const { check, isCritical = true, timeout = defaultLimit } = given
  return {
    effect: check,
    limit: Duration.fromInputUnsafe(timeout),
    failed: isCritical ? "unhealthy" : "degraded"
  }
}

const timedOut = (limit: Duration.Duration) => `timed out after ${Duration.format(limit)}`

/** `runAll` runs the checks and never fails. The checks get the context of the caller of `make`. */
export const make = Effect.fnUntraced(function*(checks: Checks) {
  const context = yield* Effect.context<never>()
  const redaction = yield* Redaction.Current
  const all = Object.entries(checks).map(([name, given]) => [name, checkOf(given)] as const)
  const names = all.map(([name]) => name)
  // After redaction, two names may look alike.
  const nameFor = uniqueNames(names.filter((name) => redaction.name(name) === name))
  const shown = new Map(names.map((name) => {
    const text = redaction.name(name)
    return [name, text === name ? name : nameFor(text)]
  }))
  const running = new Map<string, Fiber.Fiber<CheckResult>>()
  const failing = new Set<string>()

  const run = Effect.fnUntraced(function*(name: string, { effect, failed, limit }: Check) {
    const start = yield* Clock.monotonicTimeNanos
    const exit = yield* Effect.exit(Effect.timeoutOption(effect, limit))
    const responseTimeMs = Number((yield* Clock.monotonicTimeNanos) - start) / 1e6
    if (Exit.isSuccess(exit) && Option.isSome(exit.value)) {
      if (failing.delete(name)) yield* Effect.logInfo("a readiness check succeeds again", { check: name })
      return { name, status: "healthy", responseTimeMs } as const
    }
    const error = Exit.isSuccess(exit) ? timedOut(limit) : publicText(exit.cause, redaction)
    // A probe asks every few seconds. The log has only the beginning and the end of an outage.
    if (!failing.has(name)) {
      failing.add(name)
      yield* Effect.logWarning("a readiness check fails", { check: name }, Exit.isFailure(exit) ? exit.cause : error)
    }
    return { name, status: failed, responseTimeMs, error } as const
  })

  // A scope that closes waits for its fibers, and a check may not be interruptible.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const fiber of running.values()) fiber.interruptUnsafe()
    })
  )

  /** The fiber of a running check, or a new fiber without the request's context. */
  const start = (name: string, check: Check) =>
    Effect.suspend(() => {
      const before = running.get(name)
      if (before !== undefined) return Effect.succeed(before)
      return Effect.map(
        Effect.forkDetach(
          Effect.updateContext(
            Effect.withTracerEnabled(run(name, check), false),
            (_: Context.Context<never>) => context
          )
        ),
        (fiber) => {
          running.set(name, fiber)
          fiber.addObserver(() => running.delete(name))
          return fiber
        }
      )
    })

  /** Runs the checks except those with the names. */
  const runAll = (except: ReadonlySet<string> = new Set()): Effect.Effect<ReadonlyArray<CheckResult>> =>
    Effect.forEach(
      all.filter(([name]) => !except.has(name)),
      ([name, check]) =>
        Effect.flatMap(start(name, check), (fiber) =>
          // A check that cannot be interrupted exceeds its own limit, but not the probe's.
          Effect.map(Effect.timeoutOption(Fiber.await(fiber), check.limit), (exit): CheckResult => ({
            ...(Option.isSome(exit) && Exit.isSuccess(exit.value)
              ? exit.value.value
              : {
                status: check.failed,
                responseTimeMs: Duration.toMillis(check.limit),
                error: timedOut(check.limit)
              }),
            name: shown.get(name) ?? redaction.mask
          }))),
      { concurrency: "unbounded" }
    )
  return { runAll }
})

/** The names of the checks with a status. */
export const named = (results: ReadonlyArray<CheckResult>, status: HealthReport.CheckStatus): ReadonlyArray<string> =>
  results.filter((result) => result.status === status).map(({ name }) => name)

/** The results by name. */
export const byName = (results: ReadonlyArray<CheckResult>) =>
  Object.fromEntries(results.map(({ name, ...result }) => [name, result]))

const longestText = 200
/**
 * The text that everyone may read: the string that a check failed with, or the
 * class of another failure. The log has more.
 */
const publicText = (cause: Cause.Cause<unknown>, redaction: Redaction.Redaction): string => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure === undefined || typeof failure.error !== "string") return describeCause(cause).type
  return truncateMasked(failure.error, longestText, redaction.text)
}

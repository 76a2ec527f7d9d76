/**
 * Runs readiness checks at the same time, within one limit. If several probes
 * ask, a check still runs once at a time.
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

/** Checks by their names. A check is healthy if it succeeds in time. */
export type Checks = Readonly<Record<string, Effect.Effect<unknown, unknown>>>

/** The result of a check. */
export interface CheckResult {
  readonly name: string
  readonly status: "healthy" | "unhealthy"
  readonly responseTimeMs: number
  readonly error?: string | undefined
}

/** The longest time that all checks may take together. */
const limit: Duration.Duration = Duration.seconds(5)

const timedOut = `timed out after ${Duration.format(limit)}`

/** `runAll` runs the checks and never fails. The checks get the context of the caller of `make`. */
export const make = Effect.fnUntraced(function*(checks: Checks) {
  const context = yield* Effect.context<never>()
  const redaction = yield* Redaction.Current
  const names = Object.keys(checks)
  // After redaction, two names may look alike.
  const nameFor = uniqueNames(names.filter((name) => redaction.name(name) === name))
  const shown = new Map(names.map((name) => {
    const text = redaction.name(name)
    return [name, text === name ? name : nameFor(text)]
  }))
  const running = new Map<string, Fiber.Fiber<CheckResult>>()
  const failing = new Set<string>()

  const run = Effect.fnUntraced(function*(name: string, check: Effect.Effect<unknown, unknown>) {
    const start = yield* Clock.monotonicTimeNanos
    const exit = yield* Effect.exit(Effect.timeoutOption(check, limit))
    const responseTimeMs = Number((yield* Clock.monotonicTimeNanos) - start) / 1e6
    if (Exit.isSuccess(exit) && Option.isSome(exit.value)) {
      if (failing.delete(name)) yield* Effect.logInfo("a readiness check succeeds again", { check: name })
      return { name, status: "healthy", responseTimeMs } as const
    }
    const error = Exit.isSuccess(exit) ? timedOut : publicText(exit.cause, redaction)
    // A probe asks every few seconds. The log has only the beginning and the end of an outage.
    if (!failing.has(name)) {
      failing.add(name)
      yield* Effect.logWarning("a readiness check fails", { check: name }, Exit.isFailure(exit) ? exit.cause : error)
    }
    return { name, status: "unhealthy", responseTimeMs, error } as const
  })

  // A scope that closes waits for its fibers, and a check may not be interruptible.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const fiber of running.values()) fiber.interruptUnsafe()
    })
  )

  /** The fiber of a running check, or a new fiber without the request's context. */
  const start = (name: string, check: Effect.Effect<unknown, unknown>) =>
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

  const runAll = Effect.forEach(
    Object.entries(checks),
    ([name, check]) =>
      Effect.flatMap(start(name, check), (fiber) =>
        // A check that cannot be interrupted exceeds its own limit, but not the probe's.
        Effect.map(Effect.timeoutOption(Fiber.await(fiber), limit), (exit): CheckResult => ({
          ...(Option.isSome(exit) && Exit.isSuccess(exit.value)
            ? exit.value.value
            : { status: "unhealthy", responseTimeMs: Duration.toMillis(limit), error: timedOut }),
          name: shown.get(name) ?? redaction.mask
        }))),
    { concurrency: "unbounded" }
  )
  return { runAll }
})

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

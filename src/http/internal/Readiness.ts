/**
 * Runs readiness checks: at the same time, within one limit, and each at most
 * once at a time however many probes ask.
 *
 * @internal
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

/** Checks by their names; a check that fails, dies or does not end in time is not healthy. */
export type Checks = Readonly<Record<string, Effect.Effect<unknown, unknown>>>

/** What a check said. */
export interface CheckResult {
  readonly name: string
  readonly status: "healthy" | "unhealthy"
  readonly responseTimeMs: number
  readonly error?: string | undefined
}

/** Longest time that all checks together may take. */
const limit: Duration.Duration = Duration.seconds(5)

const timedOut = `timed out after ${Duration.format(limit)}`

/** `runAll` runs the checks and never fails. Checks run in the context of the caller of `make`. */
export const make = Effect.fnUntraced(function*(checks: Checks) {
  const context = yield* Effect.context<never>()
  const redaction = yield* Redaction.Current
  const names = Object.keys(checks)
  // Names that are not shown as they are may look alike.
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
    // A probe asks every few seconds; the log has the beginning and the end of an outage.
    if (!failing.has(name)) {
      failing.add(name)
      yield* Effect.logWarning("a readiness check fails", { check: name }, Exit.isFailure(exit) ? exit.cause : error)
    }
    return { name, status: "unhealthy", responseTimeMs, error } as const
  })

  // Not forked into the scope: closing it would wait for a check that cannot be interrupted.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const fiber of running.values()) fiber.interruptUnsafe()
    })
  )

  /** The fiber of a check that goes on, else a new one; it has nothing of the request that started it. */
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
        // A check that cannot be interrupted outlives its limit, not the probe's.
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
 * What a probe may read, who can be anybody: the text of a check that failed
 * with a text, and of any other failure its class. The log has the rest.
 */
const publicText = (cause: Cause.Cause<unknown>, redaction: Redaction.Redaction): string => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure === undefined || typeof failure.error !== "string") return describeCause(cause).type
  return truncateMasked(failure.error, longestText, redaction.text)
}

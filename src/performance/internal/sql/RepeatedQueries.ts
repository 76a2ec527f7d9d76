/**
 * Counts the statements of each attempt of a step by their summary, to find one that an attempt runs too often.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { WorkflowContext } from "../../../Correlation.ts"
import type { EventBus } from "../../../events/EventBus.ts"
import type { EventEnvelope } from "../../../events/EventEnvelope.ts"
import type { SqlInstruments } from "./Queries.ts"
import { publishFinding } from "./SqlEvents.ts"

/** The most attempts that are counted at the same time. The oldest ones are forgotten first. */
const mostAttempts = 10_000
const nanosPerSecond = 1e9
/** The most summaries of an attempt. Further ones are not counted. */
const mostSummaries = 1000

interface Counted {
  count: number
  totalNanos: number
  /** Time in which at least one of the statements ran. */
  elapsedNanos: number
  /** The latest end of a statement. */
  endNanos: number
}

interface Attempt {
  readonly workflow: WorkflowContext
  readonly summaries: Map<string, Counted>
  /** The fiber of the last statement, whose context findings have. */
  fiber: Fiber.Fiber<unknown, unknown>
}

export interface RepeatedQueries {
  readonly add: (
    workflow: WorkflowContext,
    fiber: Fiber.Fiber<unknown, unknown>,
    summary: string,
    startNanos: number,
    endNanos: number
  ) => void
}

/** Events at which an attempt has ended. */
const endings: ReadonlySet<string> = new Set(["step.completed", "step.failed", "step.cancelled"])

/** Publishes findings for summaries that an attempt has run more than `limit` times, when the attempt has ended. */
export const make: (
  bus: EventBus["Service"],
  instruments: SqlInstruments,
  limit: number
) => Effect.Effect<RepeatedQueries, never, Scope.Scope> = Effect.fnUntraced(function*(bus, instruments, limit) {
  const attempts = new Map<string, Attempt>()

  const end = (key: string): void => {
    const attempt = attempts.get(key)
    if (attempt === undefined) return
    attempts.delete(key)
    for (const [summary, { count, elapsedNanos, totalNanos }] of attempt.summaries) {
      if (count <= limit) continue
      const times = { totalSeconds: totalNanos / nanosPerSecond, elapsedSeconds: elapsedNanos / nanosPerSecond }
      const finding = { kind: "repeated_query", summary, count, ...times } as const
      publishFinding(bus, instruments, attempt.fiber, attempt.workflow, finding)
    }
  }

  if (bus.enabled) {
    const { queue } = yield* bus.subscribe({
      name: "repeated queries",
      capacity: mostAttempts,
      accepts: (name) => endings.has(name)
    })
    yield* Queue.take(queue).pipe(
      Effect.tap((event) => Effect.sync(() => end(keyOfEvent(event)))),
      Effect.forever,
      Effect.ignoreCause,
      Effect.forkScoped({ startImmediately: true })
    )
  }

  let last: { readonly workflow: WorkflowContext; readonly attempt: Attempt } | undefined

  const attemptOf = (workflow: WorkflowContext, fiber: Fiber.Fiber<unknown, unknown>): Attempt => {
    const key = keyOf(workflow.stepId, workflow.attempt)
    const known = attempts.get(key)
    if (known !== undefined) return known
    if (attempts.size >= mostAttempts) attempts.delete(attempts.keys().next().value!)
    const attempt = { workflow, fiber, summaries: new Map<string, Counted>() }
    attempts.set(key, attempt)
    return attempt
  }

  return {
    add: (workflow, fiber, summary, startNanos, endNanos) => {
      if (!bus.enabled || workflow.stepId === undefined || summary === "") return
      if (last?.workflow !== workflow) last = { workflow, attempt: attemptOf(workflow, fiber) }
      const { fiber: _, summaries } = last.attempt
      last.attempt.fiber = fiber
      const totalNanos = endNanos - startNanos
      const counted = summaries.get(summary)
      if (counted !== undefined) {
        counted.count++
        counted.totalNanos += totalNanos
        // Statements come in the order of their ends.
        counted.elapsedNanos += Math.max(0, endNanos - Math.max(startNanos, counted.endNanos))
        counted.endNanos = endNanos
      } else if (summaries.size < mostSummaries) {
        summaries.set(summary, { count: 1, totalNanos, elapsedNanos: totalNanos, endNanos })
      }
    }
  }
})

const keyOf = (stepId: string | undefined, attempt: number | undefined): string => `${stepId} ${attempt}`

const keyOfEvent = (event: EventEnvelope): string => {
  const { attempt, stepId } = event.payload as { readonly stepId?: string; readonly attempt?: number }
  return keyOf(stepId, attempt)
}

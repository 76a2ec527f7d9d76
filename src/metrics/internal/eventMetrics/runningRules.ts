/**
 * The observed metrics of runs in progress.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../../../config/TelemetryConfig.ts"
import type * as EventCatalog from "../../../events/EventCatalog.ts"
import { catalog as events } from "../../../events/EventCatalog.ts"
import * as EventMetrics from "../../EventMetrics.ts"
import { catalog } from "../../MetricCatalog.ts"
import type { MetricStore } from "../../MetricStore.ts"
import { hasAttempt } from "./stepRules.ts"

export const runningRules = Effect.fnUntraced(function*(
  store: MetricStore["Service"]
): Effect.fn.Return<ReadonlyArray<EventMetrics.EventMetric>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const { execution } = yield* TelemetryConfig.Current
  const running = new RunningTasks({
    mostInBackground: execution.startedTasks,
    nowNanos: () => clock.monotonicTimeNanosUnsafe()
  })
  yield* store.observe({
    ...catalog.taskOldestAge,
    read: () => running.oldest().map(({ seconds, task }) => ({ attributes: { task }, value: seconds }))
  })
  yield* store.observe({
    ...catalog.slotsUsed,
    read: () => slots(running.background, running.attempts)
  })
  yield* store.observe({
    ...catalog.slotsLimit,
    read: () => slots(execution.startedTasks, running.runs * execution.concurrency)
  })
  return follow(running)
})

const slots = (startedTasks: number, steps: number) => [
  { attributes: { kind: "started_tasks" }, value: startedTasks },
  { attributes: { kind: "steps" }, value: steps }
]

const follow = (running: RunningTasks): ReadonlyArray<EventMetrics.EventMetric> => {
  const { make } = EventMetrics
  const ended = (
    { fromState, taskId, taskName }: EventCatalog.Payload<"task.cancelled" | "task.completed" | "task.failed">
  ) => {
    if (fromState === "in_progress") running.ended(taskName, taskId)
    else running.leave(taskId)
  }
  return [
    make(events["observability.task.enqueue"], ({ taskId }) => running.enqueued(taskId)),
    make(events["task.start_requested"], ({ taskId, taskName }) => running.started(taskName, taskId)),
    make(events["task.completed"], ended),
    make(events["task.failed"], ended),
    make(events["task.cancelled"], ended),
    make(events["step.execution_requested"], () => running.attemptStarted()),
    make(events["step.completed"], () => running.attemptEnded()),
    make(events["step.failed"], () => running.attemptEnded()),
    make(events["step.cancelled"], (payload) => {
      if (hasAttempt(payload)) running.attemptEnded()
    })
  ]
}

/**
 * The highest number of runs with a known start. With more runs, the oldest run is known until all runs with a known
 * start have ended.
 */
const mostRuns = 10_000

/**
 * The runs that have started and not ended. It knows for each task how long the oldest run has been running, and how
 * many execution slots are taken. It follows events, so that the workflow room does not depend on metrics.
 */
export class RunningTasks {
  /** For each task, its runs in the order of their starts, by the monotonic clock. */
  readonly #starts = new Map<string, Map<string, bigint>>()
  /** Runs in the background. They take a slot before they start. */
  readonly #background = new Set<string>()
  readonly #mostInBackground: number
  readonly #nowNanos: () => bigint
  #known = 0
  #runs = 0
  #attempts = 0

  constructor(options: {
    /** The highest number of runs in the background. */
    readonly mostInBackground: number
    readonly nowNanos: () => bigint
  }) {
    this.#mostInBackground = options.mostInBackground
    this.#nowNanos = options.nowNanos
  }

  enqueued(taskId: string): void {
    if (this.#background.size < this.#mostInBackground) this.#background.add(taskId)
  }

  started(task: string, taskId: string): void {
    this.#runs++
    if (this.#known === mostRuns) return
    const starts = this.#starts.get(task) ?? new Map<string, bigint>()
    this.#starts.set(task, starts)
    starts.set(taskId, this.#nowNanos())
    this.#known++
  }

  /** A run leaves the background before it has started. */
  leave(taskId: string): void {
    this.#background.delete(taskId)
  }

  ended(task: string, taskId: string): void {
    this.#runs--
    this.leave(taskId)
    const starts = this.#starts.get(task)
    if (starts?.delete(taskId) !== true) return
    this.#known--
    if (starts.size === 0) this.#starts.delete(task)
  }

  attemptStarted(): void {
    this.#attempts++
  }

  attemptEnded(): void {
    this.#attempts--
  }

  /** Runs in progress. */
  get runs(): number {
    return this.#runs
  }

  /** Runs in the background. */
  get background(): number {
    return this.#background.size
  }

  /** Attempts of steps in progress. */
  get attempts(): number {
    return this.#attempts
  }

  /** Seconds since the start of the oldest run of each task that has one. */
  oldest(): ReadonlyArray<{ readonly task: string; readonly seconds: number }> {
    const now = this.#nowNanos()
    return Array.from(this.#starts, ([task, starts]) => {
      const [first = now] = starts.values()
      return { task, seconds: Number(now - first) / 1e9 }
    })
  }
}

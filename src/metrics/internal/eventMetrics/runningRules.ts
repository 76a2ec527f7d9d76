/**
 * The metrics of runs in progress, which are read rather than recorded.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../../../config/TelemetryConfig.ts"
import { catalog as events } from "../../../events/EventCatalog.ts"
import * as EventMetrics from "../../EventMetrics.ts"
import { catalog } from "../../MetricCatalog.ts"
import type { MetricStore } from "../../MetricStore.ts"
import { RunningTasks } from "./RunningTasks.ts"
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
  const ended = ({ taskId, taskName }: { readonly taskId: string; readonly taskName: string }) =>
    running.ended(taskName, taskId)
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

/**
 * The rules that record the events of steps.
 */
import { catalog as events } from "../../../events/EventCatalog.ts"
import * as EventMetrics from "../../EventMetrics.ts"
import { catalog } from "../../MetricCatalog.ts"
import type { MetricStore } from "../../MetricStore.ts"
import type { ErrorTypes } from "./ErrorTypes.ts"

const ofStep = { task: "taskName", step: "stepName" } as const
const ending = { ...ofStep, status: "toState" } as const
const leaving = { ...ofStep, from_state: "fromState" } as const

/** Whether a cancelled step has made an attempt. A waiting step has not. */
export const hasAttempt = ({ fromState }: { readonly fromState: string | undefined }): boolean =>
  fromState === "in_progress"

export const stepRules = (
  store: MetricStore["Service"],
  errorTypes: ErrorTypes
): ReadonlyArray<EventMetrics.EventMetric> => {
  const { count, observe } = EventMetrics
  return [
    ...attempts(store),
    ...ends(store),
    ...failures(store, errorTypes),
    count(events["step.completed"], store.counter(catalog.stepCompleted), ofStep),
    count(events["step.cancelled"], store.counter(catalog.stepCancelled), leaving),
    count(events["step.retry_requested"], store.counter(catalog.stepRetries), ofStep),
    observe(
      events["observability.step.backoff"],
      store.histogram(catalog.stepBackoff),
      { ...ofStep, type: "backoffType" },
      "backoffSeconds"
    ),
    count(events["observability.step.max_retries_reached"], store.counter(catalog.stepRetriesExhausted), ofStep),
    count(events["observability.step.skip"], store.counter(catalog.stepsSkipped), ofStep),
    count(events["step.resolved_manually"], store.counter(catalog.stepResolved), leaving)
  ]
}

const attempts = (store: MetricStore["Service"]): ReadonlyArray<EventMetrics.EventMetric> => {
  const { add, count, observe, when } = EventMetrics
  const steps = store.counter(catalog.steps)
  const duration = store.histogram(catalog.stepDuration)
  const active = store.upDownCounter(catalog.stepsActive)
  const ended = (["step.completed", "step.failed", "step.cancelled"] as const).flatMap((name) => {
    const event = events[name]
    return [
      add(event, active, ofStep, -1),
      count(event, steps, ending),
      observe(event, duration, ending, "durationSeconds")
    ].map((measure) => when(event, hasAttempt, measure))
  })
  return [
    add(events["step.execution_requested"], active, ofStep, 1),
    observe(events["step.execution_requested"], store.histogram(catalog.stepQueue), ofStep, "queueSeconds"),
    ...ended
  ]
}

/** Records the total time and the number of attempts of an ended step. */
const ends = (store: MetricStore["Service"]): ReadonlyArray<EventMetrics.EventMetric> => {
  const { observe, when } = EventMetrics
  const endToEnd = store.histogram(catalog.stepEndToEnd)
  const attempts = store.histogram(catalog.stepAttempts)
  const completed = events["step.completed"]
  const failed = events["step.failed"]
  const cancelled = events["step.cancelled"]
  const isFinal = ({ final }: { readonly final: boolean }) => final
  return [
    observe(completed, endToEnd, ending, "totalSeconds"),
    observe(completed, attempts, ending, "attempt"),
    when(failed, isFinal, observe(failed, endToEnd, ending, "totalSeconds")),
    when(failed, isFinal, observe(failed, attempts, ending, "attempt")),
    when(cancelled, hasAttempt, observe(cancelled, endToEnd, ending, "totalSeconds")),
    when(cancelled, hasAttempt, observe(cancelled, attempts, ending, "attempt"))
  ]
}

const failures = (
  store: MetricStore["Service"],
  errorTypes: ErrorTypes
): ReadonlyArray<EventMetrics.EventMetric> => {
  const { count, make, when } = EventMetrics
  const event = events["step.failed"]
  const failed = store.counter(catalog.stepFailed)
  const timeouts = store.counter(catalog.stepTimeouts)
  return [
    make(
      event,
      ({ errorType, final, stepName, taskName }) =>
        failed.inc({ task: taskName, step: stepName, error_type: errorTypes.keep(errorType), final: `${final}` })
    ),
    when(
      event,
      ({ timedOut }) => timedOut !== undefined,
      count(event, timeouts, { ...ofStep, limit_of: "timedOut" })
    )
  ]
}

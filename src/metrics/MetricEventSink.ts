/**
 * Turns published events into measurements.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventBus } from "../events/EventBus.ts"
import { catalog as events } from "../events/EventCatalog.ts"
import * as EventMeasure from "./EventMeasure.ts"
import { catalog } from "./MetricCatalog.ts"
import { MetricStore } from "./MetricStore.ts"

/**
 * Declares the workflow metrics and registers the sink. Every event is measured:
 * sampling of traces and levels of logs have no influence here.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, EventBus | MetricStore> = Layer.suspend(() =>
  layerOf("metrics", workflowMeasures)
)

/**
 * Measures events by rules of a program's own.
 *
 * **Gotchas**
 *
 * A program's own events go to trace and log by default: give those that are
 * measured a route with `metrics: true`.
 *
 * @param name the attribute `sink` of the counter of errors
 * @category layers
 * @since 0.1.0
 */
export const layerOf = (
  name: string,
  rules: (store: MetricStore["Service"]) => ReadonlyArray<EventMeasure.EventMeasure>
): Layer.Layer<never, never, EventBus | MetricStore> =>
  Layer.effectDiscard(
    Effect.gen(function*() {
      const bus = yield* EventBus
      const measures = new Map<string, Array<EventMeasure.EventMeasure["record"]>>()
      for (const { event, record } of rules(yield* MetricStore)) {
        const before = measures.get(event)
        if (before === undefined) measures.set(event, [record])
        else before.push(record)
      }
      yield* bus.register({
        name,
        signal: "metrics",
        accepts: (event) => measures.has(event),
        handle: (envelope) => {
          for (const record of measures.get(envelope.name) ?? []) record(envelope.payload as never)
        }
      })
    })
  )

const ofTask = { task: "taskName" } as const
const endOfTask = { task: "taskName", status: "toState" } as const
const ofStep = { task: "taskName", step: "stepName" } as const
const endOfAttempt = { task: "taskName", step: "stepName", status: "toState" } as const

const workflowMeasures = (store: MetricStore["Service"]): ReadonlyArray<EventMeasure.EventMeasure> => {
  const { add, count, observe } = EventMeasure
  const tasks = store.counter(catalog.tasks)
  const steps = store.counter(catalog.steps)
  const workflowDuration = store.histogram(catalog.workflowDuration)
  const stepDuration = store.histogram(catalog.stepDuration)
  const tasksActive = store.upDownCounter(catalog.tasksActive)
  const stepsActive = store.upDownCounter(catalog.stepsActive)

  const taskEnded = (["task.completed", "task.failed", "task.cancelled"] as const).flatMap((name) => [
    add(events[name], tasksActive, ofTask, -1),
    count(events[name], tasks, endOfTask),
    observe(events[name], workflowDuration, endOfTask, "durationSeconds")
  ])
  const attemptEnded = (["step.completed", "step.failed", "step.cancelled"] as const).flatMap((name) => {
    const event = events[name]
    return [
      add(event, stepsActive, ofStep, -1),
      count(event, steps, endOfAttempt),
      observe(event, stepDuration, endOfAttempt, "durationSeconds")
      // A step that is cancelled while it waits has made no attempt.
    ].map((measure) => EventMeasure.when(event, ({ fromState }) => fromState === "in_progress", measure))
  })

  return [
    count(events["observability.task.enqueue"], store.counter(catalog.tasksEnqueued), ofTask),
    count(events["task.initialize_requested"], store.counter(catalog.tasksRequested), ofTask),
    add(events["task.start_requested"], tasksActive, ofTask, 1),
    ...taskEnded,
    count(events["workflow.viable_steps_discovered"], store.counter(catalog.viableSteps), ofTask, "stepCount"),
    add(events["step.execution_requested"], stepsActive, ofStep, 1),
    observe(events["step.execution_requested"], store.histogram(catalog.stepQueue), ofStep, "queueSeconds"),
    ...attemptEnded,
    count(events["step.retry_requested"], store.counter(catalog.stepRetries), ofStep),
    observe(
      events["observability.step.backoff"],
      store.histogram(catalog.stepBackoff),
      { ...ofStep, type: "backoffType" },
      "backoffSeconds"
    ),
    count(events["observability.step.max_retries_reached"], store.counter(catalog.stepRetriesExhausted), ofStep),
    count(events["observability.step.skip"], store.counter(catalog.stepsSkipped), ofStep)
  ]
}

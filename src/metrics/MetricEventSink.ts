/**
 * Turns published events into measurements.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventBus } from "../events/EventBus.ts"
import type { EventEnvelope } from "../events/EventEnvelope.ts"
import { catalog } from "./MetricCatalog.ts"
import { MetricStore } from "./MetricStore.ts"

/**
 * Declares the workflow metrics and registers the sink. Every event is measured:
 * sampling of traces and levels of logs have no influence here.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, EventBus | MetricStore> = Layer.effectDiscard(
  Effect.gen(function*() {
    const bus = yield* EventBus
    const store = yield* MetricStore
    const metrics = declare(store)
    yield* bus.register({ name: "metrics", signal: "metrics", handle: (envelope) => measure(metrics, envelope) })
  })
)

const declare = (store: MetricStore["Service"]) => ({
  tasks: store.counter(catalog.tasks),
  steps: store.counter(catalog.steps),
  workflowDuration: store.histogram(catalog.workflowDuration),
  stepDuration: store.histogram(catalog.stepDuration),
  stepQueue: store.histogram(catalog.stepQueue),
  stepRetries: store.counter(catalog.stepRetries),
  tasksActive: store.upDownCounter(catalog.tasksActive),
  stepsActive: store.upDownCounter(catalog.stepsActive)
})

type WorkflowMetrics = ReturnType<typeof declare>

const measure = (metrics: WorkflowMetrics, envelope: EventEnvelope): void => {
  switch (envelope.name) {
    case "task.start_requested":
      return metrics.tasksActive.add({ task: envelope.payload.taskName }, 1)
    case "task.completed":
    case "task.failed":
    case "task.cancelled":
      return taskEnded(metrics, envelope.payload)
    case "step.execution_requested": {
      const { queueSeconds, stepName: step, taskName: task } = envelope.payload
      metrics.stepsActive.add({ task, step }, 1)
      return metrics.stepQueue.observe({ task, step }, queueSeconds)
    }
    case "step.completed":
    case "step.failed":
      return attemptEnded(metrics, envelope.payload)
    case "step.cancelled":
      // A step that is cancelled while it waits has made no attempt.
      return envelope.payload.fromState === "in_progress" ? attemptEnded(metrics, envelope.payload) : undefined
    case "step.retry_requested":
      return metrics.stepRetries.inc({ task: envelope.payload.taskName, step: envelope.payload.stepName })
  }
}

const taskEnded = (
  metrics: WorkflowMetrics,
  { durationSeconds, taskName: task, toState: status }: {
    readonly taskName: string
    readonly toState: string
    readonly durationSeconds: number
  }
) => {
  metrics.tasksActive.add({ task }, -1)
  metrics.tasks.inc({ task, status })
  metrics.workflowDuration.observe({ task, status }, durationSeconds)
}

const attemptEnded = (
  metrics: WorkflowMetrics,
  { durationSeconds, stepName: step, taskName: task, toState: status }: {
    readonly taskName: string
    readonly stepName: string
    readonly toState: string
    readonly durationSeconds: number
  }
) => {
  metrics.stepsActive.add({ task, step }, -1)
  metrics.steps.inc({ task, step, status })
  metrics.stepDuration.observe({ task, step, status }, durationSeconds)
}

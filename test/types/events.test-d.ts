/**
 * What may be published, and what an envelope says about its payload.
 */
import { Effect } from "effect"
import { EventBus } from "../../src/events/EventBus.ts"
import type { EventEnvelope } from "../../src/events/EventEnvelope.ts"

const task = { taskId: "1", taskName: "t", namespace: "default", version: "0.1.0" }

export const published = Effect.gen(function*() {
  const bus = yield* EventBus
  yield* bus.publish("workflow.steps_execution_started", { ...task, stepCount: 1 })
  // @ts-expect-error a field is missing
  yield* bus.publish("workflow.steps_execution_started", task)
  // @ts-expect-error a field has the wrong type
  yield* bus.publish("workflow.steps_execution_started", { ...task, stepCount: "1" })
  // @ts-expect-error the payload belongs to another event
  yield* bus.publish("task.completed", { ...task, stepCount: 1 })
  // @ts-expect-error the catalog has no such event
  yield* bus.publish("task.complete", { ...task, stepCount: 1 })
  // @ts-expect-error the event has no such field
  yield* bus.publish("workflow.steps_execution_started", { ...task, stepCount: 1, colour: "red" })
})

export const narrowed = (event: EventEnvelope): number => {
  if (event.name === "step.completed") return event.payload.queueSeconds
  // @ts-expect-error without its name an event may have no queue time
  return event.payload.queueSeconds
}

// @ts-expect-error a sink has one of the signals
export const registered = EventBus.use((bus) => bus.register({ name: "sink", signal: "traces", handle: () => {} }))

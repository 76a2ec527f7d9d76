/**
 * What may be published, declared, routed, measured and subscribed to, and what an envelope says about its payload.
 */
import { Effect, Schema } from "effect"
import type { defaultRoutes } from "../../src/events/defaultRoutes.ts"
import { EventBus } from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import type { EventEnvelope } from "../../src/events/EventEnvelope.ts"
import * as EventRoute from "../../src/events/EventRoute.ts"
import * as EventRouter from "../../src/events/EventRouter.ts"
import * as EventSubscriber from "../../src/events/EventSubscriber.ts"
import * as EventMetrics from "../../src/metrics/EventMetrics.ts"
import type { MetricStore } from "../../src/metrics/MetricStore.ts"

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
export const made1 = EventBus.use((bus) => bus.register({ name: "sink", signal: "traces", handle: () => {} }))

// --- Routes ---

// @ts-expect-error an event of the catalog is neither routed nor ignored
export const incomplete: typeof defaultRoutes = { "task.completed": EventRoute.ignored }

// @ts-expect-error the catalog has no such event
EventRouter.override("task.complete", { log: false })
// @ts-expect-error the event has no such field
EventRouter.override("step.failed", { when: ({ payload }) => payload.total > 1 })
EventRouter.override("step.failed", { when: ({ payload }) => payload.final })
EventRouter.override("step.*", { enabled: false })

// --- Events of a program ---

const about = { description: "d", fires: "f", payload: Schema.Struct({ orderId: Schema.String, city: Schema.String }) }
const Sold = EventCatalog.define("shop.sold", { ...about, attributes: ["city"] })
// @ts-expect-error the domain is reserved
EventCatalog.define("task.mine", about)
// @ts-expect-error an id is never low in cardinality
EventCatalog.define("shop.sold", { ...about, attributes: ["orderId"] })
const ids = Schema.Struct({ order_id: Schema.String, userID: Schema.String, uuid: Schema.String })
// @ts-expect-error an id is never low in cardinality, however it is spelt
EventCatalog.define("shop.sold", { ...about, payload: ids, attributes: ["order_id"] })
// @ts-expect-error an id is never low in cardinality, however it is spelt
EventCatalog.define("shop.sold", { ...about, payload: ids, attributes: ["userID"] })
// @ts-expect-error an id is never low in cardinality, however it is spelt
EventCatalog.define("shop.sold", { ...about, payload: ids, attributes: ["uuid"] })
// @ts-expect-error the payload has no such field
EventCatalog.define("shop.sold", { ...about, attributes: ["country"] })

export const made2 = EventBus.publish(Sold, { orderId: "o-1", city: "Ulm" })
// @ts-expect-error a field is missing
export const made3 = EventBus.publish(Sold, { orderId: "o-1" })
// @ts-expect-error a field has the wrong type
export const made4 = EventBus.publish(Sold, { orderId: 1, city: "Ulm" })

// --- Measurements ---

export const measures = (store: MetricStore["Service"]) => {
  const sold = store.counter({ name: "sold_total", help: "Sold.", attributes: ["city"] })
  const steps = store.histogram({ name: "steps_seconds", help: "Steps.", attributes: ["step"], buckets: [1] })
  return [
    EventMetrics.count(Sold, sold, { city: "city" }),
    // @ts-expect-error an id cannot become an attribute
    EventMetrics.count(Sold, sold, { city: "orderId" }),
    // @ts-expect-error the family has another attribute
    EventMetrics.count(Sold, sold, { town: "city" }),
    EventMetrics.observe(EventCatalog.catalog["step.completed"], steps, { step: "stepName" }, "durationSeconds"),
    // @ts-expect-error a field that is not declared low in cardinality cannot become an attribute
    EventMetrics.observe(EventCatalog.catalog["step.failed"], steps, { step: "errorMessage" }, "durationSeconds"),
    // @ts-expect-error a text cannot be observed
    EventMetrics.observe(EventCatalog.catalog["step.completed"], steps, { step: "stepName" }, "stepName")
  ]
}

// --- Subscribers ---

export const made5 = EventSubscriber.layer({
  "step.failed": ({ payload }) => Effect.log(payload.errorMessage),
  "step.*": ({ payload }) => Effect.log(payload.stepName),
  // @ts-expect-error not every event has a step
  "*": ({ payload }) => Effect.log(payload.stepName)
})
// @ts-expect-error the catalog has no such event
export const made6 = EventSubscriber.layer({ "step.fail": () => Effect.void })
// @ts-expect-error the event of the program is not among `events`
export const made7 = EventSubscriber.layer({ "shop.sold": () => Effect.void })
export const made8 = EventSubscriber.layer({ "shop.sold": ({ payload }) => Effect.log(payload.city) }, {
  events: EventCatalog.collect([Sold])
})

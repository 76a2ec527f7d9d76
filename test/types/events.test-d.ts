/**
 * What may be published, declared, routed, measured and subscribed to, and what an envelope says about its payload.
 */
import { Context, Effect, Layer, Schema } from "effect"
import * as EventBus from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import type { EventEnvelope } from "../../src/events/EventEnvelope.ts"
import * as EventRouter from "../../src/events/EventRouter.ts"
import * as EventSubscriber from "../../src/events/EventSubscriber.ts"
import type { defaultRoutes } from "../../src/events/internal/defaultRoutes.ts"
import type * as EventDefinition from "../../src/events/internal/EventDefinition.ts"
import * as EventRoute from "../../src/events/internal/EventRoute.ts"
import * as EventMetrics from "../../src/metrics/EventMetrics.ts"
import type { MetricStore } from "../../src/metrics/MetricStore.ts"

const task = { taskId: "1", taskName: "t", namespace: "default", version: "0.1.0" }

export const published = Effect.gen(function*() {
  const bus = yield* EventBus.EventBus
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
export const made1 = EventBus.EventBus.use((bus) => bus.register({ name: "sink", signal: "traces", handle: () => {} }))

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

/** Code that does not know which event it publishes. */
export const publishOne = <D extends EventDefinition.Any>(event: D, payload: EventDefinition.Payload<D>) =>
  EventBus.publish(event, payload)
export const publishNamed = <Name extends EventCatalog.EventName>(name: Name, payload: EventCatalog.Payload<Name>) =>
  EventBus.publish(name, payload)

EventRouter.override(Sold, { when: ({ payload }) => payload.city === "Ulm" })
EventRouter.override("*", { when: (event) => event.name === "step.failed" && event.payload.final })
// @ts-expect-error the event of the program has no such field
EventRouter.override(Sold, { when: ({ payload }) => payload.country === "de" })

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

type Subscriber<R> = Layer.Layer<never, never, R>

class Mails extends Context.Service<Mails, { readonly send: (to: string) => Effect.Effect<void, "full"> }>()(
  "tasker-telemetry/test/types/Mails"
) {}
class Pages extends Context.Service<Pages, { readonly page: Effect.Effect<void> }>()(
  "tasker-telemetry/test/types/Pages"
) {}

const Returned = EventCatalog.define("shop.returned", { ...about, attributes: ["city"] })
const own = { events: EventCatalog.collect([Sold, Returned]) }

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
const isSame = <A, B>(_: Same<A, B>) => {}

isSame<typeof made5, Subscriber<EventBus.EventBus>>(true)
isSame<typeof made8, Subscriber<EventBus.EventBus>>(true)

// Own events only, by name, by domain, by both, several of them
export const ofDomain = EventSubscriber.layer({ "shop.*": ({ payload }) => Effect.log(payload.city) }, own)
isSame<typeof ofDomain, Subscriber<EventBus.EventBus>>(true)
export const ofTwo = EventSubscriber.layer({
  "shop.sold": ({ payload }) => Mails.use((mails) => mails.send(payload.orderId)),
  "shop.returned": ({ name, payload }) => Effect.log(name, payload.city)
}, own)
isSame<typeof ofTwo, Subscriber<EventBus.EventBus | Mails>>(true)
export const ofBoth = EventSubscriber.layer({
  "shop.*": () => Mails,
  "shop.sold": () => Pages.use(({ page }) => page)
}, { ...own, name: "both" })
isSame<typeof ofBoth, Subscriber<EventBus.EventBus | Mails | Pages>>(true)

// Own events beside those of the catalog, and everything
export const mixed = EventSubscriber.layer({
  "task.failed": ({ payload }) => Effect.fail(payload.errorMessage),
  "shop.sold": ({ payload }) => Mails.use((mails) => mails.send(payload.city))
}, own)
isSame<typeof mixed, Subscriber<EventBus.EventBus | Mails>>(true)
export const all = EventSubscriber.layer({ "*": (event) => Pages.use(({ page }) => Effect.as(page, event.name)) }, own)
isSame<typeof all, Subscriber<EventBus.EventBus | Pages>>(true)

// No handler, and one that a program without types gives
export const nothing = EventSubscriber.layer({}, own)
isSame<typeof nothing, Subscriber<EventBus.EventBus>>(true)
export const made = EventSubscriber.layer({
  "shop.sold": Effect.fn(function*() {
    yield* Mails
  })
}, own)
isSame<typeof made, Subscriber<EventBus.EventBus | Mails>>(true)

// @ts-expect-error the payload of an own event has no such field
export const wrongField = EventSubscriber.layer({ "shop.sold": ({ payload }) => Effect.log(payload.country) }, own)
// @ts-expect-error none of the own events has this name
export const wrongName = EventSubscriber.layer({ "shop.stolen": () => Effect.void }, own)
export const halfWrong = EventSubscriber.layer({
  "shop.sold": () => Effect.void,
  // @ts-expect-error the other event is known, this one is not
  "shop.stolen": () => Effect.void
}, own)
// @ts-expect-error a handler gives an Effect
export const noEffect = EventSubscriber.layer({ "shop.sold": () => "done" }, own)

export const provided: Layer.Layer<never, never, EventBus.EventBus> = Layer.provide(
  ofTwo,
  Layer.succeed(Mails, { send: () => Effect.void })
)

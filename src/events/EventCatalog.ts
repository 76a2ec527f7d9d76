/**
 * Every event of this library, declared once: name, meaning, payload schema,
 * severity, and the payload fields with few distinct values. A program declares
 * its own events here, too.
 *
 * Router, metrics, logs, span events and documentation are derived from these
 * declarations.
 *
 * **Details**
 *
 * Events of the domains `task` and `step`, and `observability.step.skip`, are
 * state transitions. Each transition has exactly one event, whose payload has
 * `fromState` and `toState`. All other events describe the loop and never repeat
 * a transition. Durations are in seconds of the monotonic clock.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import { exportEvents } from "./internal/catalog/exportEvents.ts"
import { observabilityEvents } from "./internal/catalog/observabilityEvents.ts"
import { operationEvents } from "./internal/catalog/operationEvents.ts"
import { sqlEvents } from "./internal/catalog/sqlEvents.ts"
import { stepEvents } from "./internal/catalog/stepEvents.ts"
import { taskEvents } from "./internal/catalog/taskEvents.ts"
import { workflowEvents } from "./internal/catalog/workflowEvents.ts"
import * as EventDefinition from "./internal/EventDefinition.ts"
import * as EventExample from "./internal/EventExample.ts"

/**
 * The catalog.
 *
 * **Example** (The fields of an event)
 *
 * ```ts
 * import * as EventCatalog from "tasker-telemetry/events/EventCatalog"
 *
 * const fields = Object.keys(EventCatalog.catalog["step.completed"].payload.fields)
 * ```
 *
 * @category catalog
 * @since 0.1.0
 */
export const catalog = {
  ...taskEvents,
  ...stepEvents,
  ...workflowEvents,
  ...observabilityEvents,
  ...exportEvents,
  ...operationEvents,
  ...sqlEvents
} as const

/**
 * The name of an event of the catalog.
 *
 * @category type-level
 * @since 0.1.0
 */
export type EventName = keyof typeof catalog

export type { Any, EventDefinition, EventSeverity } from "./internal/EventDefinition.ts"

type DefinitionOf<E> = E extends EventName ? (typeof catalog)[E] : E

/**
 * The payload of an event that is given by its name or by its definition.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Payload<E extends EventName | EventDefinition.Any> =
  (DefinitionOf<E> & EventDefinition.Any)["payload"]["Type"]

/**
 * The names of all events, in the order of the catalog.
 *
 * @category catalog
 * @since 0.1.0
 */
export const names = Object.keys(catalog) as ReadonlyArray<EventName>

/**
 * Domains that belong to the library: no event of a program may be in them.
 *
 * @category constants
 * @since 0.1.0
 */
export const reservedDomains = [
  "task",
  "step",
  "workflow",
  "observability",
  "dependency",
  "batch",
  "database",
  "export",
  "memory",
  "performance",
  "tasker"
] as const

type ReservedDomain = (typeof reservedDomains)[number]

const reserved: ReadonlySet<string> = new Set(reservedDomains)

/**
 * Declares an event of a program.
 *
 * **Details**
 *
 * Publish the definition with `EventBus.publish`, route it with `EventRouter.override`, subscribe to it with
 * `EventSubscriber.layer`. Without an override it becomes a span event and a log line. A name of a reserved domain does
 * not compile, and throws a `RangeError`. So does a name without a dot or with upper case letters.
 *
 * **Example** (An event of a shop)
 *
 * ```ts
 * import * as Schema from "effect/Schema"
 * import { EventBus, EventCatalog } from "tasker-telemetry"
 *
 * const InvoiceSent = EventCatalog.define("billing.invoice_sent", {
 *   description: "An invoice left the house.",
 *   fires: "once per invoice, after the mail server took it",
 *   payload: Schema.Struct({ invoiceId: Schema.String, channel: Schema.Literals(["mail", "post"]) }),
 *   attributes: ["channel"]
 * })
 *
 * const send = EventBus.publish(InvoiceSent, { invoiceId: "i-1", channel: "mail" })
 * ```
 *
 * @param name lower-case words divided by dots, at least two; the first is the domain
 * @param options `payload`: the schema; `attributes`: its fields with few distinct values, ids refused; `severity`:
 * level of the log line, `Info` by default; `message`: text of the log line, the name in words by default
 * @category constructors
 * @since 0.1.0
 */
export const define = <
  const Name extends string,
  const Fields extends Schema.Struct.Fields,
  const Attribute extends keyof Fields & string = never
>(
  name: Name extends `${infer Domain extends ReservedDomain}.${string}`
    ? `the domain '${Domain}' is reserved: begin the name with a domain of your own, as in 'billing.invoice_sent'`
    : Name,
  options: EventDefinition.Options<Fields, Attribute>
): EventDefinition.EventDefinition<Name, Fields, Attribute> => {
  const given: string = name
  if (reserved.has(EventDefinition.domainOf(given))) {
    throw new RangeError(`event "${given}": the domain "${EventDefinition.domainOf(given)}" is reserved`)
  }
  return EventDefinition.make<Name, Fields, Attribute>(given as Name, options)
}

/**
 * Gives the events of a program by their names, for subscribers and lookups. It
 * throws a `RangeError` if two definitions have the same name.
 *
 * @category constructors
 * @since 0.1.0
 */
export const collect = <const Definitions extends ReadonlyArray<EventDefinition.Any>>(
  definitions: Definitions
): EventDefinition.ByName<Definitions> => {
  for (const definition of definitions) {
    const domain = EventDefinition.domainOf(definition.name)
    if (reserved.has(domain)) throw new RangeError(`event "${definition.name}": the domain "${domain}" is reserved`)
  }
  return EventDefinition.byName(definitions)
}

const builtIn: ReadonlyMap<string, EventDefinition.Any> = new Map(Object.entries(catalog))

/**
 * Whether a name is in the catalog.
 *
 * @category lookups
 * @since 0.1.0
 */
export const isName = (name: string): name is EventName => builtIn.has(name)

/**
 * Finds the definition of a name.
 *
 * @param events events of the program to search as well, from {@link collect}; none by default
 * @category lookups
 * @since 0.1.0
 */
export const find = (
  name: string,
  events: Readonly<Record<string, EventDefinition.Any>> = {}
): EventDefinition.Any | undefined => builtIn.get(name) ?? (Object.hasOwn(events, name) ? events[name] : undefined)

/**
 * Gives the definitions of a domain, in the order of their declaration.
 *
 * @category lookups
 * @since 0.1.0
 */
export const ofDomain = (
  domain: string,
  events: Readonly<Record<string, EventDefinition.Any>> = {}
): ReadonlyArray<EventDefinition.Any> => all(events).filter((definition) => definition.domain === domain)

/**
 * Finds definitions that have the text in their name, description or occasion, in
 * letters of any case.
 *
 * **Example** (What is known about back-off)
 *
 * ```ts
 * import * as EventCatalog from "tasker-telemetry/events/EventCatalog"
 *
 * const names = EventCatalog.search("back-off").map(({ name }) => name)
 * ```
 *
 * @category lookups
 * @since 0.1.0
 */
export const search = (
  text: string,
  events: Readonly<Record<string, EventDefinition.Any>> = {}
): ReadonlyArray<EventDefinition.Any> => {
  const wanted = text.toLowerCase()
  return all(events).filter(({ description, fires, name }) =>
    [name, description, fires].some((part) => part.toLowerCase().includes(wanted))
  )
}

/**
 * Gives an example of an event's payload that its schema accepts, the same one at
 * every call.
 *
 * **When to use**
 *
 * Use for documentation, or to try out a subscriber or a route.
 *
 * **Details**
 *
 * Ids and texts contain the name of their field, such as `taskId_123` and
 * `example_taskName`. If no plain value fits a field, the value is sampled from
 * the schema with a fixed seed. That fails if the schema accepts too few values.
 *
 * **Example** (A completed step)
 *
 * ```ts
 * import { EventCatalog } from "tasker-telemetry"
 *
 * const payload = EventCatalog.example(EventCatalog.catalog["step.completed"])
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const example = EventExample.of

const all = (events: Readonly<Record<string, EventDefinition.Any>>): ReadonlyArray<EventDefinition.Any> => [
  ...builtIn.values(),
  ...Object.values(events)
]

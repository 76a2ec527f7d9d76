/**
 * Measures events: by which instrument, with which fields as attributes, and with
 * which field as value.
 *
 * The compiler checks a rule against the declaration of its event. A field that
 * is not declared as an attribute cannot become one, so an id never does.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventBus } from "../events/EventBus.ts"
import type * as EventDefinition from "../events/internal/EventDefinition.ts"
import type { Attributes, Counter, Histogram, UpDownCounter } from "./MetricInstrument.ts"
import { MetricStore } from "./MetricStore.ts"

/**
 * A rule that records one event.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventMetric {
  readonly event: string
  readonly record: (payload: never) => void
}

/** For each attribute key of an instrument, the payload field with its value. */
type AttributeFields<D extends EventDefinition.Any, Key extends string> = {
  readonly [K in Key]: EventDefinition.Attribute<D>
}

/** The payload fields that are numbers. */
type NumberField<D extends EventDefinition.Any> = {
  [Field in keyof EventDefinition.Payload<D>]-?: EventDefinition.Payload<D>[Field] extends number ? Field : never
}[keyof EventDefinition.Payload<D>]

/**
 * Records with a function, for a computed value or for an attribute that is not a
 * field.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <D extends EventDefinition.Any>(
  event: D,
  record: (payload: EventDefinition.Payload<D>) => void
): EventMetric => ({ event: event.name, record })

/**
 * Counts events, or sums one of their fields.
 *
 * **Example** (Invoices by channel)
 *
 * ```ts
 * import * as Schema from "effect/Schema"
 * import { EventCatalog, EventMetrics, type MetricStore } from "tasker-telemetry"
 *
 * const InvoiceSent = EventCatalog.define("billing.invoice_sent", {
 *   description: "An invoice left the house.",
 *   fires: "once per invoice",
 *   payload: Schema.Struct({ invoiceId: Schema.String, channel: Schema.Literals(["mail", "post"]) }),
 *   attributes: ["channel"]
 * })
 * const rules = (store: MetricStore.MetricStore["Service"]) => [
 *   EventMetrics.count(
 *     InvoiceSent,
 *     store.counter({ name: "billing_invoices_total", help: "Invoices sent.", attributes: ["channel"] }),
 *     { channel: "channel" }
 *   )
 * ]
 * ```
 *
 * @param amount field to add instead of 1
 * @category constructors
 * @since 0.1.0
 */
export const count = <D extends EventDefinition.Any, Key extends string>(
  event: D,
  instrument: Counter<Key>,
  fields: AttributeFields<D, NoInfer<Key>>,
  amount?: NumberField<D>
): EventMetric => {
  const attributes = attributesFrom(fields)
  return {
    event: event.name,
    record: amount === undefined
      ? (payload) => instrument.inc(attributes(payload))
      : (payload) => instrument.inc(attributes(payload), numberOf(payload, amount))
  }
}

/**
 * Adds a fixed amount to an up-down counter.
 *
 * @category constructors
 * @since 0.1.0
 */
export const add = <D extends EventDefinition.Any, Key extends string>(
  event: D,
  instrument: UpDownCounter<Key>,
  fields: AttributeFields<D, NoInfer<Key>>,
  amount: number
): EventMetric => {
  const attributes = attributesFrom(fields)
  return { event: event.name, record: (payload) => instrument.add(attributes(payload), amount) }
}

/**
 * Observes a field, in the unit of the instrument.
 *
 * @category constructors
 * @since 0.1.0
 */
export const observe = <D extends EventDefinition.Any, Key extends string>(
  event: D,
  instrument: Histogram<Key>,
  fields: AttributeFields<D, NoInfer<Key>>,
  value: NumberField<D>
): EventMetric => {
  const attributes = attributesFrom(fields)
  return { event: event.name, record: (payload) => instrument.observe(attributes(payload), numberOf(payload, value)) }
}

/**
 * Limits a rule to events with a fitting payload.
 *
 * @category combinators
 * @since 0.1.0
 */
export const when = <D extends EventDefinition.Any>(
  event: D,
  holds: (payload: EventDefinition.Payload<D>) => boolean,
  measure: EventMetric
): EventMetric =>
  make(event, (payload) => {
    if (holds(payload)) measure.record(payload as never)
  })

/**
 * Records events by rules of the program.
 *
 * **Details**
 *
 * A rule gives its event a route to metrics. An override with `metrics: false` or
 * `enabled: false` takes the measurements away.
 *
 * @param name the attribute `sink` of the counter of errors
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  name: string,
  rules: (store: MetricStore["Service"]) => ReadonlyArray<EventMetric>
): Layer.Layer<never, never, EventBus | MetricStore> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const records = new Map<string, Array<EventMetric["record"]>>()
    for (const { event, record } of rules(yield* MetricStore)) {
      const before = records.get(event)
      if (before === undefined) records.set(event, [record])
      else before.push(record)
    }
    const bus = yield* EventBus
    yield* bus.register({
      name,
      signal: "metrics",
      impliesRoute: true,
      accepts: (event) => records.has(event),
      handle: (envelope) => {
        for (const record of records.get(envelope.name) ?? []) record(envelope.payload as never)
      }
    })
  }))

const numberOf = (payload: never, field: PropertyKey): number => payload[field as never]

/** Reads the attributes of a payload. A field without a value becomes the empty text. */
const attributesFrom = <Key extends string>(
  fields: Readonly<Record<Key, string>>
): (payload: never) => Attributes<Key> => {
  const pairs = Object.entries<string>(fields)
  return (payload) => {
    const attributes: Record<string, string> = {}
    for (const [key, field] of pairs) {
      const value: string | boolean | undefined = payload[field as never]
      attributes[key] = typeof value === "string" ? value : value === undefined ? "" : `${value}`
    }
    return attributes as Attributes<Key>
  }
}

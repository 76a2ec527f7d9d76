/**
 * A published event: the payload, when it was published, in which order, and for
 * which request and span. The publishing fiber makes the envelope.
 *
 * @since 0.1.0
 */
import * as EventCatalog from "./EventCatalog.ts"

/**
 * A published event, of the catalog or of a program. Its name tells which.
 *
 * @category models
 * @since 0.1.0
 */
export type EventEnvelope = CatalogEnvelope | CustomEnvelope

/**
 * A published event of the catalog.
 *
 * @category models
 * @since 0.1.0
 */
export type CatalogEnvelope = { readonly [Name in EventCatalog.EventName]: EnvelopeOf<Name> }[EventCatalog.EventName]

/**
 * A published event that is given by its name or by its definition.
 *
 * @category models
 * @since 0.1.0
 */
export type EnvelopeOf<E extends EventCatalog.EventName | EventCatalog.Any> = Envelope<
  E extends string ? E : E extends EventCatalog.Any ? E["name"] : never,
  EventCatalog.Payload<E>
>

/** A name that is not in the catalog. */
type CustomName = `${string}.${string}` & { readonly "~tasker-telemetry/CustomName": never }

/** A published event of a program, if its definition is not known by type. */
type CustomEnvelope = Envelope<CustomName, Readonly<Record<string, unknown>>>

/**
 * What every published event carries.
 *
 * @category models
 * @since 0.1.0
 */
export interface Envelope<out Name extends string, out Payload> {
  readonly name: Name
  readonly payload: Payload
  /** Epoch milliseconds by the wall clock. */
  readonly time: number
  /** Position among the events of this bus, counted from 1 without gaps. */
  readonly sequence: number
  readonly correlationId: string | undefined
  /** Trace of the publishing fiber, if it is inside a span. */
  readonly traceId: string | undefined
  readonly spanId: string | undefined
}

/**
 * Whether an event is one of the catalog.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isOfCatalog = (envelope: EventEnvelope): envelope is CatalogEnvelope => EventCatalog.isName(envelope.name)

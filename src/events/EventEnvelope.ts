/**
 * A published event: the payload, when it was published, in which order, and for
 * which request and span. The publishing fiber makes the envelope.
 *
 * @since 0.1.0
 */
import * as EventCatalog from "./EventCatalog.ts"
import type * as EventDefinition from "./EventDefinition.ts"

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
 * A published event of one name of the catalog.
 *
 * @category models
 * @since 0.1.0
 */
export type EnvelopeOf<Name extends EventCatalog.EventName> = Envelope<Name, EventCatalog.Payload<Name>>

/**
 * A published event of a definition.
 *
 * @category models
 * @since 0.1.0
 */
export type EnvelopeFor<D extends EventDefinition.Any> = Envelope<D["name"], EventDefinition.Payload<D>>

/**
 * A name that is not in the catalog.
 *
 * @category models
 * @since 0.1.0
 */
export type CustomName = `${string}.${string}` & { readonly "~tasker-telemetry/CustomName": never }

/**
 * A published event of a program, if its definition is not known by type.
 *
 * @category models
 * @since 0.1.0
 */
export type CustomEnvelope = Envelope<CustomName, Readonly<Record<string, unknown>>>

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

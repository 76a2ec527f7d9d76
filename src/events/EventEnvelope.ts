/**
 * An event as it happened: the payload plus when, in which order, and on whose
 * behalf. Stamped on the fiber that publishes it.
 *
 * @since 0.1.0
 */
import type * as EventCatalog from "./EventCatalog.ts"

/**
 * A published event.
 *
 * @category models
 * @since 0.1.0
 */
export type EventEnvelope = { readonly [Name in EventCatalog.EventName]: EnvelopeOf<Name> }[EventCatalog.EventName]

/**
 * A published event of one name.
 *
 * @category models
 * @since 0.1.0
 */
export interface EnvelopeOf<Name extends EventCatalog.EventName> {
  readonly name: Name
  readonly payload: EventCatalog.Payload<Name>
  /** Epoch milliseconds by the wall clock. */
  readonly time: number
  /** Position among the events of this bus, counted from 1 without gaps. */
  readonly sequence: number
  readonly correlationId: string | undefined
  /** Trace of the publishing fiber, if it is inside a span. */
  readonly traceId: string | undefined
  readonly spanId: string | undefined
}

/**
 * Tells whether the trace of a span is kept, for rooms that do not know the
 * tracer.
 */

/** The decision about a trace. All spans of the trace in this process share the object. */
export interface TraceDecision {
  /** `undefined` until the run has ended. */
  readonly isKept: boolean | undefined
}

const decision = Symbol.for("tasker-telemetry/TraceDecision")

/** A span that knows the decision about its trace. */
export interface Decided {
  readonly [decision]: TraceDecision
}

/** The key under which a span holds the decision. */
export const key: typeof decision = decision

/** Gives the decision about the trace of a span; `undefined` for a span of another tracer. */
export const of = (span: object): TraceDecision | undefined => (span as Partial<Decided>)[decision]

/**
 * Whether the trace of a span is kept, for rooms that do not know the tracer.
 *
 * @internal
 */

/** The decision about a trace: one object for all spans that the process has of it. */
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

/** The decision about the trace of a span; `undefined` for a span of another tracer, whose trace nothing holds back. */
export const of = (span: object): TraceDecision | undefined => (span as Partial<Decided>)[decision]

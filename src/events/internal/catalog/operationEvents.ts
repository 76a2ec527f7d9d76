/**
 * Events of the domains `performance` and `memory`: operations that took too long
 * or too much.
 */
import * as Schema from "effect/Schema"
import * as EventDefinition from "../EventDefinition.ts"

/** The step that the operation belongs to; absent outside of tasks and steps. */
const caller = {
  taskId: Schema.optionalKey(Schema.String),
  taskName: Schema.optionalKey(Schema.String),
  stepId: Schema.optionalKey(Schema.String),
  stepName: Schema.optionalKey(Schema.String),
  attempt: Schema.optionalKey(Schema.Int)
}

const measured = {
  operation: Schema.String,
  durationSeconds: Schema.Finite,
  outcome: Schema.Literals(["success", "failure", "interruption"]),
  errorType: Schema.UndefinedOr(Schema.String),
  /**
   * Whom the figures of the process belong to. `exclusive`: no other measured operation or step ran at the same time.
   * `shared`: others ran, too. `unknown`: the process is not measured, or a garbage collection may have freed memory from before.
   */
  confidence: Schema.Literals(["exclusive", "shared", "unknown"]),
  /** Number of other operations and steps that ran at the same time. */
  overlapping: Schema.Int,
  cpuSeconds: Schema.UndefinedOr(Schema.Finite),
  /** Share of the time in which the event loop was busy. */
  eventLoopUtilization: Schema.UndefinedOr(Schema.Finite),
  heapBytes: Schema.UndefinedOr(Schema.Finite),
  arrayBufferBytes: Schema.UndefinedOr(Schema.Finite),
  /** Garbage collections that were seen meanwhile. */
  collections: Schema.UndefinedOr(Schema.Int),
  /** 1 for the first crossing; the number of further crossings for a summary, whose figures are those of the worst one. */
  occurrences: Schema.Int
}

const attributes = ["operation", "outcome", "errorType", "confidence"] as const

export const operationEvents = EventDefinition.byName([
  EventDefinition.make("performance.slow_operation", {
    description: "A measured operation took longer than its threshold.",
    fires: "at the first crossing of an operation; further crossings are summed up once per performance.quietPeriod",
    severity: "Warn",
    message: "operation is slow",
    payload: Schema.Struct({
      ...measured,
      thresholdSeconds: Schema.Finite,
      /** `learned` if the threshold comes from the operation's own durations. */
      basis: Schema.Literals(["static", "learned"]),
      performanceCategory: Schema.Literals(["fast", "moderate", "slow", "very_slow"]),
      /** Path of a profile of the processor, if one was taken. */
      profile: Schema.UndefinedOr(Schema.String),
      ...caller
    }),
    attributes: [...attributes, "basis", "performanceCategory"]
  }),
  EventDefinition.make("memory.spike_detected", {
    description: "A measured operation that ran alone holds more new memory at its end than its threshold.",
    fires: "at the first crossing of an operation; further crossings are summed up once per performance.quietPeriod",
    severity: "Warn",
    message: "operation holds much memory",
    payload: Schema.Struct({
      ...measured,
      /** `heapBytes` and `arrayBufferBytes` together. */
      memoryBytes: Schema.Finite,
      thresholdBytes: Schema.Finite,
      ...caller
    }),
    attributes
  })
])

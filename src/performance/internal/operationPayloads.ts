/**
 * The payloads of the events about operations.
 */
import * as Context from "effect/Context"
import * as Correlation from "../../Correlation.ts"
import type * as EventCatalog from "../../events/EventCatalog.ts"
import { performanceCategory } from "../../logging/StructuredLog.ts"
import type { Measurement } from "./Measurement.ts"

/** An operation that crossed a threshold, with the context that it ran in. */
interface Crossed {
  readonly measurement: Measurement
  readonly context: Context.Context<never>
}

export interface Slow extends Crossed {
  readonly thresholdSeconds: number
  readonly basis: "static" | "learned"
  readonly profile: string | undefined
}

export interface Spike extends Crossed {
  readonly memoryBytes: number
  readonly thresholdBytes: number
}

export const slow = (
  { basis, context, measurement, profile, thresholdSeconds }: Slow,
  occurrences: number
): EventCatalog.Payload<"performance.slow_operation"> => ({
  ...measurement,
  occurrences,
  thresholdSeconds,
  basis,
  performanceCategory: performanceCategory(measurement.durationSeconds * 1000),
  profile,
  ...callerOf(context)
})

export const spike = (
  { context, measurement, memoryBytes, thresholdBytes }: Spike,
  occurrences: number
): EventCatalog.Payload<"memory.spike_detected"> => ({
  ...measurement,
  occurrences,
  memoryBytes,
  thresholdBytes,
  ...callerOf(context)
})

/** The task and step of a context, without the fields that it does not have. */
const callerOf = (context: Context.Context<never>) => {
  const workflow = Context.get(context, Correlation.CurrentWorkflow)
  if (workflow === undefined) return {}
  const { attempt, stepId, stepName, taskId, taskName } = workflow
  return {
    taskId,
    taskName,
    ...(stepId === undefined ? {} : { stepId }),
    ...(stepName === undefined ? {} : { stepName }),
    ...(attempt === undefined ? {} : { attempt })
  }
}

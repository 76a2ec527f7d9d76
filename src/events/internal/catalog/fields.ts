/**
 * Payload fields that several events share.
 */
import * as Schema from "effect/Schema"
import { ErrorRecord } from "../../../redaction/internal/ErrorRecord.ts"

export const task = {
  taskId: Schema.String,
  taskName: Schema.String,
  namespace: Schema.String,
  version: Schema.String
}
export const step = {
  taskId: Schema.String,
  taskName: Schema.String,
  stepId: Schema.String,
  stepName: Schema.String,
  attempt: Schema.Int
}
export const transition = { fromState: Schema.UndefinedOr(Schema.String), toState: Schema.String }
export const failure = {
  errorType: Schema.String,
  errorMessage: Schema.String,
  /** The failure with its own fields, its causes and its stack; bounded and redacted. */
  error: Schema.optionalKey(ErrorRecord)
}
export const ended = { durationSeconds: Schema.Finite, totalSteps: Schema.Int, completedSteps: Schema.Int }
export const attempted = {
  queueSeconds: Schema.Finite,
  durationSeconds: Schema.Finite,
  /**
   * Seconds since the step could start for the first time, over all attempts: queue, work and back-off; 0 if there was
   * no attempt.
   */
  totalSeconds: Schema.Finite
}

export const taskAttributes = ["taskName", "namespace", "version"] as const
export const stepAttributes = ["taskName", "stepName"] as const
export const stateAttributes = ["fromState", "toState"] as const

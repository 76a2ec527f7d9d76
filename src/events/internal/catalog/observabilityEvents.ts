/**
 * Events of the domain `observability`: what happens to tasks and steps between
 * and beside their attempts, and what analyses of runs find.
 */
import * as Schema from "effect/Schema"
import * as EventDefinition from "../EventDefinition.ts"
import { stateAttributes, step, stepAttributes, task, taskAttributes, transition } from "./fields.ts"

export const observabilityEvents = EventDefinition.byName([
  EventDefinition.make("observability.task.enqueue", {
    description: "A run was handed to the background.",
    fires: "once per TaskRunner.start with a valid input, before task.initialize_requested",
    message: "task enqueued",
    payload: Schema.Struct({ ...task, totalSteps: Schema.Int }),
    attributes: taskAttributes
  }),
  EventDefinition.make("observability.task.heartbeat", {
    description: "A run is still running. Its spans are sent when they end, so of a long run nothing else tells of it.",
    fires: "every tracing.heartbeat while a run is in_progress",
    message: "task is running",
    payload: Schema.Struct({
      ...task,
      durationSeconds: Schema.Finite,
      totalSteps: Schema.Int,
      completedSteps: Schema.Int,
      /** Names of the steps that run now; at most 20. */
      runningSteps: Schema.Array(Schema.String)
    }),
    attributes: taskAttributes
  }),
  EventDefinition.make("observability.task.stale", {
    description: "A run stands still: no step of it has changed its state for tracing.staleHeartbeats heartbeats.",
    fires: "once each time a run comes to stand still, unless it waits for the next attempt of a step",
    severity: "Warn",
    message: "task stands still",
    payload: Schema.Struct({
      ...task,
      durationSeconds: Schema.Finite,
      /** The run has stood still for at least so long. */
      quietSeconds: Schema.Finite,
      totalSteps: Schema.Int,
      completedSteps: Schema.Int,
      /** Names of the steps that run now; at most 20. */
      runningSteps: Schema.Array(Schema.String)
    }),
    attributes: taskAttributes
  }),
  EventDefinition.make("observability.step.backoff", {
    description: "A failed step waits before its next attempt.",
    fires: "once per failed attempt that will be retried",
    message: "step backs off",
    payload: Schema.Struct({
      ...step,
      backoffSeconds: Schema.Finite,
      /** `server_requested` if the error named the delay, `exponential` if the options of the step did. */
      backoffType: Schema.Literals(["server_requested", "exponential"])
    }),
    attributes: [...stepAttributes, "backoffType"]
  }),
  EventDefinition.make("observability.step.skip", {
    description: "A step was skipped, because its skipWhen gave true. Its dependants go on.",
    fires: "on pending → complete, once per skipped step and instead of any attempt",
    message: "step skipped",
    payload: Schema.Struct({ ...step, ...transition }),
    attributes: [...stepAttributes, ...stateAttributes]
  }),
  EventDefinition.make("observability.step.max_retries_reached", {
    description: "A step failed and has no attempt left.",
    fires: "once per step, after the failure of its last attempt",
    severity: "Warn",
    message: "step has no attempts left",
    payload: Schema.Struct({ ...step, maximumAttempts: Schema.Int }),
    attributes: stepAttributes
  }),
  EventDefinition.make("observability.analysis.completed", {
    description: "An analysis of runs is done.",
    fires: "at the end of each analysis by RunAnalysis, which the analytics routes use",
    severity: "Debug",
    message: "analysis completed",
    payload: Schema.Struct({
      /**
       * `bottlenecks`: where time is lost and what to change. `durations`: how long tasks and steps take. `differences`:
       * what slow and failed runs have in common.
       */
      analysis: Schema.Literals(["bottlenecks", "durations", "differences"]),
      /** Number of ended runs that were looked at. */
      runs: Schema.Int,
      /** Number of recommendations, or of differences. */
      findings: Schema.Int,
      /** From its first slice to its last one. */
      durationSeconds: Schema.Finite
    }),
    attributes: ["analysis"]
  }),
  EventDefinition.make("observability.bottleneck.detected", {
    description: "An analysis recommends a change, because runs of a task would be shorter with it.",
    fires: "once per task, version, step and kind of change; again when the share of the gain has doubled",
    message: "bottleneck detected",
    payload: Schema.Struct({
      taskName: Schema.String,
      version: Schema.String,
      /** Absent if the change is for the whole task. */
      stepName: Schema.optionalKey(Schema.String),
      /** The kind of change, as in `Bottlenecks.Recommendation`. */
      kind: Schema.Literals([
        "faster_step",
        "fewer_failures",
        "more_slots",
        "fewer_queries",
        "one_query",
        "fewer_rows",
        "shorter_transactions"
      ]),
      /** By how much an average run gets shorter, and the same as a share of the average makespan. */
      gainSeconds: Schema.Finite,
      gainShare: Schema.Finite,
      /** `gainSeconds` times the number of completed runs. */
      totalGainSeconds: Schema.Finite,
      /** Completed runs that were looked at. */
      runs: Schema.Int,
      /** Ids of the runs with the most to gain, at most five. */
      runIds: Schema.Array(Schema.String),
      /** The recommendation in words. */
      recommendation: Schema.String
    }),
    attributes: ["taskName", "version", "stepName", "kind"]
  })
])

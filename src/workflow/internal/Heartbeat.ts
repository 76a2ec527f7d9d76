/**
 * Tells of runs that go on for long: each `tracing.heartbeat`, and once a run stands still.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import type { StepRecord } from "../TaskStore.ts"
import { elapsed, satisfiedCount, taskFields, type TaskRun } from "./TaskRun.ts"

/** Names of steps in one event. */
const mostNames = 20

/** Publishes heartbeats while the loop runs, if they are on: without them a run pays for no fiber. */
export const during = <A, E, R>(run: TaskRun, loop: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    TelemetryConfig.Current,
    ({ tracing: { heartbeat, staleHeartbeats } }) =>
      heartbeat === undefined || !run.bus.enabled
        ? loop
        : Effect.flatMap(
          Effect.forkChild(Effect.interruptible(beats(run, heartbeat, staleHeartbeats))),
          (fiber) => Effect.ensuring(loop, Fiber.interrupt(fiber))
        )
  )

const beats = (run: TaskRun, heartbeat: Duration.Duration, staleHeartbeats: number): Effect.Effect<never> => {
  /** A step that changes gets a new record. */
  let seen: ReadonlyArray<StepRecord> = [...run.steps]
  /** Beats since a step changed. */
  let quiet = 0
  const beat = Effect.withFiber((fiber) => {
    const fields = {
      ...taskFields(run.record),
      durationSeconds: elapsed(run, fiber.getRef(Clock.Clock)),
      totalSteps: run.steps.length,
      completedSteps: satisfiedCount(run),
      runningSteps: run.steps.filter(({ state }) => state === "in_progress").slice(0, mostNames).map(({ name }) => name)
    }
    run.bus.publishUnsafe(fiber, "observability.task.heartbeat", fields)
    quiet = isBackingOff(run) || isWaitingForRuns(run) || run.steps.some((step, index) => step !== seen[index])
      ? 0
      : quiet + 1
    seen = [...run.steps]
    if (quiet === staleHeartbeats) {
      const quietSeconds = quiet * Duration.toSeconds(heartbeat)
      run.bus.publishUnsafe(fiber, "observability.task.stale", { ...fields, quietSeconds })
    }
    return Effect.void
  })
  return Effect.forever(Effect.andThen(Effect.sleep(heartbeat), beat))
}

/** Whether nothing runs because a failed step waits before its next attempt. Such a run does not stand still. */
const isBackingOff = ({ failedForGood, steps }: TaskRun): boolean =>
  steps.every(({ state }) => state !== "in_progress") &&
  steps.some(({ state }, index) => state === "error" && failedForGood[index] !== true)

/** Whether each step that runs waits for a run that it has started. The inner run tells of itself. */
const isWaitingForRuns = ({ innerRuns, steps }: TaskRun): boolean => {
  const running = steps.filter(({ state }) => state === "in_progress")
  return running.length > 0 && running.every(({ id }) => (innerRuns.get(id) ?? 0) > 0)
}

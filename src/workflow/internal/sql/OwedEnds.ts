/**
 * Keeps the last records of tasks that have ended while the database did not take them, and writes them when it answers
 * again. No later record would tell of such an end.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { hasEnded } from "../TaskState.ts"
import type { Change } from "./foldChanges.ts"

/** The highest number of ends that wait. */
const mostOwed = 10_000

/** The highest number of steps of all tasks whose ends wait, but the last one. */
const mostSteps = 200_000

/** Time between two tries. */
const pause = Duration.seconds(1)

/** Ends that are written at the same time. */
const mostAtOnce = 500

/** What counts the ends that are lost. */
export const lostEnds = {
  type: "counter",
  name: "tasker_task_ends_lost_total",
  help: "Ended tasks whose end the task store did not take.",
  attributes: []
} as const

type TaskChange = Exclude<Change, { readonly _tag: "UpdateStep" }>

/** Whether a run has ended so. A resolution by hand is none: who resolves is told that it failed. */
const isEnd = (change: Change): change is TaskChange =>
  change._tag !== "UpdateStep" && hasEnded(change.task.state) && change.task.state !== "resolved_manually"

const stepsOf = (change: TaskChange): number => change._tag === "SaveTask" ? change.steps.length : 0

/** An end that waits, with a later change of the same task. `undefined` if the two have to be written apart. */
const merge = (owed: TaskChange, change: Change): TaskChange | undefined => {
  if (change._tag === "SaveTask" || (change._tag === "UpdateTask" && owed._tag === "UpdateTask")) return change
  if (owed._tag === "UpdateTask") return undefined
  return change._tag === "UpdateTask"
    ? { ...owed, task: change.task, written: change.written }
    : { ...owed, steps: owed.steps.map((step) => step.name === change.step.name ? change.step : step) }
}

/**
 * Makes the writer of changes, which lives as long as the scope.
 *
 * @param options `send`: writes a change; `timeout`: how long the scope waits for it at its end; `onLost`: called with
 * the number of ends that will never be written
 */
export const make = (options: {
  readonly send: (change: Change) => Effect.Effect<void>
  readonly timeout: Duration.Duration
  readonly onLost: (count: number) => void
}): Effect.Effect<(change: Change) => Effect.Effect<void>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { onLost, send, timeout } = options
    /** By task, the oldest end first. */
    const owed = new Map<string, TaskChange>()
    let steps = 0
    let written = 0
    let lost = 0
    let isClosed = false
    const work = yield* Queue.sliding<void>(1)

    const letGo = (id: string) => {
      const change = owed.get(id)
      if (change === undefined) return
      steps -= stepsOf(change)
      owed.delete(id)
    }

    const lose = (count: number) => {
      lost += count
      onLost(count)
    }

    const owe = (change: TaskChange) => {
      if (isClosed) return lose(1)
      letGo(change.task.id)
      owed.set(change.task.id, change)
      steps += stepsOf(change)
      for (const oldest of owed.keys()) {
        if (owed.size <= mostOwed && (steps <= mostSteps || owed.size === 1)) break
        letGo(oldest)
        lose(1)
      }
      Queue.offerUnsafe(work, undefined)
    }

    const submit = (change: Change): Effect.Effect<void> =>
      Effect.suspend(() => {
        const id = change._tag === "UpdateStep" ? change.taskId : change.task.id
        const before = owed.get(id)
        const merged = before === undefined ? undefined : merge(before, change)
        if (merged !== undefined) letGo(id)
        return Effect.onExit(send(merged ?? change), (exit) =>
          Effect.sync(() => {
            if (Exit.isSuccess(exit)) return
            if (isEnd(change)) owe(change)
            else if (before !== undefined && merged !== undefined) owe(before)
          }))
      })

    /** Whether the database has taken all that it was given. An end with a newer change goes with that one. */
    const writeSome = Effect.suspend(() =>
      Effect.map(
        Effect.forEach(
          [...owed].slice(0, mostAtOnce),
          ([id, change]) =>
            Effect.map(Effect.exit(send(change)), (exit) => {
              if (Exit.isFailure(exit)) return false
              written++
              if (owed.get(id) === change) letGo(id)
              return true
            }),
          { concurrency: "unbounded" }
        ),
        (taken) => taken.every((isTaken) => isTaken)
      )
    )

    const writeAll: Effect.Effect<void> = Effect.suspend(() =>
      owed.size === 0 ? Effect.void : Effect.flatMap(writeSome, (isTaken) => isTaken ? writeAll : Effect.void)
    )

    const report = Effect.suspend(() => {
      const sentence = `the ends of ${written} tasks are written to the task store after an outage; ${lost} were lost`
      const log = lost === 0 ? Effect.logInfo(sentence) : Effect.logWarning(sentence)
      written = lost = 0
      return log
    })

    const next = Queue.take(work).pipe(
      Effect.andThen(Effect.sleep(pause)),
      Effect.andThen(writeAll),
      Effect.andThen(
        Effect.suspend(() => owed.size === 0 ? report : Effect.sync(() => Queue.offerUnsafe(work, undefined)))
      )
    )

    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        isClosed = true
        if (owed.size === 0) return Effect.void
        return Effect.timeoutOption(Effect.interruptible(writeAll), timeout).pipe(
          Effect.andThen(Effect.suspend(() => {
            lose(owed.size)
            owed.clear()
            return report
          }))
        )
      })
    )
    yield* Effect.forkScoped(Effect.forever(next))

    return submit
  })

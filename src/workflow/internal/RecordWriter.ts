/**
 * Writes the records of one run to the store. The run never waits for a write.
 *
 * **Details**
 *
 * The writes of one record come one after the other, in the order of its changes.
 * A record of the task is written after all earlier writes have ended, and before
 * all later ones. Records of different steps are written at the same time, at
 * most 64 at once. If the store is slower than the run, a record that waits is
 * replaced by its successor.
 *
 * If a write fails or is not answered within the time limit, the run logs one
 * warning. Then the last write saves the task with all its steps. It also does so
 * if more than 64 step records still wait at the end. If the time limit of the end
 * is over before the last write starts, the store gets the call and its
 * interruption at once. A store with immediate writes is written to at once.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { expectEffect } from "../../internal/expectEffect.ts"
import type { StepRecord, TaskRecord, TaskStore } from "../TaskStore.ts"
import * as immediateWrites from "./immediateWrites.ts"
import { hasEnded } from "./TaskState.ts"

export interface RecordWriter {
  /** Writes a new task with its steps. */
  readonly add: (task: TaskRecord, steps: ReadonlyArray<StepRecord>) => void
  /** Writes the task's record. `steps` are all its steps, which do not change after the end. */
  readonly task: (task: TaskRecord, steps: ReadonlyArray<StepRecord>) => void
  /** Writes the record of the step at that position. */
  readonly step: (index: number, step: StepRecord) => void
  /**
   * Waits until everything is written, or until the time limit. The result says whether the store has taken everything.
   */
  readonly end: Effect.Effect<boolean>
}

/** The key of the task; the other keys are positions of steps. */
const taskKey = -1

const mostAtOnce = 64

type Write = () => Effect.Effect<void>

/**
 * @param options `context`: what the store's effects run with; `timeout`: limit of one call, and of the wait at the end
 */
export const make = (options: {
  readonly store: TaskStore["Service"]
  readonly taskId: string
  /** Makes the context of the writes, if they need one. */
  readonly context: () => Context.Context<never>
  readonly timeout: Duration.Duration
}): RecordWriter => {
  const { store, taskId, timeout } = options
  const writes = immediateWrites.find(store)
  if (writes !== undefined) return immediate(taskId, writes)
  const fork = Effect.runForkWith(options.context())
  /** Waiting writes, in the order of the changes. */
  const waiting = new Map<number, Write>()
  const running = new Map<number, Fiber.Fiber<void>>()
  let isStarting = false
  /** Whether a write failed, and no later write has replaced it. */
  let isIncomplete = false
  let hasWarned = false
  let onIdle: (() => void) | undefined

  const isIdle = () => waiting.size === 0 && running.size === 0

  const write = (key: number, effect: Write) => {
    waiting.delete(key)
    waiting.set(key, effect)
    startAll()
  }

  const startAll = () => {
    if (isStarting) return
    isStarting = true
    for (let key = next(); key !== undefined; key = next()) start(key)
    isStarting = false
    if (isIdle()) onIdle?.()
  }

  /** The first write that may start now. */
  const next = (): number | undefined => {
    if (running.has(taskKey) || running.size >= mostAtOnce) return undefined
    for (const key of waiting.keys()) {
      if (key === taskKey) return running.size === 0 ? key : undefined
      if (!running.has(key)) return key
    }
    return undefined
  }

  const start = (key: number) => {
    const effect = waiting.get(key) as Write
    waiting.delete(key)
    const fiber = fork(Effect.suspend(() => expectEffect("the task store", effect()) as Effect.Effect<void>))
    // Most stores answer at once. Only a call that does not is watched.
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return ended(exit)
    running.set(key, fiber)
    const watch = fork(Effect.andThen(
      Effect.sleep(timeout),
      Effect.sync(() => {
        fail(lateness(timeout))
        fiber.interruptUnsafe()
      })
    ))
    fiber.addObserver((exit) => {
      watch.interruptUnsafe()
      running.delete(key)
      ended(exit)
      startAll()
    })
  }

  const ended = (exit: Exit.Exit<void>) => {
    if (Exit.isFailure(exit)) fail(exit.cause)
  }

  const fail = (cause: Cause.Cause<unknown>) => {
    isIncomplete = true
    if (hasWarned) return
    hasWarned = true
    fork(Effect.ignoreCause(Effect.logWarning("the task store could not be written; the run goes on", cause)))
  }

  const giveUp = () => {
    if (!isIdle()) fail(lateness(timeout))
    // A store may keep what it could not write. The record of the end tells all of the run.
    const last = waiting.get(taskKey)
    waiting.clear()
    if (last !== undefined) {
      fork(Effect.suspend(() => expectEffect("the task store", last()) as Effect.Effect<void>)).interruptUnsafe()
    }
    for (const fiber of running.values()) fiber.interruptUnsafe()
    onIdle?.()
  }

  return {
    add: (task, steps) => write(taskKey, () => store.saveTask(task, steps)),
    task: (task, steps) => {
      const isBehind = hasEnded(task.state) && waiting.size > mostAtOnce
      if (isBehind) waiting.clear()
      write(taskKey, () => {
        const isWhole = hasEnded(task.state) && (isBehind || isIncomplete)
        if (!isWhole) return store.updateTask(task)
        isIncomplete = false
        return store.saveTask(task, steps)
      })
    },
    step: (index, step) => write(index, () => store.updateStep(taskId, step)),
    end: Effect.callback<boolean>((resume) => {
      if (isIdle()) return resume(Effect.succeed(!isIncomplete))
      const watch = fork(Effect.andThen(Effect.sleep(timeout), Effect.sync(giveUp)))
      onIdle = () => {
        onIdle = undefined
        watch.interruptUnsafe()
        resume(Effect.succeed(!isIncomplete))
      }
    })
  }
}

const immediate = (taskId: string, writes: immediateWrites.ImmediateWrites<TaskRecord, StepRecord>): RecordWriter => ({
  add: writes.saveTask,
  task: writes.updateTask,
  step: (_index, step) => writes.updateStep(taskId, step),
  end: Effect.succeed(true)
})

/** The defect of a call that takes too long. */
export const lateness = (timeout: Duration.Duration): Cause.Cause<never> =>
  Cause.die(new Error(`the task store did not answer within ${Duration.format(timeout)}`))

/**
 * Keeps records in memory: all running tasks, and a bounded number of ended ones.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as immediateWrites from "./immediateWrites.ts"
import type { StepRecord, TaskRecord, TaskSnapshot } from "./taskRecords.ts"
import * as taskSearch from "./taskSearch.ts"
import { hasEnded, type TaskState } from "./TaskState.ts"

interface Entry {
  /** Grows with each task that the store gets. */
  readonly order: number
  task: TaskRecord
  readonly steps: Map<string, StepRecord>
}

/**
 * @param mostTasks highest number of ended tasks
 * @param mostSteps highest number of steps of all ended tasks but the last one
 */
export const make = (mostTasks: number, mostSteps: number) => {
  const entries = new Map<string, Entry>()
  /** Ended tasks in the order of their ends, with the numbers of their steps when they were counted. */
  const ended = new Map<string, number>()
  let endedSteps = 0
  let lastOrder = 0

  const forgetEnd = (id: string) => {
    endedSteps -= ended.get(id) ?? 0
    ended.delete(id)
  }

  const noteEnd = ({ steps, task }: Entry) => {
    forgetEnd(task.id)
    if (!hasEnded(task.state)) return
    ended.set(task.id, steps.size)
    endedSteps += steps.size
    for (const oldest of ended.keys()) {
      if (ended.size <= mostTasks && (endedSteps <= mostSteps || ended.size === 1)) break
      forgetEnd(oldest)
      entries.delete(oldest)
    }
  }

  const writes: immediateWrites.ImmediateWrites<TaskRecord, StepRecord> = {
    saveTask: (task, steps) => {
      const order = entries.get(task.id)?.order ?? ++lastOrder
      const entry = { order, task, steps: new Map(steps.map((step) => [step.name, step])) }
      entries.set(task.id, entry)
      noteEnd(entry)
    },
    updateTask: (task) => {
      const entry = entries.get(task.id)
      if (entry === undefined) return
      entry.task = task
      noteEnd(entry)
    },
    updateStep: (taskId, step) => void entries.get(taskId)?.steps.set(step.name, step)
  }

  const snapshotOf = ({ steps, task }: Entry): TaskSnapshot => ({ ...task, steps: [...steps.values()] })

  const search = (options: taskSearch.SearchOptions, now: number): taskSearch.SearchPage => {
    const filters = taskSearch.filtersOf(options, now)
    const range = taskSearch.rangeOf(options)
    const { after, limit, offset, sort } = range
    const compare = taskSearch.compare(sort)
    const found = [...entries.values()]
      .filter((entry) => taskSearch.matches(snapshotOf(entry), filters))
      .map(({ order, task }): taskSearch.Found => ({ task, place: taskSearch.placeOf(sort, task, order) }))
      .filter(({ place }) => after === undefined || compare(after, place) < 0)
      .toSorted((left, right) => compare(left.place, right.place))
    return taskSearch.pageOf(found.slice(offset, offset + limit + 1), range)
  }

  return immediateWrites.attach({
    saveTask: (task: TaskRecord, steps: ReadonlyArray<StepRecord>) => Effect.sync(() => writes.saveTask(task, steps)),
    updateTask: (task: TaskRecord) => Effect.sync(() => writes.updateTask(task)),
    updateStep: (taskId: string, step: StepRecord) => Effect.sync(() => writes.updateStep(taskId, step)),
    get: (taskId: string) => Effect.sync(() => Option.map(Option.fromUndefinedOr(entries.get(taskId)), snapshotOf)),
    list: (
      { limit = 20, offset = 0 }: { readonly limit?: number | undefined; readonly offset?: number | undefined } = {}
    ) => Effect.sync(() => [...entries.values()].map((entry) => entry.task).reverse().slice(offset, offset + limit)),
    search: (options: taskSearch.SearchOptions = {}) =>
      Effect.map(Clock.currentTimeMillis, (now) => search(options, now)),
    counts: Effect.sync(() => {
      const counts: Partial<Record<TaskState, number>> = {}
      for (const { task } of entries.values()) counts[task.state] = (counts[task.state] ?? 0) + 1
      return counts
    })
  }, writes)
}

/**
 * Sums up the changes of a batch: of each record, the last one counts.
 */
import type { StepRecord, TaskRecord } from "../taskRecords.ts"
import type { Written } from "./taskRows.ts"

/** A call of the store, with the time of the call. */
export type Change =
  | {
    readonly _tag: "SaveTask"
    readonly task: TaskRecord
    readonly steps: ReadonlyArray<StepRecord>
    readonly written: Written
  }
  | { readonly _tag: "UpdateTask"; readonly task: TaskRecord; readonly written: Written }
  | { readonly _tag: "UpdateStep"; readonly taskId: string; readonly step: StepRecord; readonly written: Written }

/** What is written of one task. */
export interface TaskChange {
  /** The record of the task, if it changed. */
  readonly task: TaskRecord | undefined
  /** When the task's record was written last. */
  readonly written: Written
  /** Whether the task is added with its steps, or replaced as a whole, and when. */
  readonly saved: Written | undefined
  /** By name, in their order if the task is saved. */
  readonly steps: ReadonlyMap<string, { readonly step: StepRecord; readonly written: Written }>
}

/** Gives one change for each task, in the order in which the tasks come up first. */
export const foldChanges = (changes: ReadonlyArray<Change>): ReadonlyMap<string, TaskChange> => {
  const folded = new Map<string, TaskChange & { readonly steps: Map<string, { step: StepRecord; written: Written }> }>()
  for (const change of changes) {
    const { written } = change
    const id = change._tag === "UpdateStep" ? change.taskId : change.task.id
    const before = folded.get(id)
    const steps = before?.steps ?? new Map()
    if (change._tag === "UpdateStep") {
      steps.set(change.step.name, { step: change.step, written })
      folded.set(id, before ?? { task: undefined, written, saved: undefined, steps })
    } else if (change._tag === "UpdateTask") {
      folded.set(id, { task: change.task, written, saved: before?.saved, steps })
    } else {
      steps.clear()
      for (const step of change.steps) steps.set(step.name, { step, written })
      folded.set(id, { task: change.task, written, saved: before?.saved ?? written, steps })
    }
  }
  return folded
}

/**
 * A store whose writes need no fiber, because they are done when they are called.
 *
 * **Details**
 *
 * A run writes two records for each step. With a fiber for each write, a tenth of the time of the loop went to the
 * memory store.
 */

/** The writes of a store as plain functions, which never throw. */
export interface ImmediateWrites<Task, Step> {
  readonly saveTask: (task: Task, steps: ReadonlyArray<Step>) => void
  readonly updateTask: (task: Task) => void
  readonly updateStep: (taskId: string, step: Step) => void
}

/** A store with effects for the same writes. */
interface Store<Task, Step> {
  readonly saveTask: (task: Task, steps: ReadonlyArray<Step>) => unknown
  readonly updateTask: (task: Task) => unknown
  readonly updateStep: (taskId: string, step: Step) => unknown
}

const key = Symbol("tasker-telemetry/workflow/internal/immediateWrites")

/** Adds the writes to a store. A copy of the store does not have them, so a store made of this one gets all calls. */
export const attach = <Task, Step, S extends Store<Task, Step>>(store: S, writes: ImmediateWrites<Task, Step>): S =>
  Object.defineProperty(store, key, { value: writes, enumerable: false })

/** The writes of a store that has them itself. */
export const find = <Task, Step>(store: Store<Task, Step>): ImmediateWrites<Task, Step> | undefined =>
  Object.hasOwn(store, key)
    ? (store as { readonly [key]?: ImmediateWrites<Task, Step> })[key]
    : undefined

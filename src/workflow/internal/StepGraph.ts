/**
 * The dependencies between the steps of a task, computed once when the task is
 * defined. Pure.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import { quoteValue } from "../../redaction/internal/quoteValue.ts"
import * as Step from "../Step.ts"
import { satisfiesDependants, type StepState } from "./StepState.ts"

/**
 * Steps by index, with the edges in both directions.
 *
 * @category models
 * @since 0.1.0
 */
export interface StepGraph {
  readonly steps: ReadonlyArray<Step.Any>
  readonly indexOf: ReadonlyMap<string, number>
  /** For each step, the indices of the steps that it waits for. */
  readonly dependencies: ReadonlyArray<ReadonlyArray<number>>
  /** For each step, the indices of the steps that wait for it. */
  readonly dependants: ReadonlyArray<ReadonlyArray<number>>
  /** For each step, the length of the longest path from a step without dependencies. */
  readonly levels: ReadonlyArray<number>
}

/**
 * Builds the graph of a task's steps.
 *
 * **Details**
 *
 * It throws a `RangeError` that names the mistake: no steps, a value that is no step, two steps of one name, or a
 * dependency that is not among the steps. A cycle cannot be written with step values. If code forces one by mutation,
 * it is refused, too.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (taskName: string, steps: ReadonlyArray<Step.Any>): StepGraph => {
  if (!isList(steps)) {
    throw new RangeError(`task "${taskName}": expected a list of steps at steps, got ${quoteValue(steps)}`)
  }
  if (steps.length === 0) throw new RangeError(`task "${taskName}" has no steps`)
  const indexOf = new Map<string, number>()
  steps.forEach((step, index) => {
    if (!isStep(step)) {
      throw new RangeError(`task "${taskName}": expected a step at steps[${index}], got ${quoteValue(step)}`)
    }
    if (!Array.isArray(step.dependsOn) || !step.dependsOn.every(isStep)) {
      throw new RangeError(
        `step "${step.name}" of task "${taskName}": expected a list of steps at dependsOn, got ${
          quoteValue(step.dependsOn)
        }`
      )
    }
    if (indexOf.has(step.name)) throw new RangeError(`task "${taskName}" has two steps named "${step.name}"`)
    indexOf.set(step.name, index)
  })
  const dependencies = steps.map((step) =>
    [...new Set(step.dependsOn)].map((dependency) => {
      const index = indexOf.get(dependency.name)
      if (index === undefined || steps[index] !== dependency) {
        throw new RangeError(
          `step "${step.name}" of task "${taskName}" depends on "${dependency.name}", which is not among the task's steps`
        )
      }
      return index
    })
  )
  const dependants: Array<Array<number>> = steps.map(() => [])
  dependencies.forEach((needed, index) => needed.forEach((dependency) => dependants[dependency]?.push(index)))
  return { steps, indexOf, dependencies, dependants, levels: levelsOf(taskName, steps, dependencies, dependants) }
}

const isList = (given: unknown): boolean => Array.isArray(given)

/** Code without types may give any value. */
const isStep = (step: unknown): step is Step.Any => Predicate.hasProperty(step, Step.TypeId)

/** Longest paths by Kahn's algorithm. A step that the algorithm does not reach is part of a cycle. */
const levelsOf = (
  taskName: string,
  steps: ReadonlyArray<Step.Any>,
  dependencies: ReadonlyArray<ReadonlyArray<number>>,
  dependants: ReadonlyArray<ReadonlyArray<number>>
): ReadonlyArray<number> => {
  const levels = steps.map(() => 0)
  const waiting = dependencies.map((needed) => needed.length)
  const order = waiting.flatMap((count, index) => count === 0 ? [index] : [])
  for (let position = 0; position < order.length; position++) {
    const index = order[position] as number
    for (const dependant of dependants[index] ?? []) {
      levels[dependant] = Math.max(levels[dependant] ?? 0, (levels[index] ?? 0) + 1)
      if (--(waiting[dependant] as number) === 0) order.push(dependant)
    }
  }
  if (order.length < steps.length) {
    const stuck = steps.filter((_, index) => (waiting[index] ?? 0) > 0).map((step) => step.name)
    throw new RangeError(`task "${taskName}" has a cycle among the steps ${stuck.join(", ")}`)
  }
  return levels
}

/**
 * The status of a whole task.
 *
 * @category models
 * @since 0.1.0
 */
export type ExecutionStatus =
  | "blocked_by_failures"
  | "has_ready_steps"
  | "processing"
  | "all_complete"
  | "waiting_for_dependencies"

/**
 * The numbers of steps by situation.
 *
 * @category models
 * @since 0.1.0
 */
export interface StepCounts {
  readonly total: number
  /** Complete or resolved manually. */
  readonly satisfied: number
  readonly inProgress: number
  /** Pending, dependencies satisfied, not backing off. */
  readonly ready: number
  /** In `error` for good. */
  readonly blocked: number
}

/**
 * The status of a task from its counts. Failures come first: a task with a step
 * that failed for good needs a person even while other steps run.
 *
 * @category computations
 * @since 0.1.0
 */
export const executionStatus = (counts: StepCounts): ExecutionStatus => {
  if (counts.blocked > 0) return "blocked_by_failures"
  if (counts.ready > 0) return "has_ready_steps"
  if (counts.inProgress > 0) return "processing"
  if (counts.satisfied === counts.total) return "all_complete"
  return "waiting_for_dependencies"
}

/**
 * Indices of the steps that may start: pending, and every dependency complete or
 * resolved manually.
 *
 * **When to use**
 *
 * Use to look at a task from outside. The orchestrator updates the same set step
 * by step.
 *
 * @category computations
 * @since 0.1.0
 */
export const readySteps = (graph: StepGraph, states: ReadonlyArray<StepState>): ReadonlyArray<number> =>
  graph.steps.flatMap((_, index) =>
    states[index] === "pending" &&
      (graph.dependencies[index] ?? []).every((dependency) => satisfiesDependants(states[dependency] ?? "pending"))
      ? [index]
      : []
  )

/**
 * Describes a task as runs of it go: its graph, and the retries and time limits of its steps, with what the
 * configuration gives where the definition says nothing.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import * as runSettings from "./internal/runSettings.ts"
import type * as Task from "./Task.ts"

/**
 * A step as a node of the graph of its task. Durations are seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Node {
  readonly name: string
  /** Length of the longest path from a step without dependencies: 0 for such a step. */
  readonly level: number
  readonly dependsOn: ReadonlyArray<string>
  /** Whether the step may be skipped: it has `skipWhen`. */
  readonly skippable: boolean
  /** Limit of one attempt; `undefined` for none. */
  readonly timeoutSeconds: number | undefined
  readonly retry: {
    /** The first attempt included. */
    readonly maximumAttempts: number
    /** The waits after the first, second, … failed attempt. */
    readonly delaysSeconds: ReadonlyArray<number>
    /** Beyond the waits above, the wait is `attempt ^ multiplier` seconds. */
    readonly multiplier: number
    /** Longest wait. */
    readonly maximumSeconds: number
    /** Largest share, 0 to 1, by which the jitter makes a wait longer or shorter. */
    readonly jitter: number
  }
}

/**
 * A dependency: the step `to` waits for the step `from`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Edge {
  readonly from: string
  readonly to: string
}

/**
 * A task as runs of it go.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaskDefinition {
  readonly name: string
  readonly namespace: string
  readonly version: string
  /** Highest number of steps of a run that work at the same time. */
  readonly concurrency: number
  /** In the order of the definition. */
  readonly nodes: ReadonlyArray<Node>
  readonly edges: ReadonlyArray<Edge>
}

/**
 * Describes a task under the configuration of the program.
 *
 * **Example** (The steps that wait for others)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import { Step, Task, TaskDefinition } from "tasker-telemetry"
 *
 * const fetch = Step.make("fetch", { run: () => Effect.succeed(1) })
 * const charge = Step.make("charge", { dependsOn: [fetch], run: ({ results }) => Effect.succeed(results.fetch) })
 * const Order = Task.make("order", { input: Schema.Void, steps: [fetch, charge] })
 *
 * const edges = Effect.map(TaskDefinition.make(Order), ({ edges }) => edges) // [{ from: "fetch", to: "charge" }]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (task: Task.Any): Effect.Effect<TaskDefinition> =>
  Effect.map(TelemetryConfig.Current, (config) => {
    const { concurrency, policies, stepTimeouts } = runSettings.make(task, config)
    return {
      name: task.name,
      namespace: task.namespace,
      version: task.version,
      concurrency,
      nodes: task.steps.map((step, index): Node => {
        const { delays, jitter, maximum, maximumAttempts, multiplier } = policies[index]!
        const timeout = stepTimeouts[index]
        return {
          name: step.name,
          level: task.graph.levels[index] ?? 0,
          dependsOn: step.dependsOn.map(({ name }) => name),
          skippable: step.skipWhen !== undefined,
          timeoutSeconds: timeout === undefined ? undefined : timeout / 1000,
          retry: {
            maximumAttempts,
            delaysSeconds: delays.map(Duration.toSeconds),
            multiplier,
            maximumSeconds: Duration.toSeconds(maximum),
            jitter
          }
        }
      }),
      edges: task.graph.dependencies.flatMap((needed, index) =>
        needed.map((dependency): Edge => ({ from: task.steps[dependency]!.name, to: task.steps[index]!.name }))
      )
    }
  })

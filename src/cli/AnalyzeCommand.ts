/**
 * `tasker-telemetry analyze`: where the runs of a service lose time, and what to change.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as AnalyticsClient from "./AnalyticsClient.ts"
import { connectionFlags } from "./connectionFlags.ts"
import { renderAnalysis } from "./renderAnalysis.ts"

const optional = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

/** The command. */
export const command = Command.make(
  "analyze",
  {
    task: optional("task", "Name of the only task to look at"),
    taskVersion: optional("task-version", "The only version of the task to look at"),
    period: optional("period", "Only runs that were created in the last time, such as \"1 hour\""),
    ...connectionFlags
  },
  Effect.fnUntraced(function*({ json, period, task, taskVersion, ...connection }) {
    const choice = {
      task: Option.getOrUndefined(task),
      version: Option.getOrUndefined(taskVersion),
      period: Option.getOrUndefined(period)
    }
    const performance = yield* AnalyticsClient.performance(connection, choice)
    const bottlenecks = yield* AnalyticsClient.bottlenecks(connection, choice)
    const analysis = { performance, bottlenecks }
    yield* Console.log(json ? JSON.stringify(analysis, undefined, 2) : renderAnalysis(analysis))
  })
).pipe(
  Command.withDescription("Show where the runs of a service lose time, what to change, and what it gains"),
  Command.withExamples([
    { command: "tasker-telemetry analyze", description: "All tasks of the service on this machine" },
    {
      command: "tasker-telemetry analyze --task process_order --period \"1 hour\" --json",
      description: "One task, as JSON"
    }
  ])
)

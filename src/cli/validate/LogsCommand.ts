/**
 * `tasker-telemetry validate logs`: starts runs in a running service, and looks for exactly their lines in its log file.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { connectionFlags } from "../connectionFlags.ts"
import { checkLogs } from "./checkRuns.ts"
import { jsonInput } from "./jsonInput.ts"
import * as logFile from "./logFile.ts"
import { withinFlag } from "./placeFlags.ts"
import * as Report from "./Report.ts"
import * as ServiceClient from "./ServiceClient.ts"
import { execute, workloadFlags } from "./workload.ts"

/** The command. */
export const command = Command.make(
  "logs",
  {
    logFile: Flag.String("log-file").pipe(
      Flag.withDescription("Log file of the service with lines of JSON, as logging.file.path names it")
    ),
    ...workloadFlags(3, 3),
    within: withinFlag(10, "lines"),
    ...connectionFlags
  },
  Effect.fnUntraced(function*({ concurrency, context, count, json, logFile: path, task, within, ...connection }) {
    const input = yield* jsonInput(context)
    const report = Report.make("validate logs", json)
    const service = ServiceClient.make(connection)
    const offset = yield* logFile.sizeOf(path)
    yield* report.progress(`starting ${count} runs of ${task}`)
    const { findings, runs } = yield* execute(service, {
      task,
      context: input,
      count,
      concurrency,
      within: 60 + within
    })
    yield* report.add(findings)
    if (runs.length > 0) {
      yield* report.progress(`waiting up to ${within} s for their lines in ${path}`)
      yield* report.add(yield* checkLogs(path, offset, runs, within))
    }
    yield* report.end()
  })
).pipe(
  Command.withDescription("Start runs in a running service, and find exactly their lines in its log file"),
  Command.withExamples([{
    command: "tasker-telemetry validate logs --log-file service.log --task greet --context '{\"name\":\"x\"}'",
    description: "Three runs of the task greet"
  }])
)

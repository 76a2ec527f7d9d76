/**
 * `tasker-telemetry validate`: whether what is installed reaches Jaeger, Prometheus and the log.
 */
import * as Command from "effect/cli/Command"
import * as EndToEndCommand from "./validate/EndToEndCommand.ts"
import * as LogsCommand from "./validate/LogsCommand.ts"
import * as MetricsCommand from "./validate/MetricsCommand.ts"
import * as PerformanceCommand from "./validate/PerformanceCommand.ts"
import * as TracesCommand from "./validate/TracesCommand.ts"

/** The command. */
export const command = Command.make("validate").pipe(
  Command.withDescription(
    "Prove that telemetry arrives. Exit codes: 0 everything is as expected, 6 something is not; each failure says what " +
      "was expected, what was found and what to do"
  ),
  Command.withSubcommands([
    TracesCommand.command,
    MetricsCommand.command,
    LogsCommand.command,
    EndToEndCommand.command,
    PerformanceCommand.command
  ])
)

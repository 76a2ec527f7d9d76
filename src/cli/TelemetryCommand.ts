/**
 * The program `tasker-telemetry`: its commands, and the exit code of a call.
 */
import * as CliConfig from "effect/cli/CliConfig"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Sink from "effect/Sink"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as Terminal from "effect/Terminal"
import { packageVersion } from "../internal/packageVersion.ts"
import * as AnalyzeCommand from "./AnalyzeCommand.ts"
import { exitCodes } from "./CliFailure.ts"
import * as ConfigCommand from "./ConfigCommand.ts"
import * as DoctorCommand from "./DoctorCommand.ts"
import * as EventsCommand from "./EventsCommand.ts"
import * as MetricsCommand from "./MetricsCommand.ts"
import * as TailCommand from "./TailCommand.ts"
import * as ValidateCommand from "./ValidateCommand.ts"
import * as WhyCommand from "./WhyCommand.ts"

const command = Command.make("tasker-telemetry").pipe(
  Command.withDescription(
    "Ask a running service about its tasks, and check what is installed. Exit codes: 0 an answer and nothing wrong, " +
      "1 a defect, 2 a wrong flag or argument, 3 no service answers, 4 the token is refused, 5 nothing has the name or " +
      "id, 6 a check has found something wrong"
  ),
  Command.withSubcommands([
    AnalyzeCommand.command,
    WhyCommand.command,
    TailCommand.command,
    MetricsCommand.command,
    EventsCommand.command,
    ConfigCommand.command,
    DoctorCommand.command,
    ValidateCommand.command
  ])
)

/** The flags and arguments read no file and no key, and start no process. */
const environment = Layer.mergeAll(
  FileSystem.layerNoop({}),
  Path.layer,
  Layer.succeed(
    Terminal.Terminal,
    Terminal.make({
      columns: Effect.succeed(80),
      rows: Effect.succeed(24),
      size: Effect.die("the size of the terminal is not known"),
      readInput: Effect.die("the program reads no keys"),
      readLine: Effect.fail(new Terminal.QuitError({})),
      display: (text) => Console.log(text)
    })
  ),
  Layer.succeed(
    Stdio.Stdio,
    Stdio.make({
      args: Effect.succeed([]),
      stdin: Stream.empty,
      stdout: () => Sink.drain,
      stderr: () => Sink.drain
    })
  ),
  Layer.mock(ChildProcessSpawner)({}),
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })
)

/** Runs the program with the arguments after its name, and gives its exit code. */
export const run = (args: ReadonlyArray<string>): Effect.Effect<number, never, HttpClient> =>
  Command.runWith(command, { version: packageVersion })(args).pipe(
    Effect.provide(environment),
    Effect.as(0),
    Effect.catchTags({
      CliFailure: ({ exitCode, message }) => Effect.as(Console.error(message), exitCode),
      ShowHelp: ({ errors }) => Effect.succeed(errors.length === 0 ? 0 : exitCodes.usage)
    }),
    Effect.catch((error) => Effect.as(Console.error(error.message), exitCodes.usage)),
    Effect.catchCause((cause) => Effect.as(Console.error("unexpected failure", cause), exitCodes.defect))
  )

/**
 * `tasker-telemetry config`: the configuration that a program has in this environment, and what is wrong with it. It
 * asks no service.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { layer as NodeTextFile } from "../node/internal/NodeTextFile.ts"
import { CliFailure, exitCodes } from "./CliFailure.ts"
import { jsonFlag } from "./connectionFlags.ts"
import * as effectiveConfig from "./effectiveConfig.ts"
import { printable, table, text } from "./TextTable.ts"

const load = Effect.provide(effectiveConfig.load, NodeTextFile)

const check = Command.make(
  "check",
  { json: jsonFlag },
  Effect.fnUntraced(function*({ json }) {
    const { options, problems, warnings } = yield* load
    const set = options.filter(({ source }) => source !== "default").length
    yield* Console.log(
      json
        ? JSON.stringify({ ok: problems.length === 0, problems, warnings, set, options: options.length }, undefined, 2)
        : renderCheck(problems, warnings, `${set} of ${options.length} options are set`)
    )
    if (problems.length > 0) {
      return yield* new CliFailure({
        exitCode: exitCodes.failed,
        message: `${problems.length === 1 ? "a problem" : `${problems.length} problems`} in the configuration: ` +
          "a program with these variables does not start; correct what each line names"
      })
    }
  })
).pipe(
  Command.withDescription(
    "Check the TASKER_… and OTEL_… variables of this environment, and the file of OTEL_CONFIG_FILE"
  )
)

const renderCheck = (problems: ReadonlyArray<string>, warnings: ReadonlyArray<string>, summary: string): string =>
  [
    ...problems.map((problem) => `✗ ${printable(problem)}`),
    ...warnings.map((warning) => `! ${printable(warning)}`),
    `${problems.length === 0 ? "✓" : "✗"} ${summary}, ${problems.length} problems, ${warnings.length} warnings`
  ].join("\n")

const print = Command.make(
  "print",
  {
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Print also the options that have their default"),
      Flag.withDefault(false)
    ),
    json: jsonFlag
  },
  Effect.fnUntraced(function*({ all, json }) {
    const { options, problems } = yield* load
    const chosen = options.filter(({ source }) => all || source !== "default")
    yield* Console.log(json ? JSON.stringify(chosen, undefined, 2) : renderOptions(chosen))
    if (problems.length > 0) {
      return yield* new CliFailure({ exitCode: exitCodes.failed, message: problems.join("\n") })
    }
  })
).pipe(
  Command.withDescription("Print the options in force with where each comes from; secrets are masked"),
  Command.withExamples([{ command: "tasker-telemetry config print --all", description: "All options" }])
)

const renderOptions = (options: ReadonlyArray<effectiveConfig.EffectiveOption>): string =>
  options.length === 0
    ? "No option is set: all have their default, which --all prints."
    : table(
      `${options.length} options`,
      ["OPTION", "VALUE", "FROM"],
      options.map(({ path, source, value }) => [
        text(path),
        text(value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value)),
        text(source)
      ])
    ).join("\n").trimEnd()

/** The command. */
export const command = Command.make("config").pipe(
  Command.withDescription("Check and print the configuration of this environment"),
  Command.withSubcommands([check, print])
)

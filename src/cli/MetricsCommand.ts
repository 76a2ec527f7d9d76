/**
 * `tasker-telemetry metrics export`, `sync` and `status`: exports the metrics of a running service, and says how exports go.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import type { Connection } from "./AnalyticsClient.ts"
import { CliFailure, exitCodes } from "./CliFailure.ts"
import { connectionFlags } from "./connectionFlags.ts"
import * as ExportClient from "./ExportClient.ts"
import { type Export, renderExported, renderStatus, renderSynced } from "./renderExports.ts"

const chosen = (format: string, target: string) => ({
  format: Flag.String("format").pipe(Flag.withDescription(format), Flag.optional),
  target: Flag.String("target").pipe(Flag.withDescription(target), Flag.optional)
})

const print = (json: boolean, report: object, render: () => string) =>
  Console.log(json ? JSON.stringify(report, undefined, 2) : render())

const failed = (message: string) => new CliFailure({ exitCode: exitCodes.failed, message })

/** Exports to a target. A failed export is an outcome. */
const attempt = (
  connection: Connection,
  target: string
): Effect.Effect<Export, CliFailure, HttpClient.HttpClient> =>
  Effect.matchEffect(ExportClient.exportTo(connection, target), {
    onFailure: (failure): Effect.Effect<Export, CliFailure> =>
      failure.exitCode === exitCodes.failed
        ? Effect.succeed({ outcome: "failed", target, message: failure.message })
        : Effect.fail(failure),
    onSuccess: (exported) => Effect.succeed(exported)
  })

const exportCommand = Command.make(
  "export",
  {
    ...chosen("Print the metrics in a format, such as prometheus", "Export to one target; to all of them by default"),
    ...connectionFlags
  },
  Effect.fnUntraced(function*({ format, json, target, ...connection }) {
    if (Option.isSome(format) && Option.isSome(target)) {
      return yield* new CliFailure({
        exitCode: exitCodes.usage,
        message: "a target has a format of its own: give --format or --target"
      })
    }
    if (Option.isSome(format)) return yield* Console.log(yield* ExportClient.exportAs(connection, format.value))
    if (Option.isSome(target)) {
      const exported = yield* ExportClient.exportTo(connection, target.value)
      return yield* print(json, [exported], () => renderExported([exported]))
    }
    const { targets } = yield* ExportClient.status(connection)
    // One target that fails keeps no other one from its export.
    const exports = yield* Effect.forEach(targets, ({ name }) => attempt(connection, name))
    yield* print(json, exports, () => renderExported(exports))
    const failures = exports.filter(({ outcome }) => outcome === "failed").length
    if (failures > 0) return yield* failed(`${failures} of ${exports.length} targets could not be exported to`)
  })
).pipe(
  Command.withDescription(
    "Export the metrics of a service now. A target that another instance exports to is skipped. Exit code 6: an export failed"
  ),
  Command.withExamples([
    { command: "tasker-telemetry metrics export", description: "To all targets" },
    { command: "tasker-telemetry metrics export --format prometheus", description: "To the standard output" }
  ])
)

const syncCommand = Command.make(
  "sync",
  connectionFlags,
  Effect.fnUntraced(function*({ json, ...connection }) {
    const synced = yield* ExportClient.sync(connection)
    yield* print(json, synced, () => renderSynced(synced))
    if (synced.outcome === "degraded") return yield* failed("the store of the instances cannot be used")
  })
).pipe(
  Command.withDescription(
    "Share the metrics of a service with its other instances now. Exit code 6: their store cannot be used"
  )
)

const statusCommand = Command.make(
  "status",
  { ...chosen("Only targets of a format", "Only one target"), ...connectionFlags },
  Effect.fnUntraced(function*({ format, json, target, ...connection }) {
    const whole = yield* ExportClient.status(connection)
    const targets = whole.targets.filter((one) =>
      Option.getOrElse(target, () => one.name) === one.name &&
      Option.getOrElse(format, () => one.format) === one.format
    )
    if (Option.isSome(target) && targets.length === 0) {
      return yield* new CliFailure({
        exitCode: exitCodes.notFound,
        message: `no target fits; there are ${whole.targets.map(({ name }) => name).join(", ") || "none"}`
      })
    }
    const status = { ...whole, targets }
    yield* print(json, status, () => renderStatus(status))
    const problems = [
      ...targets.filter(({ state }) => state === "failing").map(({ name }) => `exports to target "${name}" fail`),
      ...(whole.instances?.state === "degraded" ? ["the store of the instances cannot be used"] : [])
    ]
    if (problems.length > 0) return yield* failed(problems.join("; "))
  })
).pipe(
  Command.withDescription(
    "Show how exports go, and where instances meet. Exit code 6: a target fails, or the store cannot be used"
  ),
  Command.withExamples([
    { command: "tasker-telemetry metrics status --json", description: "For a check that reads JSON" }
  ])
)

/** The command. */
export const command = Command.make("metrics").pipe(
  Command.withDescription("Export the metrics of a running service, and see how exports go"),
  Command.withSubcommands([exportCommand, syncCommand, statusCommand])
)

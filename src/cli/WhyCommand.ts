/**
 * `tasker-telemetry why <run>`: what a run waits for, or where its time went.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as AnalyticsClient from "./AnalyticsClient.ts"
import { connectionFlags } from "./connectionFlags.ts"
import { renderRun } from "./renderRun.ts"

/** The command. */
export const command = Command.make(
  "why",
  {
    run: Argument.String("run").pipe(Argument.withDescription("Id of the run")),
    ...connectionFlags
  },
  Effect.fnUntraced(function*({ json, run, ...connection }) {
    const found = yield* AnalyticsClient.run(connection, run)
    yield* Console.log(json ? JSON.stringify(found, undefined, 2) : renderRun(found))
  })
).pipe(
  Command.withDescription("Show what a run waits for, or where the time of an ended run went"),
  Command.withExamples([
    {
      command: "tasker-telemetry why 01890a5d-ac96-774b-bcce-b302099a8057",
      description: "A run of the service on this machine"
    }
  ])
)

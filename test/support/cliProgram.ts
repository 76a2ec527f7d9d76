/**
 * Calls of the program `tasker-telemetry` in this process, with what it prints.
 */
import { ConfigProvider, Console, Effect } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestConsole } from "effect/testing"
import * as TelemetryCommand from "../../src/cli/TelemetryCommand.ts"

export interface Called {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** Calls the program with an environment that has the given variables alone. The clock is the one of the test. */
export const callWith = Effect.fnUntraced(function*(
  env: Readonly<Record<string, string>>,
  ...args: ReadonlyArray<string>
) {
  const console = yield* TestConsole.make
  const code = yield* TelemetryCommand.run(args).pipe(
    Effect.provide([FetchHttpClient.layer, ConfigProvider.layer(ConfigProvider.fromEnv({ env }))]),
    Effect.provideService(Console.Console, console)
  )
  const called: Called = {
    code,
    out: (yield* console.logLines).join("\n"),
    error: (yield* console.errorLines).join("\n")
  }
  return called
})

/** Calls the program with an empty environment. */
export const call = (...args: ReadonlyArray<string>) => callWith({}, ...args)

/** Lines without the spaces between columns. */
export const lines = (output: string): ReadonlyArray<string> =>
  output.split("\n").map((line) => line.replaceAll(/ +/g, " "))

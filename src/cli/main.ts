#!/usr/bin/env node
/**
 * The executable file of the package.
 */
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import process from "node:process"
import * as TelemetryCommand from "./TelemetryCommand.ts"

Effect.runFork(
  TelemetryCommand.run(process.argv.slice(2)).pipe(
    Effect.provide(FetchHttpClient.layer),
    Effect.tap((code) => Effect.sync(() => process.exitCode = code))
  )
)

/**
 * The program as a process, against a service in this one.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as AnalyticsRoute from "../../src/http/AnalyticsRoute.ts"
import * as RunAnalysis from "../../src/performance/RunAnalysis.ts"
import * as RunRecords from "../../src/performance/RunRecords.ts"
import * as server from "../http/server.ts"
import * as analysedRuns from "../support/analysedRuns.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const program = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))

const start = (args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: unknown; readonly out: string; readonly error: string }>((resume) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      (error, out, errors) => resume(Effect.succeed({ code: error === null ? 0 : error.code, out, error: errors }))
    )
    return Effect.sync(() => child.kill())
  })

describe("tasker-telemetry", () => {
  it.live("writes the answer to standard output, mistakes to standard error, and ends with the code", () =>
    Effect.gen(function*() {
      const { host, port } = yield* server.Target
      const url = `http://${host}:${port}`
      const found = yield* start(["why", "mail-9", "--url", url])
      assert.deepStrictEqual([found.code, found.error], [0, ""])
      assert.include(found.out, "Step \"send\" has run for 4 s.\n")
      const missing = yield* start(["why", "nothing", "--url", url])
      assert.deepStrictEqual([missing.code, missing.out], [5, ""])
      assert.include(missing.error, "no run of this process has this id")
    }).pipe(Effect.provide(
      server.serve(AnalyticsRoute.layer).pipe(
        Layer.provide(Layer.provideMerge(RunAnalysis.layer, RunRecords.layerMemory(analysedRuns.all))),
        Layer.provideMerge(TestTelemetry.whole())
      )
    )))
})

/**
 * What a program can see of the options of the analysis of performance.
 */
import { Effect, Layer, Logger, Schema } from "effect"
import { RunRecords, Step, Task, TaskRunner, type TelemetryConfig } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"

type Options = TelemetryConfig.Options

const Simple = Task.make("only", { input: Schema.Struct({}), steps: [Step.make("simple", { run: () => Effect.void })] })

/** The number of records after five runs. */
export const recordedRuns = (options: Options): Effect.Effect<unknown> =>
  Effect.gen(function*() {
    yield* Effect.repeat(TaskRunner.run(Simple, {}), { times: 4 })
    return (yield* (yield* RunRecords.RunRecords).ended).length
  }).pipe(
    Effect.provide(TelemetryTest.layer(options).pipe(Layer.provide(Logger.layer([])))),
    Effect.scoped,
    Effect.orDie
  )

/**
 * What a program can see of the options of the analysis of performance.
 */
import { Effect, Fiber, Layer, Logger, Schema } from "effect"
import { TestClock } from "effect/testing"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { PerformanceMonitor, RunRecords, Step, Task, TaskRunner, type TelemetryConfig } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import { temporaryFolder } from "./temporaryFile.ts"

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

/** The numbers of crossings that the events about operations stand for. */
const occurrences = (
  options: Options,
  body: Effect.Effect<unknown, never, TelemetryTest | PerformanceMonitor.PerformanceMonitor>
) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(body)
    yield* TestClock.adjust("10 minutes")
    yield* Fiber.join(fiber)
    const { events } = yield* TelemetryTest
    return (yield* events).flatMap((event) =>
      event.name === "performance.slow_operation" || event.name === "memory.spike_detected"
        ? [event.payload.occurrences]
        : []
    )
  }).pipe(
    Effect.provide(TelemetryTest.layer(options).pipe(Layer.provide(Logger.layer([])))),
    Effect.scoped,
    Effect.orDie
  )

const sleep = (time: number) => PerformanceMonitor.measure("price")(Effect.sleep(time))

/** The slow operations that are published of two that take 1.5 and 2.5 seconds, with the numbers that they stand for. */
export const slowOperations = (options: Options): Effect.Effect<unknown> =>
  occurrences(options, Effect.andThen(sleep(1500), sleep(2500)))

/** The same of four that take 1.5 seconds. */
export const slowSeries = (options: Options): Effect.Effect<unknown> =>
  occurrences(options, Effect.repeat(sleep(1500), { times: 3 }))

/** The slow operations of 150 that take 10 milliseconds, and one that takes 50. */
export const learnedOperations = (options: Options): Effect.Effect<unknown> =>
  occurrences(options, Effect.andThen(Effect.repeat(sleep(10), { times: 149 }), sleep(50)))

/** The spikes of an operation that holds two megabytes at its end. */
export const memorySpikes = (options: Options): Effect.Effect<unknown> => {
  const held: Array<Uint8Array> = []
  const allocate = Effect.sync(() => void held.push(new Uint8Array(2_000_000).fill(1)))
  return occurrences(options, PerformanceMonitor.measure("load")(allocate))
}

/** The number of profiles in the folder, which is a temporary one, after three slow operations that ask for them. */
export const profiles = (options: Options): Effect.Effect<unknown> =>
  Effect.gen(function*() {
    const directory = join(yield* temporaryFolder, "profiles")
    const { performance } = options
    const given = performance?.profile?.directory === undefined
      ? options
      : { ...options, performance: { ...performance, profile: { ...performance.profile, directory } } }
    const slow = PerformanceMonitor.measure("price", { profile: true })(Effect.sleep("2 seconds"))
    yield* occurrences(given, Effect.repeat(slow, { times: 2 }))
    return existsSync(directory) ? readdirSync(directory).length : 0
  }).pipe(Effect.scoped)

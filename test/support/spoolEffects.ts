/**
 * What a program can see of the options of the spool, without a file system.
 */
import { Clock, Effect, Exit, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { TelemetryConfig } from "tasker-telemetry"
import { OpenSpoolFolder, type Options as FolderOptions } from "../../src/delivery/SpoolFolder.ts"
import { FlushRegistry } from "../../src/internal/FlushRegistry.ts"
import * as SpanExport from "../../src/tracing/internal/SpanExport.ts"
import { MemoryDisk } from "./memorySpoolFolder.ts"
import * as spans from "./spans.ts"
import { TestTransport } from "./testTransport.ts"

type Options = TelemetryConfig.Options

interface Setting {
  readonly disk: MemoryDisk
  /** The folders that were opened. */
  readonly opened: ReadonlyArray<FolderOptions>
  readonly record: (name: string) => Effect.Effect<void>
}

/** Looks at an exporter with a queue of one span whose receiver takes nothing. */
const observe = <A>(look: (setting: Setting) => Effect.Effect<A>) => (options: Options): Effect.Effect<A> =>
  Effect.gen(function*() {
    const transport = yield* TestTransport
    transport.reply(...Array.from({ length: 10_000 }, () => ({ status: 503 })))
    const disk = new MemoryDisk()
    const opened: Array<FolderOptions> = []
    const layer = SpanExport.layer.pipe(
      Layer.provideMerge(FlushRegistry.layer),
      Layer.provideMerge(
        spans.layer({
          ...options,
          delivery: {
            endpoint: "http://c:4318",
            queueSize: 1,
            timeout: "1 day",
            shutdownTimeout: 0,
            ...options.delivery
          }
        })
      )
    )
    const scope = yield* Scope.make()
    const services = yield* Layer.buildWithScope(layer, scope).pipe(
      Effect.provideService(OpenSpoolFolder, (options) =>
        Effect.sync(() => {
          opened.push(options)
          return disk.open()
        }))
    )
    const seen = yield* look({
      disk,
      opened,
      record: (name) => Effect.provide(Effect.withSpan(Effect.void, name), services)
    })
    yield* Scope.close(scope, Exit.void)
    return seen
  }).pipe(Effect.provide(Layer.merge(TestTransport.layer, Logger.layer([]))), Effect.orDie)

/** The folders that are opened. */
export const folders = observe(({ opened }) => Effect.sync(() => opened.map(({ path }) => path)))

/** Whether each write is to wait for the disk. */
export const waitsForDisk = observe(({ opened }) => Effect.sync(() => opened.map(({ fsync }) => fsync)))

/** Milliseconds after which an ended span is on disk. */
export const writtenAfter = observe(({ disk, record }) =>
  Effect.gen(function*() {
    yield* TestClock.adjust("1 minute")
    const start = yield* Clock.currentTimeMillis
    yield* record("a")
    while (disk.size === 0) yield* TestClock.adjust(1)
    return (yield* Clock.currentTimeMillis) - start
  })
)

/** Whether spans of two megabytes are all on disk. */
export const hasTwoMegabytes = observe(({ disk, record }) =>
  Effect.gen(function*() {
    for (let number = 0; number < 20; number++) yield* record("x".repeat(100_000))
    yield* TestClock.adjust("1 minute")
    return disk.size > 2_000_000
  })
)

/** Whether spans that memory has no room for are on disk two hours later. */
export const lastsTwoHours = observe(({ disk, record }) =>
  Effect.gen(function*() {
    for (const name of ["a", "b", "c"]) yield* record(name)
    yield* TestClock.adjust("2 hours")
    return disk.size > 0
  })
)

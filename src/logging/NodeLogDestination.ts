/**
 * Standard output, standard error or a file of the process as log destination.
 *
 * **Details**
 *
 * Lines are written synchronously: at once, or collected up to
 * `logging.bufferBytes` and written together, after a tenth of a second at the
 * latest and at once with an error. Where the reader of a pipe is slower than
 * the writer, up to 8 MiB wait; beyond that lines are dropped, the least severe
 * first, and counted. A closed pipe or a full disk drops and counts, and never
 * fails the program. What is collected is written when the layer closes and
 * when the process ends, in whatever way it ends but SIGKILL.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { writeSync } from "node:fs"
import { isatty } from "node:tty"
import { contain } from "../internal/contain.ts"
import { FlushRegistry } from "../internal/FlushRegistry.ts"
import * as LineBuffer from "../internal/LineBuffer.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import * as TelemetryConfig from "../TelemetryConfig.ts"
import { LogDestination } from "./LogDestination.ts"
import * as NodeExitHooks from "./NodeExitHooks.ts"
import * as NodeLogFile from "./NodeLogFile.ts"

const descriptors = { stdout: 1, stderr: 2 } as const

/** Longest time a collected line waits. */
const patience = "100 millis"

/** Pause between two tries to write to a reader that is not ready. */
const pause = "5 millis"

/** Longest time the last lines wait for their reader when the layer closes. */
const closingTime = "2 seconds"

interface Target {
  readonly writeBytes: LineBuffer.LineBufferOptions["writeBytes"]
  readonly isTerminal: boolean
}

/**
 * The destination of `logging.destination`. Fails where the file cannot be
 * opened.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  LogDestination,
  TelemetryConfig.TelemetryConfigError,
  SelfStatistics | FlushRegistry
> = Layer.effect(
  LogDestination,
  Effect.gen(function*() {
    const { logging } = yield* TelemetryConfig.Current
    const statistics = yield* SelfStatistics
    const dropped = statistics.counter("tasker_log_lines_dropped_total", "Log lines that were not written.", ["reason"])
    const left = yield* Queue.sliding<void>(1)
    const target = yield* logging.destination === "file" ? fileTarget(logging) : standardTarget(logging.destination)
    const buffer = LineBuffer.make({
      bufferBytes: logging.bufferBytes,
      writeBytes: target.writeBytes,
      countDropped: (reason, lines) => dropped([reason], lines),
      onLeft: () => Queue.offerUnsafe(left, undefined)
    })
    const flush = Effect.suspend(() => {
      buffer.drain()
      return Effect.whileLoop({
        while: () => !buffer.isEmpty(),
        body: () => Effect.andThen(Effect.sleep(pause), Effect.sync(buffer.drain)),
        step: () => {}
      })
    })
    yield* NodeExitHooks.install({
      drain: () => NodeExitHooks.drainBlocking(buffer.drain, buffer.isEmpty),
      signals: logging.signals
    })
    yield* Queue.take(left).pipe(
      Effect.andThen(Effect.sleep(patience)),
      Effect.andThen(flush),
      Effect.forever,
      Effect.forkScoped
    )
    yield* Effect.addFinalizer(() =>
      Effect.ignoreCause(Effect.timeoutOption(flush, closingTime)).pipe(Effect.ensuring(Effect.sync(buffer.close)))
    )
    yield* (yield* FlushRegistry).register(flush)
    return LogDestination.of({ write: buffer.write, flush, isTerminal: target.isTerminal })
  })
)

const standardTarget = (name: "stdout" | "stderr"): Effect.Effect<Target> =>
  Effect.sync(() => {
    const descriptor = descriptors[name]
    // Asking for its stream makes a pipe non-blocking: else a reader that is slow stops the program, and its end too.
    contain(() => process[name], () => {})
    return {
      writeBytes: (bytes, offset, length) => writeSync(descriptor, bytes, offset, length),
      isTerminal: isatty(descriptor)
    }
  })

const fileTarget = Effect.fnUntraced(function*(
  { file }: TelemetryConfig.TelemetryConfig["logging"]
): Effect.fn.Return<Target, TelemetryConfig.TelemetryConfigError, SelfStatistics | Scope.Scope> {
  if (file.path === undefined) {
    return yield* new TelemetryConfig.TelemetryConfigError({
      message: "expected logging.file.path to be set because logging.destination is \"file\""
    })
  }
  const clock = yield* Clock.Clock
  const failed = (yield* SelfStatistics).counter(
    "tasker_log_rotation_errors_total",
    "Rotations of the log file that did not work.",
    []
  )
  const opened = yield* NodeLogFile.open({
    path: file.path,
    maximumBytes: file.maximumBytes,
    maximumAgeMillis: file.maximumAge === undefined ? undefined : Duration.toMillis(file.maximumAge),
    keep: file.keep,
    now: () => clock.currentTimeMillisUnsafe(),
    onRotationFailed: () => failed([])
  }).pipe(Effect.mapError((error) => new TelemetryConfig.TelemetryConfigError({ message: error.message })))
  if (file.reopenOnHangup) yield* NodeExitHooks.onHangup(opened.reopen)
  return { writeBytes: opened.writeBytes, isTerminal: false }
})

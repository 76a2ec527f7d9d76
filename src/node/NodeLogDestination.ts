/**
 * Writes log lines to standard output, standard error or a file of the process.
 *
 * **Details**
 *
 * Lines are written synchronously, at once by default. With `logging.bufferBytes` they are collected and written
 * together: when the buffer is full, after a tenth of a second, or at once with an error. If the reader of a pipe is
 * slower, up to 8 MiB wait. Beyond that, lines are dropped, the least severe first, and counted. A closed pipe or a
 * full disk drops and counts lines, and never fails the program.
 *
 * Collected lines are written when the layer closes and when the process ends: by itself, by `process.exit`, by an
 * uncaught exception, or by a signal such as SIGTERM, SIGINT or SIGHUP. During the event `exit`, lines are written at
 * once. The layer does not change how the process ends.
 *
 * Several threads may write to one pipe without tearing lines: they take turns, if the main thread builds its layer
 * before it starts workers. Other processes cannot take turns. If the reader is slow, the system tears writes above
 * 4096 bytes (512 outside of Linux). So `logging.longLines` splits longer lines if another process is known to write to
 * the pipe, or a thread that takes no turns. A part has `line_id`, `part`, `parts` and `text`. The texts of all parts
 * together are the line.
 *
 * **Gotchas**
 *
 * A worker thread collects no lines, because it ends without notice when the main thread ends the process. Collected
 * lines are lost if the process ends without running code: at SIGKILL, `process.abort`, SIGABRT or a crash of Node.
 * They are also lost at a signal while the program blocks the thread. Then the signal ends the process only if no line
 * waits.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { Buffer } from "node:buffer"
import { statSync } from "node:fs"
import { isMainThread, threadId } from "node:worker_threads"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { textOfBytes } from "../encoding/LineBytes.ts"
import { FlushRegistry } from "../internal/FlushRegistry.ts"
import { orElse } from "../internal/guard.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import { withDefault } from "../internal/withDefault.ts"
import { withBytes, type WriteBytes } from "../logging/internal/writeBytes.ts"
import { LogDestination } from "../logging/LogDestination.ts"
import * as ExitHooks from "./internal/ExitHooks.ts"
import * as LineBuffer from "./internal/LineBuffer.ts"
import * as LineParts from "./internal/LineParts.ts"
import * as LogFile from "./internal/LogFile.ts"
import * as Pipe from "./internal/Pipe.ts"
import * as StandardOutput from "./internal/StandardOutput.ts"

/** Longest time a collected line waits. */
const patience = "100 millis"

/** Pause between two tries to write to a reader that is not ready. */
const pause = "5 millis"

/** Longest time the last lines wait for their reader when the layer closes. */
const closingTime = "2 seconds"

type Write = LogDestination["Service"]["write"]

interface Target extends StandardOutput.StandardOutput {
  /** For a file: opens it again if another program has moved it. */
  readonly follow?: LogFile.LogFile["follow"]
}

/**
 * The destination that `logging.destination` names. It fails if the file cannot
 * be opened.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<LogDestination, TelemetryConfig.TelemetryConfigError> = Layer.effect(
  LogDestination,
  Effect.gen(function*() {
    const { logging } = yield* TelemetryConfig.Current
    const statistics = yield* SelfStatistics
    const dropped = statistics.counter("tasker_log_lines_dropped_total", "Log lines that were not written.", ["reason"])
    const left = yield* Queue.sliding<void>(1)
    const onTorn = () => dropped(["reader_too_slow"], 1)
    const target = yield* logging.destination === "file"
      ? fileTarget(logging, onTorn)
      : StandardOutput.open(logging.destination, onTorn)
    let isOver = false
    const buffer: LineBuffer.LineBuffer = LineBuffer.make({
      // A worker thread ends without notice when the main thread ends the process.
      bufferBytes: isMainThread ? logging.bufferBytes : 0,
      writeBytes: target.writeBytes,
      countDropped: (reason, lines) => dropped([reason], lines),
      onLeft: () => {
        if (isOver) {
          drainNow(true)
          return buffer.dropAll()
        }
        hook.arm()
        Queue.offerUnsafe(left, undefined)
      }
    })
    const drainNow = ExitHooks.blockingDrain(buffer.drain, buffer.isEmpty)
    /** From now on each line is written while its caller waits, because no flush comes any more. */
    const end = () => {
      isOver = true
      buffer.close()
    }
    const flush = Effect.suspend(() => {
      buffer.drain()
      return Effect.whileLoop({
        while: () => !buffer.isEmpty(),
        body: () => Effect.andThen(Effect.sleep(pause), Effect.sync(buffer.drain)),
        step: () => {}
      })
    })
    const hook = yield* ExitHooks.install({
      stage: "lines",
      drain: (isLast) => {
        if (isLast) end()
        drainNow(isLast)
      },
      signals: logging.signals
    })
    yield* Queue.take(left).pipe(
      Effect.andThen(Effect.sleep(patience)),
      Effect.andThen(flush),
      Effect.forever,
      Effect.forkScoped
    )
    yield* Effect.addFinalizer(() =>
      Effect.ignoreCause(Effect.timeoutOption(flush, closingTime)).pipe(
        Effect.ensuring(Effect.sync(() => {
          end()
          buffer.dropAll()
        }))
      )
    )
    yield* (yield* FlushRegistry).register(flush)
    return LogDestination.of({
      write: toTarget(logging, target, buffer),
      flush,
      isTerminal: target.isTerminal
    })
  })
).pipe(
  withDefault(SelfStatistics, SelfStatistics.layer),
  withDefault(FlushRegistry, FlushRegistry.layer)
)

/** Without a buffer, lines come as bytes. */
const toTarget = (
  logging: TelemetryConfig.TelemetryConfig["logging"],
  target: Target,
  buffer: LineBuffer.LineBuffer
): Write => {
  const write = inParts(logging, target, following(target, buffer.write))
  if (isMainThread && logging.bufferBytes > 0) return write
  return withBytes(write, wholeAsBytes(logging, target, write, followingBytes(target, buffer.writeBytes)))
}

/** Looks for the file at its path before a line. The time of the line spares another look at the clock. */
const following = ({ follow }: Target, write: LineBuffer.LineBuffer["write"]): Write =>
  follow === undefined ? write : (line, level, time) => {
    follow(time)
    write(line, level)
  }

/** {@link following} for bytes. */
const followingBytes = ({ follow }: Target, write: LineBuffer.LineBuffer["writeBytes"]): WriteBytes =>
  follow === undefined ? write : (bytes, length, level, time) => {
    follow(time)
    write(bytes, length, level)
  }

/** Whether long lines may have to be split. */
const maySplit = ({ longLines }: TelemetryConfig.TelemetryConfig["logging"], { isShared }: Target): boolean =>
  isShared !== undefined && longLines !== "whole"

/** Lines that may have to be split are written as text. */
const wholeAsBytes = (
  logging: TelemetryConfig.TelemetryConfig["logging"],
  target: Target,
  write: Write,
  writeBytes: WriteBytes
): WriteBytes =>
  !maySplit(logging, target) ? writeBytes : (bytes, length, level, time) => {
    if (length > Pipe.atomicBytes) write(textOfBytes(bytes, length - 1), level, time)
    else writeBytes(bytes, length, level, time)
  }

/** Splits long lines that another process could tear, as `logging.longLines` says. */
const inParts = (
  { format, longLines }: TelemetryConfig.TelemetryConfig["logging"],
  { isShared }: Target,
  write: Write
): Write => {
  if (isShared === undefined || longLines === "whole") return write
  const split = LineParts.make({
    maximumBytes: Pipe.atomicBytes,
    isJson: format === "json",
    writer: `${process.pid}.${threadId}`
  })
  return (line, level, time) => {
    const isLong = line.length * 3 >= Pipe.atomicBytes && Buffer.byteLength(line) >= Pipe.atomicBytes
    if (isLong && (longLines === "split" || isShared())) {
      for (const part of split(line, level)) write(part, level, time)
    } else write(line, level, time)
  }
}

const fileTarget = Effect.fnUntraced(function*(
  { file }: TelemetryConfig.TelemetryConfig["logging"],
  onTorn: () => void
): Effect.fn.Return<Target, TelemetryConfig.TelemetryConfigError, SelfStatistics | Scope.Scope> {
  const { path } = file
  if (path === undefined) {
    return yield* new TelemetryConfig.TelemetryConfigError({
      message: "expected logging.file.path to be set because logging.destination is \"file\""
    })
  }
  const clock = yield* Clock.Clock
  const failed = (yield* SelfStatistics).counter(
    "tasker_log_rotation_errors_total",
    "Failed rotations of the log file.",
    []
  )
  const opened = yield* LogFile.open({
    path,
    maximumBytes: file.maximumBytes,
    maximumAgeMillis: file.maximumAge === undefined ? undefined : Duration.toMillis(file.maximumAge),
    keep: file.keep,
    now: () => clock.currentTimeMillisUnsafe(),
    onRotationFailed: () => failed([])
  }).pipe(Effect.mapError((error) => new TelemetryConfig.TelemetryConfigError({ message: error.message })))
  if (file.reopenOnHangup) yield* ExitHooks.onHangup(opened.reopen)
  const { follow, writeBytes } = opened
  const stats = orElse(() => statSync(path), () => undefined)
  return stats?.isFIFO() === true
    ? { ...yield* Pipe.open({ writeBytes, stats, descriptor: undefined, onTorn }), isTerminal: false }
    : { writeBytes, follow, isTerminal: false }
})

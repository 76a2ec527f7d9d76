/**
 * Standard output and standard error of the process as log destinations.
 *
 * **Details**
 *
 * Lines are written at once and synchronously. Where the reader of a pipe is
 * slower than the writer, up to 8 MiB wait and are written on; beyond that the
 * newest lines are dropped and counted. A closed pipe or a full disk drops and
 * counts, and never fails the program.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { writeSync } from "node:fs"
import { orElse } from "../internal/contain.ts"
import { FlushRegistry } from "../internal/FlushRegistry.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import * as TelemetryConfig from "../TelemetryConfig.ts"
import { LogDestination } from "./LogDestination.ts"

const descriptors = { stdout: 1, stderr: 2 } as const

/** Bytes that may wait for a slow reader. */
const mostWaiting = 8 * 1024 * 1024

/** Pause between two tries to write to a reader that is not ready. */
const pause = "5 millis"

/** Longest time the last lines wait for their reader when the layer closes. */
const closingTime = "2 seconds"

/**
 * The destination of `logging.destination`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<LogDestination, never, SelfStatistics | FlushRegistry> = Layer.effect(
  LogDestination,
  Effect.gen(function*() {
    const { logging } = yield* TelemetryConfig.Current
    const statistics = yield* SelfStatistics
    const countDropped = statistics.counter("tasker_log_lines_dropped_total", "Log lines that were not written.", [
      "reason"
    ])
    const readerIsSlow = yield* Queue.sliding<void>(1)
    const service = make({
      writeBytes: (bytes) => writeSync(descriptors[logging.destination], bytes),
      onWaiting: () => Queue.offerUnsafe(readerIsSlow, undefined),
      countDropped
    })
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Queue.take(readerIsSlow), service.flush)))
    yield* Effect.addFinalizer(() => Effect.ignoreCause(Effect.timeoutOption(service.flush, closingTime)))
    yield* (yield* FlushRegistry).register(service.flush)
    return service
  })
)

/**
 * A destination over a function that writes bytes and answers how many it took,
 * or throws a system error.
 *
 * @internal
 */
export const make = ({ countDropped, onWaiting, writeBytes }: {
  readonly writeBytes: (bytes: Uint8Array) => number
  /** Called when a line could not be written at once. */
  readonly onWaiting: () => void
  readonly countDropped: (attributes: ReadonlyArray<string>) => void
}) => {
  const encoder = new TextEncoder()
  const waiting: Array<Uint8Array> = []
  let waitingBytes = 0

  const writeWaiting = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const bytes = first
      const written = orElse(() => writeBytes(bytes), (error) => isNotReady(error) ? 0 : -1)
      if (written === 0) return
      if (written > 0 && written < bytes.length) {
        waiting[0] = bytes.subarray(written)
        waitingBytes -= written
      } else {
        waiting.shift()
        waitingBytes -= bytes.length
        if (written < 0) countDropped(["write_failed"])
      }
    }
  }

  return {
    write: (line: string): void => {
      // A program that never lets the flush run would drop lines for a reader that has caught up.
      if (waitingBytes >= mostWaiting) writeWaiting()
      if (waitingBytes >= mostWaiting) return countDropped(["reader_too_slow"])
      const bytes = encoder.encode(`${line}\n`)
      waiting.push(bytes)
      waitingBytes += bytes.length
      writeWaiting()
      if (waiting.length > 0) onWaiting()
    },
    flush: Effect.suspend(() => {
      writeWaiting()
      return Effect.whileLoop({
        while: () => waiting.length > 0,
        body: () => Effect.andThen(Effect.sleep(pause), Effect.sync(writeWaiting)),
        step: () => {}
      })
    })
  }
}

const isNotReady = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "EAGAIN"

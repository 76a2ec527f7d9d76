/**
 * Where finished log lines go.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as LogLevel from "effect/LogLevel"

/**
 * A destination of lines.
 *
 * **Details**
 *
 * `write` takes a line without its line break. It never waits and never throws.
 * If the destination is too slow, it drops lines, the least severe first, and
 * counts them.
 *
 * @category services
 * @since 0.1.0
 */
export class LogDestination extends Context.Service<LogDestination, {
  /** Writes a line of a record with this level and time, in epoch milliseconds. */
  readonly write: (line: string, level: LogLevel.LogLevel, time: number) => void
  /** Writes out everything that waits, as far as possible. */
  readonly flush: Effect.Effect<void>
  /** Whether the destination is a terminal, where colour helps. */
  readonly isTerminal: boolean
}>()("tasker-telemetry/logging/LogDestination") {
}

/**
 * Discards a line.
 *
 * @internal
 */
export const discard = (): void => {}

/**
 * Discards every line. Lines are not even made.
 *
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<LogDestination> = Layer.succeed(LogDestination, {
  write: discard,
  flush: Effect.void,
  isTerminal: false
})

/**
 * Keeps the last 100 000 lines in {@link LogMemory}.
 *
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<LogDestination | LogMemory> = Layer.effectContext(
  Effect.sync(() => {
    const lines: Array<string> = []
    return Context.make(LogDestination, {
      write: (line) => {
        lines.push(line)
        if (lines.length > 2 * mostLines) lines.splice(0, mostLines)
      },
      flush: Effect.void,
      isTerminal: false
    }).pipe(Context.add(LogMemory, { lines: Effect.sync(() => lines.slice(-mostLines)) }))
  })
)

/**
 * Hands every line to a function of the program. If the function throws, or its
 * promise is rejected, the error is counted and the program goes on.
 *
 * @since 0.1.0
 */
export const layer = (
  write: (line: string, level: LogLevel.LogLevel, time: number) => void
): Layer.Layer<LogDestination> => Layer.succeed(LogDestination, { write, flush: Effect.void, isTerminal: false })

const mostLines = 100_000

/**
 * The lines that {@link layerMemory} keeps.
 *
 * @category services
 * @since 0.1.0
 */
export class LogMemory extends Context.Service<LogMemory, {
  readonly lines: Effect.Effect<ReadonlyArray<string>>
}>()("tasker-telemetry/logging/LogDestination/LogMemory") {}

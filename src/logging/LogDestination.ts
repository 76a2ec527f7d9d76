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
 * `write` takes a line without its line break, never waits and never throws; a
 * destination that cannot keep up drops what matters least first, and counts.
 *
 * @category services
 * @since 0.1.0
 */
export class LogDestination extends Context.Service<LogDestination, {
  readonly write: (line: string, level: LogLevel.LogLevel) => void
  /** Brings everything written so far to where it goes, as far as that is possible. */
  readonly flush: Effect.Effect<void>
  /** Whether a person reads along, so that colour helps. */
  readonly isTerminal: boolean
}>()("tasker-telemetry/logging/LogDestination") {
}

/**
 * Discards every line.
 *
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<LogDestination> = Layer.succeed(LogDestination, {
  write: () => {},
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
 * Hands every line to a function of the program. What it throws, or what a
 * promise that it gives is rejected with, is contained and counted.
 *
 * @since 0.1.0
 */
export const layer = (
  write: (line: string, level: LogLevel.LogLevel) => void
): Layer.Layer<LogDestination> => Layer.succeed(LogDestination, { write, flush: Effect.void, isTerminal: false })

const mostLines = 100_000

/**
 * The lines that {@link LogDestination.layerMemory} keeps.
 *
 * @category services
 * @since 0.1.0
 */
export class LogMemory extends Context.Service<LogMemory, {
  readonly lines: Effect.Effect<ReadonlyArray<string>>
}>()("tasker-telemetry/logging/LogDestination/LogMemory") {}

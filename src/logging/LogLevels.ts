/**
 * The lowest severity that is written, for the whole program and for single
 * components. It can change while the program runs.
 *
 * **Details**
 *
 * Changing levels needs `logging.runtimeLevels`. Without that option, the level
 * is part of the fiber's context. Then a line below the level costs only Effect's
 * own check.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as LogLevel from "effect/LogLevel"
import * as Schema from "effect/Schema"
import { durationOf } from "../config/internal/durationInput.ts"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import { severityNumber } from "./internal/LogRecord.ts"

/**
 * The schema of a level that can be set.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Level = Schema.Literals(["Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"])

/**
 * A level that can be set; `None` writes nothing.
 *
 * @category models
 * @since 0.1.0
 */
export type Level = typeof Level.Type

/**
 * The level of a component, or of the whole program.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActiveLevel {
  /** `undefined` for the level of the program, which holds for all components without a level. */
  readonly component: string | undefined
  readonly level: Level
  /** When the level ends, in epoch milliseconds; `undefined` if it does not end. */
  readonly until: number | undefined
}

/**
 * The option for run-time levels is off, so no level can be set.
 *
 * @category errors
 * @since 0.1.0
 */
export class LevelsFixed extends Schema.TaggedError<LevelsFixed>()("LevelsFixed", {}) {
  override get message(): string {
    return "levels are fixed; set logging.runtimeLevels to change them while the program runs"
  }
}

/**
 * The levels in force.
 *
 * @category services
 * @since 0.1.0
 */
export class LogLevels extends Context.Service<LogLevels, {
  /** Whether levels can change. If not, `minimum` is the only level. */
  readonly runtime: boolean
  /** The configured level. */
  readonly minimum: Level
  /** Whether a line is written; `now` in epoch milliseconds. */
  readonly isWritten: (level: LogLevel.LogLevel, component: string | undefined, now: number) => boolean
  /**
   * Sets the level of a component or of the program, for a time or for good. After the time, the level that was set for
   * good holds again.
   */
  readonly set: (change: {
    readonly component?: string | undefined
    readonly level: Level
    readonly for?: DurationSuchAs<"10 minutes"> | undefined
  }) => Effect.Effect<void, LevelsFixed>
  /** Removes the level of a component, or resets the program to the configured level. */
  readonly reset: (component?: string | undefined) => Effect.Effect<void, LevelsFixed>
  /** All levels in force, the program's first. */
  readonly active: Effect.Effect<ReadonlyArray<ActiveLevel>>
}>()("tasker-telemetry/logging/LogLevels") {
}

/**
 * Levels from the `logging` options.
 *
 * @since 0.1.0
 */
export const layer: Layer.Layer<LogLevels> = Layer.effect(
  LogLevels,
  Effect.map(TelemetryConfig.Current, ({ logging }) => make(logging.level, logging.runtimeLevels))
)

/**
 * Whether a level reaches a minimum.
 *
 * @internal
 */
export const reaches = (level: LogLevel.LogLevel, minimum: LogLevel.LogLevel): boolean =>
  severityNumber[level] >= leastOf(minimum)

/** The lowest severity number that reaches a minimum. */
const leastOf = (minimum: LogLevel.LogLevel): number => minimum === "None" ? Infinity : severityNumber[minimum]

interface Entry {
  readonly level: Level
  /** The lowest severity number that is written. */
  readonly least: number
  readonly until: number
  /** The level that holds afterwards; `undefined` for the level of the program. */
  readonly before: Level | undefined
}

const entryOf = (level: Level, until = Infinity, before?: Level): Entry => ({
  level,
  least: leastOf(level),
  until,
  before
})

/**
 * The highest number of components with a level of their own. The oldest is dropped, because a caller may invent names.
 */
const mostComponents = 1000

const make = (minimum: Level, runtime: boolean): LogLevels["Service"] => {
  const components = new Map<string, Entry>()
  let everything = entryOf(minimum)

  const programEntry = (now: number): Entry => {
    if (now >= everything.until) everything = entryOf(everything.before ?? minimum)
    return everything
  }
  const entryFor = (component: string | undefined, now: number): Entry => {
    const entry = component === undefined ? undefined : components.get(component)
    if (entry === undefined || component === undefined) return programEntry(now)
    if (now < entry.until) return entry
    if (entry.before === undefined) {
      components.delete(component)
      return programEntry(now)
    }
    const lasting = entryOf(entry.before)
    components.set(component, lasting)
    return lasting
  }

  return {
    runtime,
    minimum,
    isWritten: runtime
      ? (level, component, now) => severityNumber[level] >= entryFor(component, now).least
      : (level) => reaches(level, minimum),
    set: Effect.fnUntraced(function*({ component, for: time, level }) {
      if (!runtime) return yield* new LevelsFixed()
      const now = yield* Clock.currentTimeMillis
      entryFor(component, now)
      const current = component === undefined ? everything : components.get(component)
      const before = current === undefined || current.until === Infinity ? current?.level : current.before
      const entry = time === undefined
        ? entryOf(level)
        : entryOf(level, now + Duration.toMillis(durationOf(time, "for", "10 minutes")), before)
      if (component === undefined) {
        everything = entry
        return
      }
      components.delete(component)
      components.set(component, entry)
      if (components.size > mostComponents) components.delete(components.keys().next().value ?? component)
    }),
    reset: (component) =>
      Effect.suspend(() => {
        if (!runtime) return Effect.fail(new LevelsFixed())
        if (component === undefined) everything = entryOf(minimum)
        else components.delete(component)
        return Effect.void
      }),
    active: Effect.map(Clock.currentTimeMillis, (now) => {
      const shown = (component: string | undefined, entry: Entry): ActiveLevel => ({
        component,
        level: entry.level,
        until: Number.isFinite(entry.until) ? entry.until : undefined
      })
      programEntry(now)
      for (const component of components.keys()) entryFor(component, now)
      return [shown(undefined, everything), ...[...components].map(([name, entry]) => shown(name, entry))]
    })
  }
}

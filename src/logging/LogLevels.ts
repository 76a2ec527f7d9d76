/**
 * From which severity on lines are written: for the whole program, and for
 * single components, changeable while it runs.
 *
 * **Details**
 *
 * Changing levels needs `logging.runtimeLevels`. Without it the level is part of
 * the fiber's context and a line that is not written costs nothing more than
 * Effect's own refusal.
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
 * A level that is in force for a component, or for the whole program.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActiveLevel {
  /** `undefined` stands for everything without a level of its own. */
  readonly component: string | undefined
  readonly level: Level
  /** When it falls back, in epoch milliseconds; `undefined` if it stays. */
  readonly until: number | undefined
}

/**
 * Run-time levels are off, so nothing can be set.
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
  /** Whether levels can change; if not, `minimum` is all there is. */
  readonly runtime: boolean
  /** The configured level. */
  readonly minimum: Level
  /** Whether a line is written; `now` in epoch milliseconds. */
  readonly isWritten: (level: LogLevel.LogLevel, component: string | undefined, now: number) => boolean
  /** Sets the level of a component, or of everything, for a time or for good; after a time what was set for good holds again. */
  readonly set: (change: {
    readonly component?: string | undefined
    readonly level: Level
    readonly for?: DurationSuchAs<"10 minutes"> | undefined
  }) => Effect.Effect<void, LevelsFixed>
  /** Takes back what was set for a component, or for everything: its level is that of the program, or the configured one. */
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
 * @category predicates
 * @since 0.1.0
 */
export const reaches = (level: LogLevel.LogLevel, minimum: LogLevel.LogLevel): boolean =>
  severityNumber[level] >= leastOf(minimum)

/** The least severity that reaches a minimum. */
const leastOf = (minimum: LogLevel.LogLevel): number => minimum === "None" ? Infinity : severityNumber[minimum]

interface Entry {
  readonly level: Level
  /** Severity from which on lines are written. */
  readonly least: number
  readonly until: number
  /** What it falls back to, if not to the level of the program. */
  readonly before: Level | undefined
}

const entryOf = (level: Level, until = Infinity, before?: Level): Entry => ({
  level,
  least: leastOf(level),
  until,
  before
})

/** Components with a level of their own, the last ones set; a bound against a caller that invents names. */
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
        : entryOf(level, now + Duration.toMillis(durationOf(time, "for of the level", "10 minutes")), before)
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

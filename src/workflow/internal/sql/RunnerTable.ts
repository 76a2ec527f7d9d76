/**
 * Signs of life of the processes that run tasks: one row for each, one statement an interval, however many runs there are.
 *
 * The age of a sign is taken by the clock of the database, because the clocks of two processes differ. The clock of SQLite
 * is that of the program.
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import { uuid } from "../../../internal/identifiers.ts"
import { type SqlTables, storable } from "../../../internal/SqlTables.ts"
import type { RunnerSigns } from "../taskRecords.ts"

export const createTable = (sql: SqlClient.SqlClient, table: string) =>
  sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
    id text PRIMARY KEY,
    instance text,
    started_at float8 NOT NULL,
    seen_at float8 NOT NULL,
    seen_by_database float8 NOT NULL,
    interval_millis float8 NOT NULL,
    ended_at float8
  )`

const shortestInterval = Duration.millis(100)

/** A runner that has missed so many beats counts as dead. */
const mostMissed = 3

/** After a beat that failed, the next one comes sooner: other processes take the silence for death. */
const pauseAfterFailure = Duration.seconds(1)

/** A runner that has been silent for so long, and has no unfinished task, is forgotten. */
const longestSilence = Duration.days(1)

export interface RunnerTable {
  /** The key of this process. */
  readonly id: string
  /** Starts the heartbeat. A process that only reads gives none. */
  readonly begin: () => void
  /** Whether a task has a runner that gave a sign of life since an instant, and has not ended. */
  readonly isAlive: (tasks: Statement.Identifier, since: Statement.Fragment) => Statement.Fragment
  readonly find: (taskId: string) => Effect.Effect<Option.Option<RunnerSigns>, SqlError>
  /** Removes runners that nothing is left of. */
  readonly removeOld: Effect.Effect<void, SqlError>
}

/**
 * Beats as long as the scope lives, and says at its end that the runner has ended.
 *
 * @param options `tasks`: name of the table of tasks; `interval`: time between two beats; `timeout`: limit of one
 */
export const make = (database: SqlTables, options: {
  readonly table: string
  readonly tasks: string
  readonly instance: string | undefined
  readonly clock: Clock.Clock
  readonly interval: Duration.Duration
  readonly timeout: Duration.Duration
}): Effect.Effect<RunnerTable, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { clock, instance, timeout } = options
    const interval = Duration.max(options.interval, shortestInterval)
    const { dialect, run, sql } = database
    const [runners, tasks] = [sql(options.table), sql(options.tasks)]
    const id = yield* uuid
    const startedAt = clock.currentTimeMillisUnsafe()
    const number = (value: number) => sql`CAST(${value} AS float8)`
    const now = () => number(clock.currentTimeMillisUnsafe())
    const nowOfDatabase = () =>
      dialect === "pg" ? sql.literal("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS float8)") : now()

    const beat = Effect.suspend(() =>
      run(sql`
        INSERT INTO ${runners} (id, instance, started_at, seen_at, seen_by_database, interval_millis)
        VALUES (
          ${id}, CAST(${instance === undefined ? null : storable(instance)} AS text), ${number(startedAt)}, ${now()},
          ${nowOfDatabase()}, ${number(Duration.toMillis(interval))}
        )
        ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, seen_by_database = excluded.seen_by_database
      `)
    )

    const hasTasks = sql`EXISTS (SELECT 1 FROM ${tasks} AS t WHERE t.runner = ${runners}.id AND t.ended_order IS NULL)`

    /** The row stays if a run of this process has not ended, so that others know why it does not go on. */
    const end = Effect.suspend(() =>
      run(Effect.andThen(
        sql`DELETE FROM ${runners} WHERE id = ${id} AND NOT ${hasTasks}`,
        sql`UPDATE ${runners} SET ended_at = ${now()}, seen_by_database = ${nowOfDatabase()} WHERE id = ${id}`
      ))
    )

    const began = yield* Deferred.make<void>()
    const beats = Effect.timeout(beat, timeout).pipe(
      Effect.as(interval),
      Effect.catchCause(() => Effect.succeed(Duration.min(interval, pauseAfterFailure))),
      Effect.flatMap(Effect.sleep),
      Effect.forever
    )
    yield* Effect.acquireRelease(
      Effect.forkDetach(Effect.andThen(Deferred.await(began), beats), { startImmediately: true }),
      (heart) =>
        Effect.andThen(Fiber.interrupt(heart), Deferred.isDoneUnsafe(began) ? end : Effect.void).pipe(
          Effect.interruptible,
          Effect.timeout(timeout),
          Effect.ignoreCause
        )
    )

    return {
      id,
      begin: () => void Deferred.doneUnsafe(began, Exit.void),
      isAlive: (tasks, since) =>
        sql`EXISTS (
          SELECT 1 FROM ${runners} AS r WHERE r.id = ${tasks}.runner AND r.ended_at IS NULL AND r.seen_at >= ${since}
        )`,
      find: (taskId) =>
        Effect.map(
          sql<
            { readonly instance: string | null; readonly silent: number; readonly beat: number; readonly ended: number }
          >`
            SELECT r.instance, ${nowOfDatabase()} - r.seen_by_database AS silent, r.interval_millis AS beat,
              CAST(CASE WHEN r.ended_at IS NULL THEN 0 ELSE 1 END AS float8) AS ended
            FROM ${tasks} AS t JOIN ${runners} AS r ON r.id = t.runner WHERE t.id = ${storable(taskId)}
          `,
          ([found]) =>
            found === undefined ? Option.none() : Option.some({
              instance: found.instance ?? undefined,
              silentSeconds: Math.max(0, found.silent / 1000),
              deadAfterSeconds: mostMissed * found.beat / 1000,
              hasEnded: found.ended === 1
            })
        ),
      removeOld: Effect.suspend(() =>
        Effect.asVoid(sql`
          DELETE FROM ${runners}
          WHERE seen_at < ${
          number(clock.currentTimeMillisUnsafe() - Duration.toMillis(longestSilence))
        } AND NOT ${hasTasks}
        `)
      )
    }
  })

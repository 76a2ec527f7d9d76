/**
 * A table that several instances may create at the same time.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { quoted } from "../../../internal/SqlTables.ts"

/**
 * Runs statements that need a table. Before the first one, the table is created if it does not exist. The statements open
 * no spans, because their own telemetry would be more than what they are for.
 */
export const createdOnce = (
  sql: SqlClient.SqlClient,
  table: string,
  create: Effect.Effect<unknown, SqlError>
) => {
  let isThere = false
  // A role that may not create tables may still use this one, so it is looked for first.
  const exists = Effect.map(
    sql<{ readonly there: boolean }>`SELECT to_regclass(${quoted(table)}) IS NOT NULL AS there`,
    ([row]) => row?.there === true
  )
  // Without the lock, PostgreSQL fails one of two that create a table at the same time.
  const createLocked = sql.withTransaction(
    Effect.andThen(sql`SELECT pg_advisory_xact_lock(hashtext(${table}))`, create)
  )
  const ensure = Effect.suspend(() =>
    isThere ? Effect.void : Effect.flatMap(exists, (there) => there ? Effect.void : createLocked).pipe(
      Effect.andThen(Effect.sync(() => void (isThere = true)))
    )
  )
  return <A, E>(statement: Effect.Effect<A, E>): Effect.Effect<A, E | SqlError> =>
    Effect.withTracerEnabled(Effect.andThen(ensure, statement), false)
}

/**
 * Leases in a table of PostgreSQL. Each question is one statement.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import type { LeaseStore } from "../leases.ts"
import { createdOnce } from "./sqlTable.ts"

export const sqlLeases = (tableName: string): Effect.Effect<LeaseStore, never, SqlClient.SqlClient> =>
  Effect.map(SqlClient.SqlClient, (client): LeaseStore => {
    // Names of columns and of the table are written as they are here, also if the program transforms its own.
    const sql = client.withoutTransforms()
    const table = sql(tableName)
    const withTable = createdOnce(
      sql,
      tableName,
      sql`CREATE TABLE IF NOT EXISTS ${table} (
        name text PRIMARY KEY,
        token text NOT NULL,
        fencing bigint NOT NULL,
        expires_at timestamptz NOT NULL
      )`
    )
    const after = (ttlMillis: number) => sql`clock_timestamp() + ${ttlMillis}::float8 * interval '1 millisecond'`
    return {
      acquire: (name, token, ttlMillis) =>
        withTable(sql<{ readonly fencing: string }>`
          INSERT INTO ${table} AS kept (name, token, fencing, expires_at)
          VALUES (
            ${name},
            ${token},
            floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint,
            ${after(ttlMillis)}
          )
          ON CONFLICT (name) DO UPDATE SET
            token = excluded.token,
            fencing = greatest(kept.fencing + 1, excluded.fencing),
            expires_at = ${after(ttlMillis)}
          WHERE kept.expires_at <= clock_timestamp()
          RETURNING fencing::text AS fencing
        `).pipe(Effect.map(([row]) => row === undefined ? Option.none() : Option.some(Number(row.fencing)))),
      extend: (name, token, ttlMillis) =>
        withTable(sql`
          UPDATE ${table} SET expires_at = ${after(ttlMillis)}
          WHERE name = ${name} AND token = ${token} AND expires_at > clock_timestamp()
          RETURNING 1
        `).pipe(Effect.map((rows) => rows.length === 1)),
      release: (name, token) =>
        withTable(sql`
          UPDATE ${table} SET expires_at = '-infinity'
          WHERE name = ${name} AND token = ${token}
        `)
    }
  })

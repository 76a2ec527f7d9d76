/**
 * Slots in a table of PostgreSQL: a row for each instance, and one for the counts of ended instances of each group.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { foldedMillis, type Slot, type SlotStore, type Written } from "./SlotStore.ts"
import { createdOnce } from "./sqlTable.ts"

/** The id of the row of ended instances; no other id is empty. */
const endedId = ""

/** Another instance has changed what a fold is based on. */
class Conflict extends Schema.TaggedError<Conflict>()("Conflict", {}) {}

interface Row extends Omit<Slot, "writtenMillis"> {
  readonly folded: boolean
  readonly writtenMillis: number
  readonly nowMillis: number
}

/** Gives the store of a group. */
export const sqlSlots = (tableName: string): Effect.Effect<(group: string) => SlotStore, never, SqlClient.SqlClient> =>
  Effect.map(SqlClient.SqlClient, (client) => {
    const sql = client.withoutTransforms()
    const table = sql(tableName)
    const withTable = createdOnce(
      sql,
      tableName,
      sql`CREATE TABLE IF NOT EXISTS ${table} (
        service text NOT NULL,
        id text NOT NULL,
        sequence float8 NOT NULL,
        written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        window_millis float8 NOT NULL DEFAULT 0,
        is_last boolean NOT NULL DEFAULT false,
        folded boolean NOT NULL DEFAULT false,
        body text NOT NULL,
        PRIMARY KEY (service, id)
      )`
    )
    const millis = (instant: string) => sql.literal(`(extract(epoch FROM ${instant}) * 1000)::float8`)

    return (group): SlotStore => {
      const write = ({ body, id, isLast, sequence, windowMillis }: Omit<Slot, "writtenMillis">) =>
        Effect.andThen(
          sql`
            INSERT INTO ${table} AS kept (service, id, sequence, window_millis, is_last, body)
            VALUES (${group}, ${id}, ${sequence}::float8, ${windowMillis}::float8, ${isLast}, ${body})
            ON CONFLICT (service, id) DO UPDATE SET
              sequence = excluded.sequence,
              written_at = clock_timestamp(),
              window_millis = excluded.window_millis,
              is_last = excluded.is_last,
              body = excluded.body
            WHERE NOT kept.folded AND kept.sequence < excluded.sequence
          `,
          sql<{ readonly sequence: number }>`
            SELECT sequence FROM ${table} WHERE service = ${group} AND id = ${id} AND folded
          `
        )

      const fold = (change: Parameters<SlotStore["fold"]>[0]) =>
        sql.withTransaction(Effect.gen(function*() {
          const replaced = yield* sql`
            INSERT INTO ${table} AS kept (service, id, sequence, body) VALUES (${group}, ${endedId}, 1, ${change.ended})
            ON CONFLICT (service, id) DO UPDATE SET sequence = kept.sequence + 1, body = excluded.body
            WHERE kept.sequence = ${change.version}::float8
            RETURNING sequence
          `
          const [row] = replaced as ReadonlyArray<{ readonly sequence: number }>
          if (row?.sequence !== change.version + 1) return yield* new Conflict()
          for (const { id, sequence } of change.slots) {
            const removed = yield* sql`
              UPDATE ${table} SET folded = true, written_at = clock_timestamp(), body = ''
              WHERE service = ${group} AND id = ${id} AND sequence = ${sequence}::float8 AND NOT folded
              RETURNING 1
            `
            if (removed.length !== 1) return yield* new Conflict()
          }
          yield* sql`
            DELETE FROM ${table}
            WHERE folded AND written_at < clock_timestamp() - ${foldedMillis}::float8 * interval '1 millisecond'
          `
          return true
        }))

      return {
        write: (slot) =>
          Effect.map(
            withTable(write(slot)),
            ([folded]): Written =>
              folded === undefined ? { _tag: "Written" } : { _tag: "Folded", sequence: folded.sequence }
          ),
        read: withTable(sql<Row>`
          SELECT id, sequence, window_millis AS "windowMillis", is_last AS "isLast", folded, body,
            ${millis("written_at")} AS "writtenMillis", ${millis("clock_timestamp()")} AS "nowMillis"
          FROM ${table} WHERE service = ${group} AND NOT folded
          UNION ALL
          SELECT NULL, 0, 0, false, true, '', 0, ${millis("clock_timestamp()")}
        `).pipe(Effect.map((rows) => {
          const ended = rows.find(({ id }) => id === endedId)
          return {
            nowMillis: rows[0]?.nowMillis ?? 0,
            slots: rows.filter(({ folded, id }) => !folded && id !== endedId),
            version: ended?.sequence ?? 0,
            ended: ended?.body ?? ""
          }
        })),
        hold: (millis) =>
          withTable(sql`
            UPDATE ${table} SET window_millis = greatest(
              window_millis,
              (extract(epoch FROM clock_timestamp() - written_at) * 1000)::float8 + ${millis}::float8
            )
            WHERE service = ${group} AND NOT folded AND NOT is_last AND id <> ${endedId}
          `),
        fold: (change) => Effect.catchTag(withTable(fold(change)), "Conflict", () => Effect.succeed(false))
      }
    }
  })

/**
 * Tables of our own in a database of the program, PostgreSQL or SQLite.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"

/** The dialects that the statements are written for. */
export type Dialect = "pg" | "sqlite"

/** A column of rows that are sent as JSON. `float8` is the type of every number in both dialects. */
export interface Column {
  readonly name: string
  readonly type: "text" | "float8"
}

export interface SqlTables {
  readonly sql: SqlClient.SqlClient
  readonly dialect: Dialect
  /**
   * Runs statements that need the tables. Before the first ones, the tables are created if they do not exist. The
   * statements open no spans, because their own telemetry would be more than what they are for. They are never part of a
   * transaction of the caller.
   */
  readonly run: <A, E>(statements: Effect.Effect<A, E>) => Effect.Effect<A, E | SqlError>
  /** A source of rows `r` for one parameter: all statements have the same text, however many rows they write. */
  readonly rows: (columns: ReadonlyArray<Column>, rows: ReadonlyArray<object>) => Statement.Fragment
}

/**
 * Makes the tables of a client. A client of another dialect is a mistake of the program and throws a `RangeError`.
 *
 * @param owner the layer, for the message
 * @param tables names of the tables; the last one is created last
 * @param create makes the tables and their indexes if they do not exist
 */
export const make = (
  owner: string,
  tables: ReadonlyArray<string>,
  create: (sql: SqlClient.SqlClient) => ReadonlyArray<Effect.Effect<unknown, SqlError>>
): Effect.Effect<SqlTables, never, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    // Names of columns and of tables are written as they are here, also if the program transforms its own.
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const context = yield* Effect.context<never>()
    const dialect = sql.onDialectOrElse({
      pg: (): Dialect | undefined => "pg",
      sqlite: (): Dialect | undefined => "sqlite",
      orElse: () => undefined
    })
    if (dialect === undefined) throw new RangeError(`${owner} needs a client of PostgreSQL or of SQLite`)
    const last = tables.at(-1) ?? ""
    const createAll = Effect.forEach(create(sql), (statement) => statement, { discard: true })
    const createPg = Effect.flatMap(
      // A role that may not create tables may still use these, so they are looked for first.
      sql<{ readonly there: boolean }>`SELECT to_regclass(${quoted(last)}) IS NOT NULL AS there`,
      ([row]) =>
        row?.there === true ? Effect.void : sql.withTransaction(Effect.andThen(
          // Without the lock, PostgreSQL fails one of two that create a table at the same time.
          sql`SELECT pg_advisory_xact_lock(hashtext(${last}))`,
          createAll
        ))
    )
    let areThere = false
    const ensure = Effect.suspend(() =>
      areThere ? Effect.void : Effect.andThen(
        dialect === "pg" ? createPg : createAll,
        Effect.sync(() => void (areThere = true))
      )
    )
    return {
      sql,
      dialect,
      run: (statements) =>
        Effect.andThen(ensure, statements).pipe(
          Effect.withTracerEnabled(false),
          // The caller may be inside a transaction of the same client.
          (effect) => Effect.updateContext(effect, (): typeof context => context)
        ),
      rows: (columns, rows) => {
        const json = JSON.stringify(rows)
        return dialect === "pg"
          ? sql`json_to_recordset(${json}::text::json) AS r(${
            sql.literal(columns.map(({ name, type }) => `${name} ${type}`).join(", "))
          })`
          : sql`(SELECT ${
            sql.literal(columns.map(({ name }) => `json_extract(value, '$.${name}') AS ${name}`).join(", "))
          } FROM json_each(${json})) AS r`
      }
    }
  })

/** The highest number of rows that one statement removes. */
export const mostRemoved = 1000

/**
 * Removes rows in pieces, so that no statement holds the table, or the connection, for long.
 *
 * @param removeSome removes at most {@link mostRemoved} rows and gives those that it has removed
 */
export const inPieces = <E>(removeSome: Effect.Effect<ReadonlyArray<unknown>, E>): Effect.Effect<void, E> =>
  Effect.asVoid(Effect.repeat(removeSome, { while: (removed) => removed.length >= mostRemoved }))

/** A name as PostgreSQL reads it in a text, so that capitals stay. */
export const quoted = (table: string): string =>
  table.split(".").map((part) => `"${part.replaceAll("\"", "\"\"")}"`).join(".")

/** A text that both databases can keep in a column: PostgreSQL has no zero character, and no half of a pair. */
export const storable = (text: string): string => text.replaceAll("\0", "�").toWellFormed()

/** JSON of a record whose members may be `undefined`, as the JSON codec of its schema reads it. */
export const documentOf = (record: object): string =>
  JSON.stringify(record, (_key, value: unknown) => value === undefined ? null : value)

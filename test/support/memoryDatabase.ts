/**
 * A database that a test needs no server for: its statements take as long, and give as many rows, as their text says.
 */
import { Effect, Layer, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"

/** How often `sleep(<seconds>)` and `rows(<number>)` stand for a duration and for rows; `broken` fails. */
const run = (sql: string): Effect.Effect<ReadonlyArray<Record<string, unknown>>, SqlError.SqlError> => {
  const valueOf = (name: string, otherwise: number) =>
    Number(new RegExp(`${name}\\((\\d+)\\)`).exec(sql)?.[1] ?? otherwise)
  const rows = sql.startsWith("EXPLAIN")
    ? [{ "QUERY PLAN": "Seq Scan on orders  (cost=0.00..1.00 rows=1 width=4)" }, {
      line: "  Filter: (name = 'secret')"
    }]
    : Array.from({ length: valueOf("rows", 1) }, (_, id) => ({ id }))
  const answer = sql.includes("broken")
    ? Effect.fail(
      new SqlError.SqlError({ reason: new SqlError.UnknownError({ cause: { code: "XX000" }, message: "broken" }) })
    )
    : Effect.succeed(rows)
  const seconds = sql.startsWith("EXPLAIN") ? 0.5 : valueOf("sleep", 0)
  return seconds === 0 ? answer : Effect.delay(answer, `${seconds} seconds`)
}

const connection: SqlConnection.Connection = {
  execute: (sql) => run(sql),
  executeRaw: (sql) => run(sql),
  executeUnprepared: (sql) => run(sql),
  executeValues: (sql) => Effect.map(run(sql), (rows) => rows.map(Object.values)),
  executeValuesUnprepared: (sql) => Effect.map(run(sql), (rows) => rows.map(Object.values)),
  executeStream: (sql) => Stream.fromIterableEffect(run(sql))
}

export interface Options {
  /** Number of connections, 10 by default. */
  readonly connections?: number | undefined
  readonly dialect?: "pg" | "sqlite" | undefined
}

/** A client of the database. */
const make = (options: Options = {}) =>
  Effect.suspend(() => {
    const pool = Semaphore.makeUnsafe(options.connections ?? 10)
    return SqlClient.make({
      acquirer: Effect.as(pool.takeScoped(1), connection),
      borrower: (f) => pool.withPermit(Effect.suspend(() => f(connection))),
      compiler: options.dialect === "sqlite" ? Statement.makeCompilerSqlite() : pgCompiler,
      driver: "memory",
      spanAttributes: [["db.system.name", "memory"]]
    })
  }).pipe(Effect.provide(Reactivity.layer))

const pgCompiler = Statement.makeCompiler({
  dialect: "pg",
  placeholder: (index) => `$${index}`,
  onIdentifier: Statement.defaultEscape("\""),
  onCustom: () => ["", []],
  onRecordUpdate: () => ["", []]
})

export const layer = (options: Options = {}) => Layer.effect(SqlClient.SqlClient, make(options))

/**
 * A client of effect/sql over Node's own SQLite, in memory. Effect has no driver for it that fits this version.
 */
import { Effect, Layer, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"

/** Whether the database answers; a test changes it. */
export interface Switch {
  isDown: boolean
}

const make = Effect.fnUntraced(function*(state: Switch) {
  const database = yield* Effect.acquireRelease(
    Effect.sync(() => new DatabaseSync(":memory:")),
    (database) => Effect.sync(() => database.close())
  )
  const run = <A>(
    sql: string,
    params: ReadonlyArray<unknown>,
    use: (statement: StatementSync, params: ReadonlyArray<SQLInputValue>) => A
  ) =>
    Effect.try({
      try: () => {
        if (state.isDown) throw new Error("no connection")
        return use(database.prepare(sql), params as ReadonlyArray<SQLInputValue>)
      },
      catch: (cause) => new SqlError.SqlError({ reason: SqlError.classifySqliteError(cause, { message: "failed" }) })
    })
  const rows = (statement: StatementSync, params: ReadonlyArray<SQLInputValue>) => statement.all(...params)
  const values = (statement: StatementSync, params: ReadonlyArray<SQLInputValue>) => {
    statement.setReturnArrays(true)
    return statement.all(...params) as unknown as ReadonlyArray<ReadonlyArray<unknown>>
  }
  const connection: SqlConnection.Connection = {
    execute: (sql, params) => run(sql, params, rows),
    executeRaw: (sql, params) => run(sql, params, rows),
    executeUnprepared: (sql, params) => run(sql, params, rows),
    executeValues: (sql, params) => run(sql, params, values),
    executeValuesUnprepared: (sql, params) => run(sql, params, values),
    executeStream: (sql, params) => Stream.fromIterableEffect(run(sql, params, rows))
  }
  const acquirers = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(connection),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => database.isTransaction
  })
  return yield* SqlClient.make({
    ...acquirers,
    driver: "node:sqlite",
    compiler: Statement.makeCompilerSqlite(),
    spanAttributes: [["db.system.name", "sqlite"]]
  })
})

/** A database that fails every statement while it is down. */
export const switched = (state: Switch) =>
  Layer.effect(SqlClient.SqlClient, make(state)).pipe(Layer.provide(Reactivity.layer))

export const layer = switched({ isDown: false })

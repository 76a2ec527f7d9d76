/**
 * Clients of other databases, clients whose statements are not known, and telemetry that breaks.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as EventBus from "../../src/events/EventBus.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import * as SqlMonitor from "../../src/performance/SqlMonitor.ts"
import * as memoryDatabase from "../support/memoryDatabase.ts"
import * as recorder from "../support/recorder.ts"
import * as sqliteDatabase from "../support/sqliteDatabase.ts"
import { eventsNamed, summaries } from "./database.ts"

const observed = (client: Layer.Layer<SqlClient.SqlClient>) =>
  Layer.provideMerge(SqlMonitor.layer(client), TelemetryTest.layer())

describe("Node's SQLite", () => {
  it.effect("is observed", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE orders (id INTEGER PRIMARY KEY, total INT NOT NULL)`
      yield* sql`INSERT INTO orders ${sql.insert([{ id: 1, total: 7 }, { id: 2, total: 8 }])}`
      assert.deepStrictEqual(yield* sql`SELECT total FROM orders`.values, [[7], [8]])
      assert.lengthOf(yield* Stream.runCollect(sql`SELECT * FROM orders`.stream), 2)
      yield* sql.withTransaction(sql`DELETE FROM orders WHERE id = ${1}`)
      const error = yield* Effect.flip(sql`INSERT INTO orders ${sql.insert({ id: 2, total: 9 })}`)
      assert.strictEqual(error._tag, "SqlError")
      const events = yield* eventsNamed("database.query_executed")
      assert.deepStrictEqual(events.map(({ outcome, rows, summary }) => [summary, outcome, rows]), [
        ["CREATE TABLE orders", "success", 0],
        ["INSERT orders", "success", 0],
        ["SELECT orders", "success", 2],
        ["SELECT orders", "success", 2],
        ["DELETE orders", "success", 0],
        ["INSERT orders", "failure", undefined]
      ])
      const { metric } = yield* TelemetryTest
      const committed = yield* metric("tasker_sql_transaction_duration_seconds", { outcome: "commit" })
      assert.isDefined(committed)
    }).pipe(Effect.provide(observed(sqliteDatabase.layer))))
})

/** A client whose statements have a part that the monitor does not know. */
const unknownParts = Layer.effect(
  SqlClient.SqlClient,
  Effect.map(SqlClient.SqlClient, (client) => {
    const changed = <A>(statement: Statement.Statement<A>) => Object.assign(statement, { further: true })
    const construct = client as unknown as (...args: ReadonlyArray<unknown>) => Statement.Statement<unknown>
    const copy = (...args: ReadonlyArray<unknown>) => changed(construct(...args))
    return Object.assign(copy, client, {
      unsafe: (sql: string, params?: ReadonlyArray<unknown>) => changed(client.unsafe(sql, params))
    })
  })
).pipe(Layer.provide(memoryDatabase.layer({ connections: 1 })))

describe("a client whose statements are not known", () => {
  it.effect("is observed by the public side of its statements, without the wait", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      assert.lengthOf(yield* sql`SELECT rows(2) FROM a`, 2)
      assert.deepStrictEqual(yield* sql`SELECT * FROM b`.values, [[0]])
      assert.lengthOf(yield* sql`SELECT rows(2) FROM c`.unprepared, 2)
      assert.lengthOf(yield* sql`SELECT rows(2) FROM d`.withoutTransform, 2)
      yield* sql`SELECT * FROM e`.raw
      yield* sql`SELECT * FROM f`.valuesUnprepared
      assert.lengthOf(yield* Stream.runCollect(sql`SELECT rows(3) FROM g`.stream), 3)
      yield* Effect.flip(sql.unsafe("SELECT broken FROM h"))
      yield* Effect.scoped(Effect.flatMap(sql.reserve, (connection) => connection.execute("SELECT 2", [], undefined)))
      yield* sql.withTransaction(sql`SELECT * FROM i`)
      assert.deepStrictEqual(yield* summaries, "abcdefghi".split("").map((name) => `SELECT ${name}`))
      for (const event of yield* eventsNamed("database.query_executed")) assert.notProperty(event, "waitSeconds")
      const { spans } = yield* TelemetryTest
      const summariesOfSpans = (yield* spans).filter(({ kind }) => kind === "client").map(({ attributes }) =>
        Object.fromEntries(attributes)["db.query.summary"]
      )
      assert.deepStrictEqual(summariesOfSpans, yield* summaries)
    }).pipe(Effect.provide(observed(unknownParts))))

  it.effect("has the time of each statement, with its wait", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const both = Effect.all([sql`SELECT sleep(2) FROM a`, sql`SELECT sleep(3) FROM b`], { concurrency: 2 })
      const fiber = yield* Effect.forkChild(both)
      yield* recorder.advance("10 seconds")
      yield* Fiber.join(fiber)
      const events = yield* eventsNamed("database.query_executed")
      assert.deepStrictEqual(events.map(({ durationSeconds }) => durationSeconds), [2, 5])
    }).pipe(Effect.provide(observed(unknownParts))))
})

/** Every measurement throws. */
const broken = () => {
  throw new Error("broken")
}
const instrument = { inc: broken, observe: broken, bind: () => ({ inc: broken, observe: broken }) }
const brokenStore = Layer.effect(
  MetricStore,
  Effect.map(
    MetricStore,
    (store) => MetricStore.of({ ...store, counter: () => instrument, histogram: () => instrument })
  )
).pipe(Layer.provide(TelemetryTest.layer()))

describe("telemetry that breaks", () => {
  it.effect("changes no result of a statement or a transaction", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      assert.lengthOf(yield* sql`SELECT rows(2) FROM a`, 2)
      assert.lengthOf(yield* Stream.runCollect(sql`SELECT rows(3) FROM b`.stream), 3)
      assert.lengthOf(yield* sql.withTransaction(sql`SELECT rows(2) FROM c`), 2)
      assert.strictEqual((yield* Effect.flip(sql.unsafe("SELECT broken FROM d")))._tag, "SqlError")
      assert.strictEqual(yield* Effect.flip(sql.withTransaction(Effect.fail("no"))), "no")
    }).pipe(
      Effect.provide(
        SqlMonitor.layer(memoryDatabase.layer()).pipe(Layer.provide(Layer.merge(brokenStore, EventBus.layer)))
      )
    ))
})

/**
 * What the monitor sees of statements on a real PostgreSQL.
 */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Redacted, References, Schema, Stream, Tracer } from "effect"
import { SqlClient, SqlResolver, Statement } from "effect/sql"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as SqlMonitor from "../../src/performance/SqlMonitor.ts"
import { valuesOf } from "../instrument/values.ts"
import * as database from "./database.ts"

const clientSpans = Effect.flatMap(
  TelemetryTest,
  ({ spans }) =>
    Effect.map(
      spans,
      (spans) =>
        spans.filter(({ kind }) => kind === "client").map(({ attributes, name, statusCode }) => ({
          name,
          statusCode,
          attributes: Object.fromEntries(attributes)
        }))
    )
)

const one = <A>(items: ReadonlyArray<A>): A => {
  assert.lengthOf(items, 1)
  return items[0]!
}

const number = (value: unknown): number => {
  assert.isNumber(value)
  return value as number
}

layer(database.Database.layer, { excludeTestServices: true, timeout: "60 seconds" })("SqlMonitor", (it) => {
  describe("statements", () => {
    it.effect("are seen in every way to run them, and give what they give without the monitor", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const numbers = sql`SELECT x FROM generate_series(1, 3) AS numbers (x)`
        const rows = [{ x: 1 }, { x: 2 }, { x: 3 }]
        assert.deepStrictEqual(yield* numbers, rows)
        assert.deepStrictEqual(yield* numbers.values, [[1], [2], [3]])
        assert.deepStrictEqual(yield* numbers.valuesUnprepared, [[1], [2], [3]])
        assert.deepStrictEqual(yield* numbers.unprepared, rows)
        assert.deepStrictEqual(yield* numbers.withoutTransform, rows)
        assert.deepStrictEqual((yield* numbers.raw as Effect.Effect<{ rows: unknown }>).rows, rows)
        assert.deepStrictEqual(yield* Stream.runCollect(numbers.stream), rows)
        assert.deepStrictEqual(yield* sql.unsafe("SELECT $1::int AS x FROM pg_class LIMIT 1", [7]), [{ x: 7 }])
        assert.deepStrictEqual(yield* sql.withoutTransforms()`SELECT 8 AS x FROM pg_class LIMIT 1`, [{ x: 8 }])
        assert.deepStrictEqual(yield* sql.safe`SELECT 9 AS x FROM pg_class LIMIT 1`, [{ x: 9 }])
        const events = yield* database.eventsNamed("database.query_executed")
        assert.deepStrictEqual(events.map(({ rows }) => rows), [3, 3, 3, 3, 3, 3, 3, 1, 1, 1])
        assert.deepStrictEqual(new Set(events.map(({ summary }) => summary)), new Set(["SELECT", "SELECT pg_class"]))
      }).pipe(Effect.provide(database.observed())))

    it.effect("may be parts of other statements", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const inner = sql`SELECT oid FROM pg_class WHERE ${sql.in("relname", ["pg_class", "pg_type"])}`
        const condition = sql.and([sql`TRUE`, sql`1 = ${1}`])
        assert.lengthOf(yield* sql`SELECT * FROM (${inner}) AS found WHERE ${condition}`, 2)
        assert.deepStrictEqual(yield* database.summaries, ["SELECT SELECT pg_class"])
      }).pipe(Effect.provide(database.observed())))

    it.effect("are seen under the tag of the driver, too, whose own functions stay", () =>
      Effect.gen(function*() {
        const client = yield* PgClient.PgClient
        assert.strictEqual(client, yield* SqlClient.SqlClient)
        const [row] = yield* client`SELECT ${client.json({ a: 1 })}::jsonb AS value FROM pg_class LIMIT 1`
        assert.deepStrictEqual(row, { value: { a: 1 } })
        yield* Effect.scoped(client.listen("news"))
        yield* client.notify("news", "hello")
        assert.strictEqual(client.config.database, "postgres")
        assert.deepStrictEqual(yield* database.summaries, ["SELECT pg_class"])
      }).pipe(Effect.provide(database.observed())))

    it.effect("of a batch of a resolver are one", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const byName = SqlResolver.findById({
          Id: Schema.String,
          Result: Schema.Struct({ relname: Schema.String }),
          ResultId: ({ relname }) => relname,
          execute: (names) => sql`SELECT relname::text FROM pg_class WHERE ${sql.in("relname", names)}`
        })
        yield* Effect.forEach(["pg_class", "pg_type", "pg_proc"], (name) => SqlResolver.request(name, byName), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(yield* database.summaries, ["SELECT pg_class"])
      }).pipe(Effect.provide(database.observed())))

    it.effect("that a transformer replaces are measured", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const rows = yield* sql`SELECT 1 AS x FROM pg_class LIMIT 1`.pipe(
          Effect.provideService(Statement.CurrentTransformer, (_, sql) =>
            Effect.succeed(sql`SELECT 2 AS x FROM pg_type LIMIT 1`))
        )
        assert.deepStrictEqual(rows, [{ x: 2 }])
        const { attributes } = one(yield* clientSpans)
        assert.strictEqual(attributes["db.query.text"], "SELECT ? AS x FROM pg_type LIMIT ?")
        assert.lengthOf(yield* database.summaries, 1)
      }).pipe(Effect.provide(database.observed())))

    it.effect("on a reserved connection are seen once", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const connection = yield* sql.reserve
        yield* connection.execute("SELECT relname FROM pg_class LIMIT 2", [], undefined)
        yield* Stream.runDrain(connection.executeStream("SELECT typname FROM pg_type LIMIT 2", [], undefined))
        yield* sql`SELECT proname FROM pg_proc LIMIT 1`.pipe(
          Effect.provideService(sql.transactionService, [connection, 0]),
          Effect.ignore
        )
        assert.deepStrictEqual(yield* database.summaries, ["SELECT pg_class", "SELECT pg_type", "SELECT pg_proc"])
      }).pipe(Effect.scoped, Effect.provide(database.observed())))
  })

  describe("spans", () => {
    it.effect("have the name and the attributes of the conventions", () =>
      Effect.gen(function*() {
        const { host, port } = yield* database.Database
        const sql = yield* SqlClient.SqlClient
        yield* sql`SELECT relname FROM pg_class LIMIT 2`
        const { attributes, name, statusCode } = one(yield* clientSpans)
        const { "tasker.sql.run_seconds": run, "tasker.sql.wait_seconds": wait, ...others } = attributes
        assert.strictEqual(name, "SELECT pg_class")
        assert.strictEqual(statusCode, "unset")
        assert.isAtLeast(number(run), 0)
        assert.isAtLeast(number(wait), 0)
        assert.deepStrictEqual(others, {
          "db.system.name": "postgresql",
          "db.namespace": "postgres",
          "server.address": host,
          "server.port": port,
          "effect.sql.method": "execute",
          "db.query.text": "SELECT relname FROM pg_class LIMIT ?",
          "db.query.summary": "SELECT pg_class",
          "db.operation.name": "SELECT",
          "db.collection.name": "pg_class",
          "db.response.returned_rows": 2
        })
      }).pipe(Effect.provide(database.observed())))

    it.effect("name the server of a url", () =>
      Effect.gen(function*() {
        const { host, password, port, username } = yield* database.Database
        const url = Redacted.make(`postgres://${username}:${password}@${host}:${port}/postgres`)
        yield* Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          yield* sql`SELECT relname FROM pg_class LIMIT 1`
          yield* Stream.runDrain(sql`SELECT relname FROM pg_class LIMIT 1`.stream)
          for (const { attributes } of yield* clientSpans) {
            assert.deepInclude(attributes, { "server.address": host, "server.port": port, "db.namespace": "postgres" })
          }
          const { metric } = yield* TelemetryTest
          assert.isDefined(
            yield* metric("db_client_connection_wait_time_seconds", {
              db_client_connection_pool_name: `${host}:${port}/postgres`
            })
          )
        }).pipe(Effect.provide(Layer.provideMerge(SqlMonitor.layer(PgClient.layer({ url })), TelemetryTest.layer())))
      }))

    it.effect("of failed statements tell the state and the type of the error", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* Effect.flip(sql`SELECT missing FROM pg_class`)
        yield* Effect.flip(Stream.runDrain(sql`SELECT 1 / 0 FROM pg_class`.stream))
        const [column, division] = yield* clientSpans
        assert.strictEqual(column?.statusCode, "error")
        assert.deepInclude(column?.attributes, { "db.response.status_code": "42703", "error.type": "42703" })
        assert.deepInclude(division?.attributes, { "db.response.status_code": "22012", "error.type": "22012" })
        const events = yield* database.eventsNamed("database.query_executed")
        assert.deepStrictEqual(events.map(({ errorType, outcome }) => [outcome, errorType]), [
          ["failure", "42703"],
          ["failure", "22012"]
        ])
      }).pipe(Effect.provide(database.observed())))

    it.effect("and a parent that waits inside of a transaction stay as effect/sql makes them", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql.withTransaction(sql`SELECT relname FROM pg_class LIMIT 1`).pipe(Effect.withSpan("request"))
        const spans = yield* Effect.flatMap(TelemetryTest, ({ spans }) => spans)
        const named = (name: string) => one(spans.filter((span) => span.name === name))
        const [statement, transaction] = [named("SELECT pg_class"), named("sql.transaction")]
        assert.strictEqual(statement.parentSpanId, transaction.spanId)
        assert.strictEqual(transaction.parentSpanId, named("request").spanId)
      }).pipe(Effect.provide(database.observed())))
  })

  describe("without spans", () => {
    const measured = Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`SELECT relname FROM pg_class LIMIT 2`
      yield* Stream.runDrain(sql`SELECT relname FROM pg_class LIMIT 2`.stream)
      const { metric } = yield* TelemetryTest
      const attributes = { operation: "SELECT", collection: "pg_class" }
      assert.strictEqual(yield* metric("tasker_sql_queries_total", attributes), 2)
      assert.deepStrictEqual(yield* database.summaries, ["SELECT pg_class", "SELECT pg_class"])
    })

    it.effect("statements are measured where tracing is off", () =>
      measured.pipe(Effect.provide(database.observed({}, { tracing: { enabled: false } }))))

    it.effect("statements are measured in a region without spans", () =>
      measured.pipe(Effect.provideService(References.TracerEnabled, false), Effect.provide(database.observed())))

    it.effect("statements are measured in traces that are not sampled", () =>
      measured.pipe(Effect.provide(database.observed({}, { tracing: { sampler: { type: "always_off" } } }))))
  })

  describe("streams", () => {
    it.effect("take until their last row", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const stream = sql`SELECT x FROM generate_series(1, 3) AS numbers (x)`.stream
        yield* Stream.runForEach(stream, () => Effect.sleep("50 millis"))
        const event = one(yield* database.eventsNamed("database.query_executed"))
        assert.isAtLeast(number(event["durationSeconds"]), 0.14)
        assert.deepInclude(event, { rows: 3, outcome: "success" })
      }).pipe(Effect.provide(database.observed())))

    it.effect("that are interrupted end there, with the rows that have arrived", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const arrived = yield* Deferred.make<void>()
        const stream = sql`SELECT x FROM generate_series(1, 10) AS numbers (x)`.stream
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(stream, () => Effect.andThen(Deferred.succeed(arrived, undefined), Effect.never))
        )
        yield* Deferred.await(arrived)
        yield* Fiber.interrupt(fiber)
        const event = one(yield* database.eventsNamed("database.query_executed"))
        assert.deepInclude(event, { outcome: "interruption", rows: 10 })
      }).pipe(Effect.provide(database.observed())))

    it.effect("that are not read to their end succeed", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const stream = sql`SELECT x FROM generate_series(1, 100000) AS numbers (x)`.stream
        assert.lengthOf(yield* Stream.runCollect(Stream.take(stream, 3)), 3)
        const event = one(yield* database.eventsNamed("database.query_executed"))
        assert.strictEqual(event["outcome"], "success")
        assert.isBelow(number(event["rows"]), 100_000)
      }).pipe(Effect.provide(database.observed())))
  })

  describe("waits", () => {
    it.effect("for the one connection of a pool are told from the run", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`SELECT relname FROM pg_class LIMIT 1`
        yield* Effect.all([sql`SELECT pg_sleep(0.3)`, sql`SELECT typname FROM pg_type LIMIT 1`], { concurrency: 2 })
        const [, sleep, waited] = yield* database.eventsNamed("database.query_executed")
        assert.deepInclude(sleep, { summary: "SELECT" })
        assert.isBelow(number(sleep?.["waitSeconds"]), 0.1)
        assert.isAtLeast(number(sleep?.["runSeconds"]), 0.29)
        assert.isAtLeast(number(waited?.["waitSeconds"]), 0.25)
        assert.isBelow(number(waited?.["runSeconds"]), 0.15)
      }).pipe(Effect.provide(database.observed({ maxConnections: 1 }))))

    it.effect("behind a slow statement of a shared connection are waits", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`SELECT relname FROM pg_class LIMIT 1`
        yield* Effect.all([sql`SELECT pg_sleep(0.3)`, sql`SELECT typname FROM pg_type LIMIT 1`], { concurrency: 2 })
        const [, sleep, waited] = yield* database.eventsNamed("database.query_executed")
        assert.isBelow(number(sleep?.["waitSeconds"]), 0.1)
        assert.isAtLeast(number(waited?.["waitSeconds"]), 0.25)
        assert.isBelow(number(waited?.["runSeconds"]), 0.15)
      }).pipe(Effect.provide(database.observed({ maxConnections: 1, multiplex: true }))))

    it.effect("of a statement that is interrupted while it waits are its whole time", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* Effect.scoped(Effect.gen(function*() {
          yield* sql.reserve
          const waiting = yield* Effect.forkChild(sql`SELECT typname FROM pg_type LIMIT 1`)
          yield* Effect.sleep("100 millis")
          yield* Fiber.interrupt(waiting)
        }))
        const event = one(yield* database.eventsNamed("database.query_executed"))
        assert.deepInclude(event, { outcome: "interruption", runSeconds: 0 })
        assert.isAtLeast(number(event["waitSeconds"]), 0.09)
      }).pipe(Effect.provide(database.observed({ maxConnections: 1 }))))
  })

  describe("the connections in use", () => {
    const used = Effect.map(valuesOf("tasker_active_connections"), Object.entries)

    it.effect("are those of statements, transactions and reservations, each once", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [[name] = [""], ...others] = yield* used
        assert.match(name, /^sql,127\.0\.0\.1:\d+\/postgres$/)
        assert.deepStrictEqual(others, [])
        const expect = (count: number) => Effect.map(used, (used) => assert.deepStrictEqual(used, [[name, count]]))
        /** Looks while a statement runs. */
        const during = (count: number) =>
          Stream.runForEach(sql`SELECT relname FROM pg_class LIMIT 1`.stream, () => expect(count))
        yield* expect(0)
        yield* during(1)
        yield* expect(0)
        const [begun, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const transaction = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
          yield* during(1)
          yield* sql.withTransaction(during(1))
          yield* Deferred.succeed(begun, undefined)
          yield* Deferred.await(end)
          return yield* Effect.fail("rolled back")
        })))
        yield* Deferred.await(begun)
        yield* expect(1)
        yield* during(2)
        yield* Effect.scoped(Effect.gen(function*() {
          const connection = yield* sql.reserve
          yield* expect(2)
          yield* connection.execute("SELECT relname FROM pg_class LIMIT 1", [], undefined)
          yield* expect(2)
        }))
        yield* expect(1)
        yield* Deferred.succeed(end, undefined)
        yield* Fiber.await(transaction)
        yield* expect(0)
        yield* Effect.ignore(sql`SELECT nothing FROM nowhere`)
        yield* expect(0)
      }).pipe(Effect.provide(database.observed())))
  })

  describe("a tracer of the program", () => {
    it.effect("gets the names, too", () =>
      Effect.gen(function*() {
        const names: Array<string> = []
        const tracer = Tracer.make({
          span: (options) => {
            names.push(options.name)
            return new Tracer.NativeSpan(options)
          }
        })
        const sql = yield* SqlClient.SqlClient
        yield* Effect.withTracer(sql`SELECT relname FROM pg_class LIMIT 1`, tracer)
        assert.deepStrictEqual(names, ["SELECT pg_class"])
      }).pipe(Effect.provide(database.observed())))
  })
})

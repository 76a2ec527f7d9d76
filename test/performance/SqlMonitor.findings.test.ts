/**
 * What the monitor reports of a run: the same numbers as the server, slow statements, findings.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Option, Schedule, Schema, Stream } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { RunAnalysis, RunRecords, Step, Task, TaskRunner, type TelemetryConfig } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as database from "./database.ts"

type Sql = SqlClient.SqlClient
type Options = NonNullable<NonNullable<TelemetryConfig.Options["performance"]>["sql"]>

const observed = (options: Options = {}, config: Parameters<typeof database.observed>[0] = {}) =>
  database.observed(config, { performance: { sql: options } })

const one = <A>(items: ReadonlyArray<A>): A => {
  assert.lengthOf(items, 1)
  return items[0]!
}

const number = (value: unknown): number => {
  assert.isNumber(value)
  return value as number
}

/** Waits until there is an event of the name. */
const eventNamed = (name: string) =>
  database.eventsNamed(name).pipe(
    Effect.map((events) => events[0]),
    Effect.repeat({ until: (event) => event !== undefined, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("10 seconds"),
    Effect.map((event) => event!)
  )

const input = Schema.Struct({})

/** A task of one step, with `run` inside. */
const taskOf = (run: (sql: Sql) => Effect.Effect<unknown, unknown>) =>
  Task.make("orders", {
    input,
    steps: [Step.make("load", { retry: { maximumAttempts: 1 }, run: () => Effect.flatMap(SqlClient.SqlClient, run) })]
  })

const ids = Array.from({ length: 30 }, (_, index) => index + 1)

layer(database.Database.layer, { excludeTestServices: true, timeout: "60 seconds" })("SqlMonitor", (it) => {
  it.effect("counts statements and rows as pg_stat_statements does", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`
      yield* sql`CREATE TABLE counted (id int PRIMARY KEY, name text)`
      yield* sql`SELECT pg_stat_statements_reset()`
      const before = (yield* database.summaries).length
      yield* Effect.forEach(ids, (id) => sql`INSERT INTO counted ${sql.insert({ id, name: `name ${id}` })}`)
      yield* Effect.forEach(ids, (id) => sql`SELECT name FROM counted WHERE id = ${id}`, { concurrency: 4 })
      yield* Effect.exit(sql`INSERT INTO counted ${sql.insert({ id: 1, name: "again" })}`)
      yield* sql.withTransaction(Effect.andThen(
        sql`UPDATE counted SET name = ${"new"} WHERE id < ${4} RETURNING id`,
        Effect.exit(sql.withTransaction(Effect.andThen(sql`DELETE FROM counted WHERE id = ${9}`, Effect.fail("no"))))
      ))
      yield* sql`SELECT name FROM counted`.values
      const events = (yield* database.eventsNamed("database.query_executed")).slice(before)
      const server = yield* sql.unsafe<{ query: string; calls: string; rows: string }>(
        "SELECT query, calls::int, rows::int FROM pg_stat_statements WHERE query LIKE '%counted%' ORDER BY query"
      )
      const ours = new Map<string, { calls: number; rows: number }>()
      for (const { outcome, rows, summary } of events) {
        if (outcome !== "success") continue
        const known = ours.get(String(summary)) ?? { calls: 0, rows: 0 }
        ours.set(String(summary), { calls: known.calls + 1, rows: known.rows + Number(rows) })
      }
      const theirs = new Map<string, { calls: number; rows: number }>()
      for (const { calls, query, rows } of server) {
        const word = query.slice(0, 6)
        const summary = `${word} counted`
        const known = theirs.get(summary) ?? { calls: 0, rows: 0 }
        // The server counts changed rows of statements that give none.
        const given = word === "SELECT" || query.includes("RETURNING") ? Number(rows) : 0
        theirs.set(summary, { calls: known.calls + Number(calls), rows: known.rows + given })
      }
      assert.deepStrictEqual(Object.fromEntries(ours), Object.fromEntries(theirs))
      assert.deepStrictEqual(ours.get("SELECT counted"), { calls: 31, rows: 60 })
      const { metric } = yield* TelemetryTest
      // The one that failed counts, too.
      assert.strictEqual(
        yield* metric("tasker_sql_queries_total", { operation: "INSERT", collection: "counted" }),
        31
      )
      yield* sql`DROP TABLE counted`
    }).pipe(Effect.provide(observed())))

  describe("slow statements", () => {
    it.effect("are published with their text, their step, wait and run", () =>
      Effect.gen(function*() {
        const run = taskOf((sql) => sql`SELECT pg_sleep(0.2), 'secret', ${"parameter"}::text`)
        yield* TaskRunner.run(run, {})
        const slow = one(yield* database.eventsNamed("performance.slow_query"))
        assert.deepInclude(slow, {
          summary: "SELECT",
          operation: "SELECT",
          collection: "",
          thresholdSeconds: 0.1,
          queryText: "SELECT pg_sleep(?), ?, $1::text",
          taskName: "orders",
          stepName: "load",
          attempt: 1
        })
        assert.isAtLeast(number(slow["durationSeconds"]), 0.19)
        assert.approximately(
          number(slow["waitSeconds"]) + number(slow["runSeconds"]),
          number(slow["durationSeconds"]),
          1e-6
        )
        const { logs, metric } = yield* TelemetryTest
        assert.strictEqual(yield* metric("tasker_sql_slow_queries_total", { operation: "SELECT", collection: "" }), 1)
        const line = one((yield* logs).filter(({ event }) => event === "performance.slow_query"))
        assert.deepInclude(line, { level: "WARN", step_name: "load", query_text: "SELECT pg_sleep(?), ?, $1::text" })
      }).pipe(Effect.provide(observed({ slowQuery: "100 millis" }))))

    it.effect("are cut at 500 characters", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql.unsafe(`SELECT ${"relname, ".repeat(100)} relname FROM pg_class LIMIT 1`)
        assert.lengthOf(String(one(yield* database.eventsNamed("performance.slow_query"))["queryText"]), 500)
      }).pipe(Effect.provide(observed({ slowQuery: 0 }))))

    it.effect("have the plan of the server, without values, if that is asked for", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE planned (id int, name text)`
        yield* sql`DELETE FROM planned WHERE name = ${"secret"} AND pg_sleep(0) IS NOT NULL`
        yield* sql`SELECT count(*)::int AS n FROM planned WHERE name = ${"secret"} AND pg_sleep(0.1) IS NOT NULL`
        const slow = yield* database.eventsNamed("performance.slow_query").pipe(
          Effect.repeat({ until: (events) => events.length >= 3, schedule: Schedule.spaced("5 millis") }),
          Effect.timeout("10 seconds")
        )
        const plans = slow.flatMap(({ plan }) => typeof plan === "string" ? [plan] : [])
        assert.isAtLeast(plans.length, 1)
        for (const plan of plans) {
          assert.include(plan, "Seq Scan on planned")
          assert.include(plan, "cost=")
          assert.notInclude(plan, "secret")
        }
        // The statements of the plan are not observed.
        assert.notInclude((yield* database.summaries).join(), "EXPLAIN")
        yield* sql`DROP TABLE planned`
      }).pipe(Effect.provide(observed({ slowQuery: 0, explain: true }))))
  })

  describe("one statement many times in an attempt", () => {
    const each = (sql: Sql) => Effect.forEach(ids, (id) => sql`SELECT relname FROM pg_class WHERE oid = ${id}`)

    it.effect("is a finding, with count and time", () =>
      Effect.gen(function*() {
        yield* TaskRunner.run(taskOf(each), {})
        const finding = yield* eventNamed("performance.query_finding")
        assert.deepInclude(finding, {
          kind: "repeated_query",
          summary: "SELECT pg_class",
          count: 30,
          taskName: "orders",
          stepName: "load"
        })
        const events = yield* database.eventsNamed("database.query_executed")
        const together = events.reduce((sum, { durationSeconds }) => sum + number(durationSeconds), 0)
        assert.approximately(number(finding["totalSeconds"]), together, 1e-6)
        assert.approximately(number(finding["elapsedSeconds"]), together, 1e-6)
        const { metric } = yield* TelemetryTest
        assert.strictEqual(yield* metric("tasker_sql_findings_total", { kind: "repeated_query" }), 1)
      }).pipe(Effect.provide(observed())))

    it.effect("is a recommendation with the runs that have it, once enough runs have", () =>
      Effect.gen(function*() {
        const { bottlenecks } = yield* RunAnalysis.RunAnalysis
        yield* Effect.forEach(Array.from({ length: 20 }), () => TaskRunner.run(taskOf(each), {}))
        const { patterns, recommendations } = yield* bottlenecks().pipe(
          // The finding of the last run comes right after its end.
          Effect.repeat({
            until: ({ patterns }) => patterns[0]?.runs === 20,
            schedule: Schedule.spaced("5 millis")
          }),
          Effect.timeout("10 seconds")
        )
        assert.deepInclude(one(patterns), { kind: "repeated_query", stepName: "load", summary: "SELECT pg_class" })
        assert.deepInclude(patterns[0]?.count, { p50: 30, maximum: 30 })
        const advice = one(recommendations.filter(({ kind }) => kind === "one_query"))
        const { ended } = yield* RunRecords.RunRecords
        const records = yield* ended
        // The makespan of a run, less the time of 29 of its 30 statements.
        const saved = records.reduce(
          (sum, { steps }) => sum + (steps[0]?.attempts[0]?.patterns[0]?.elapsedSeconds ?? 0) * 29 / 30,
          0
        ) / 20
        assert.approximately(advice.gainSeconds, saved, 1e-6)
        assert.isTrue(advice.evidence.runIds.every((id) => records.some((run) => run.id === id)))
      }).pipe(Effect.provide(observed())))

    it.effect("is counted once where the statements run at the same time", () =>
      Effect.gen(function*() {
        const sleeps = taskOf((sql) =>
          Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], () => sql`SELECT pg_sleep(0.05) FROM pg_class LIMIT 1`, {
            concurrency: 4
          })
        )
        yield* TaskRunner.run(sleeps, {})
        const finding = yield* eventNamed("performance.query_finding")
        assert.isAtLeast(number(finding["totalSeconds"]), 8 * 0.049)
        assert.isAtLeast(number(finding["elapsedSeconds"]), 2 * 0.049)
        assert.isBelow(number(finding["elapsedSeconds"]), 0.6 * number(finding["totalSeconds"]))
      }).pipe(Effect.provide(observed({ repeatedQueries: 5 }))))

    it.effect("is none in a batch, and none for as many attempts as there are statements", () =>
      Effect.gen(function*() {
        yield* TaskRunner.run(taskOf((sql) => sql`SELECT relname FROM pg_class WHERE ${sql.in("oid", ids)}`), {})
        const once = taskOf((sql) => sql`SELECT relname FROM pg_class LIMIT 1`)
        yield* Effect.forEach(ids, () => TaskRunner.run(once, {}))
        // The finding of a run that comes last shows that the others were looked at.
        yield* TaskRunner.run(taskOf(each), {})
        yield* eventNamed("performance.query_finding")
        assert.lengthOf(yield* database.eventsNamed("performance.query_finding"), 1)
      }).pipe(Effect.provide(observed())))

    it.effect("is a finding of an attempt that fails, too", () =>
      Effect.gen(function*() {
        const failing = taskOf((sql) => Effect.andThen(each(sql), Effect.fail("no")))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(TaskRunner.run(failing, {}))))
        assert.deepInclude(yield* eventNamed("performance.query_finding"), { kind: "repeated_query", count: 30 })
      }).pipe(Effect.provide(observed())))
  })

  it.effect("finds very many rows, but not in a stream", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const many = sql`SELECT x FROM generate_series(1, 101) AS numbers (x)`
      yield* many
      yield* Stream.runDrain(many.stream)
      assert.deepInclude(one(yield* database.eventsNamed("performance.query_finding")), {
        kind: "many_rows",
        summary: "SELECT",
        count: 101
      })
    }).pipe(Effect.provide(observed({ manyRows: 100 }))))

  describe("transactions", () => {
    const phases = ["begin", "commit", "rollback", "savepoint", "release"] as const

    const counts = Effect.gen(function*() {
      const { metric } = yield* TelemetryTest
      const countOf = (name: string, attributes: Readonly<Record<string, string>>) =>
        Effect.map(metric(name, attributes), (value) => typeof value === "object" ? value.count : value ?? 0)
      return {
        outcomes: yield* Effect.forEach(
          ["commit", "rollback", "failed"],
          (outcome) => countOf("tasker_sql_transaction_duration_seconds", { outcome })
        ),
        phases: yield* Effect.forEach(phases, (phase) => countOf("tasker_sql_transaction_control_seconds", { phase }))
      }
    })

    it.effect("are measured with their begin, their end and their savepoints", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const query = sql`SELECT relname FROM pg_class LIMIT 1`
        yield* sql.withTransaction(Effect.andThen(query, sql.withTransaction(query)))
        yield* Effect.exit(sql.withTransaction(Effect.andThen(query, Effect.fail("no"))))
        yield* Effect.exit(sql.withTransaction(sql.withTransaction(Effect.fail("no"))))
        assert.deepStrictEqual(yield* counts, { outcomes: [1, 2, 0], phases: [3, 1, 2, 2, 2] })
      }).pipe(Effect.provide(observed())))

    it.effect("whose commit fails have failed", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE late (id int PRIMARY KEY, other int REFERENCES late DEFERRABLE INITIALLY DEFERRED)`
        const exit = yield* Effect.exit(sql.withTransaction(sql`INSERT INTO late VALUES (1, 7)`))
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual((yield* counts).outcomes, [0, 0, 1])
        yield* sql`DROP TABLE late`
      }).pipe(Effect.provide(observed())))

    it.effect("that are idle for long are findings", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const query = sql`SELECT relname FROM pg_class LIMIT 1`
        yield* sql.withTransaction(Effect.andThen(query, query))
        yield* sql.withTransaction(Effect.andThen(query, sql`SELECT pg_sleep(0.15)`))
        yield* sql.withTransaction(query.pipe(Effect.andThen(Effect.sleep("150 millis")), Effect.andThen(query)))
        const finding = one(yield* database.eventsNamed("performance.query_finding"))
        assert.deepInclude(finding, { kind: "idle_in_transaction", summary: "" })
        assert.isAtLeast(number(finding["totalSeconds"]), 0.14)
      }).pipe(Effect.provide(observed({ idleInTransaction: "100 millis" }))))

    it.effect("for which other steps wait are findings", () =>
      Effect.gen(function*() {
        const begun = yield* Deferred.make<void>()
        const hold = Step.make("hold", {
          run: () =>
            Effect.flatMap(SqlClient.SqlClient, (sql) =>
              sql.withTransaction(sql`SELECT relname FROM pg_class LIMIT 1`.pipe(
                Effect.andThen(Deferred.succeed(begun, undefined)),
                Effect.andThen(Effect.sleep("200 millis"))
              )))
        })
        const wait = Step.make("wait", {
          run: () =>
            Effect.andThen(
              Deferred.await(begun),
              Effect.flatMap(SqlClient.SqlClient, (sql) =>
                sql`SELECT typname FROM pg_type LIMIT 1`)
            )
        })
        yield* TaskRunner.run(Task.make("contended", { input, steps: [hold, wait] }), {})
        const finding = one(yield* database.eventsNamed("performance.query_finding"))
        assert.deepInclude(finding, { kind: "blocking_transaction", count: 1, stepName: "hold" })
        assert.isAtLeast(number(finding["totalSeconds"]), 0.15)
        assert.isBelow(number(finding["totalSeconds"]), 0.4)
      }).pipe(Effect.provide(observed({ blockingTransaction: "100 millis" }, { maxConnections: 1 }))))

    it.effect("hold the lock that a waiting step is known to wait for", () =>
      Effect.gen(function*() {
        const begun = yield* Deferred.make<void>()
        const release = yield* Deferred.make<void>()
        const hold = Step.make("hold", {
          run: () =>
            Effect.flatMap(SqlClient.SqlClient, (sql) =>
              sql.withTransaction(Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(release))))
        })
        const wait = Step.make("wait", {
          run: () =>
            Effect.andThen(
              Deferred.await(begun),
              Effect.flatMap(SqlClient.SqlClient, (sql) =>
                sql`SELECT typname FROM pg_type LIMIT 1`)
            )
        })
        const { why } = yield* RunAnalysis.RunAnalysis
        const { fiber, taskId } = yield* TaskRunner.start(Task.make("contended", { input, steps: [hold, wait] }), {})
        const found = yield* why(taskId).pipe(
          Effect.map(Option.getOrThrow),
          Effect.repeat({
            // The other step waits for a connection too, until it is there.
            until: ({ waits }) => waits.some((wait) => wait._tag === "Lock" && wait.stepName === "wait"),
            schedule: Schedule.spaced("5 millis")
          }),
          Effect.timeout("10 seconds")
        )
        assert.deepStrictEqual(found.waits.map(({ _tag }) => _tag), ["Lock", "Work"])
        const [lock] = found.waits
        assert.isTrue(lock?._tag === "Lock" && lock.stepName === "wait" && lock.seconds < 10)
        assert.deepStrictEqual(lock?._tag === "Lock" ? lock.heldBy : [], ["step \"hold\""])
        assert.match(
          found.sentence,
          /^Step "wait" has waited for \d+(\.\d+)? s for a connection to [^ ]+, held by step "hold"; /
        )
        yield* Deferred.succeed(release, undefined)
        yield* Fiber.join(fiber)
        assert.strictEqual(Option.getOrThrow(yield* why(taskId)).waits[0]?._tag, "Ended")
      }).pipe(Effect.provide(observed({}, { maxConnections: 1 }))))

    it.effect("hold the lock of the database that a statement of another run waits for", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE stock (id int PRIMARY KEY, left_over int)`
        yield* sql`INSERT INTO stock VALUES (1, 7)`
        const begun = yield* Deferred.make<void>()
        const release = yield* Deferred.make<void>()
        const take = (sql: Sql) => sql`UPDATE stock SET left_over = left_over - 1 WHERE id = 1`
        const hold = taskOf((sql) =>
          sql.withTransaction(
            take(sql).pipe(
              Effect.andThen(Deferred.succeed(begun, undefined)),
              Effect.andThen(Deferred.await(release))
            )
          )
        )
        const { why } = yield* RunAnalysis.RunAnalysis
        const holding = yield* TaskRunner.start(hold, {})
        yield* Deferred.await(begun)
        const waiting = yield* TaskRunner.start(taskOf(take), {})
        const found = yield* why(waiting.taskId).pipe(
          Effect.map(Option.getOrThrow),
          Effect.repeat({
            until: ({ waits }) => waits[0]?._tag === "Lock" && waits[0].lock.includes("stock"),
            schedule: Schedule.spaced("5 millis")
          }),
          Effect.timeout("10 seconds")
        )
        const [lock] = found.waits
        assert.isTrue(lock?._tag === "Lock")
        if (lock?._tag === "Lock") {
          assert.strictEqual(lock.lock, "a lock that UPDATE stock needs")
          assert.deepStrictEqual(lock.heldBy, [`step "load" of run ${holding.taskId}`])
          assert.isBelow(lock.seconds, 10)
        }
        assert.strictEqual(Option.getOrThrow(yield* why(holding.taskId)).waits[0]?._tag, "Work")
        // The question itself is not observed.
        assert.notInclude((yield* database.summaries).join(), "pg_stat_activity")
        yield* Deferred.succeed(release, undefined)
        yield* Fiber.join(holding.fiber)
        yield* Fiber.join(waiting.fiber)
        yield* sql`DROP TABLE stock`
      }).pipe(Effect.provide(observed())))

    it.effect("outside of tasks hold locks, too", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE shelf (id int PRIMARY KEY)`
        const { sentence } = yield* Effect.scoped(Effect.gen(function*() {
          const connection = yield* sql.reserve
          yield* connection.executeRaw("BEGIN", [])
          yield* connection.executeRaw("LOCK TABLE shelf", [])
          const { why } = yield* RunAnalysis.RunAnalysis
          const { fiber, taskId } = yield* TaskRunner.start(taskOf((sql) => sql`SELECT id FROM shelf`), {})
          const found = yield* why(taskId).pipe(
            Effect.map(Option.getOrThrow),
            Effect.repeat({
              until: ({ waits }) => waits[0]?._tag === "Lock" && waits[0].lock.includes("shelf"),
              schedule: Schedule.spaced("5 millis")
            }),
            Effect.timeout("10 seconds")
          )
          yield* connection.executeRaw("ROLLBACK", [])
          yield* Fiber.join(fiber)
          return found
        }))
        assert.match(
          sentence,
          /^Step "load" has waited for .* s for a lock that SELECT shelf needs, held by the program outside of tasks\.$/
        )
        yield* sql`DROP TABLE shelf`
      }).pipe(Effect.provide(observed())))

    it.effect("pass on what their body gives, and interruption", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        assert.strictEqual(yield* sql.withTransaction(Effect.succeed(7)), 7)
        assert.strictEqual(yield* Effect.flip(sql.withTransaction(Effect.fail("no"))), "no")
        const fiber = yield* Effect.forkChild(sql.withTransaction(Effect.never))
        yield* Effect.sleep("50 millis")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual((yield* counts).outcomes, [1, 2, 0])
      }).pipe(Effect.provide(observed())))
  })

  describe("statements that are skipped", () => {
    it.effect("are those about the connection and of the migrator", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`EXPLAIN SELECT * FROM pg_class`
        yield* sql`SHOW server_version`
        yield* sql`SET application_name = 'test'`
        yield* sql`SELECT 1`
        yield* sql`select 1 as alive;`
        yield* Migrator.make({})({
          loader: Migrator.fromRecord({ "0001_first": sql`CREATE TABLE migrated (id int)` })
        })
        assert.deepStrictEqual(yield* database.summaries, ["CREATE TABLE migrated"])
        yield* sql`DROP TABLE migrated`
        yield* sql`DROP TABLE effect_sql_migrations`
      }).pipe(Effect.provide(observed())))

    it.effect("are chosen by options", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`SHOW server_version`
        yield* sql`SELECT 1`
        yield* sql`SELECT relname FROM pg_class LIMIT 1`
        assert.deepStrictEqual(yield* database.summaries, ["SHOW", "SELECT"])
      }).pipe(
        Effect.provide(observed({ skippedOperations: [], skippedCollections: ["PG_CLASS"], skipProbes: false }))
      ))
  })

  it.effect("gives the client as it is when it is off", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`SELECT relname FROM pg_class LIMIT 1`
      assert.deepStrictEqual(yield* database.summaries, [])
    }).pipe(Effect.provide(observed({ enabled: false }))))
})

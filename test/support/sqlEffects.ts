/**
 * What a program can see of each option of the SQL monitor.
 */
import { Effect, Fiber, Layer, Logger, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { SqlMonitor, Step, Task, TaskRunner, type TelemetryConfig } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as memoryDatabase from "./memoryDatabase.ts"
import * as recorder from "./recorder.ts"

const input = Schema.Struct({})

const withClient = (use: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>) =>
  Effect.flatMap(SqlClient.SqlClient, use)

const statements = Step.make("statements", {
  run: () =>
    withClient((sql) =>
      Effect.gen(function*() {
        yield* sql.unsafe("SELECT 1")
        yield* sql.unsafe("SHOW server_version")
        yield* sql.unsafe("SELECT * FROM effect_sql_migrations")
        yield* sql.unsafe("SELECT sleep(2) FROM slow", [7])
        // The plan is asked for in this time.
        yield* Effect.sleep("1 second")
        yield* Effect.repeat(sql.unsafe("SELECT * FROM items"), { times: 29 })
        yield* sql.unsafe("SELECT rows(20000) FROM many")
      })
    )
})
const hold = Step.make("hold", {
  dependsOn: [statements],
  run: () => withClient((sql) => sql.withTransaction(Effect.sleep("3 seconds")))
})
const wait = Step.make("wait", {
  dependsOn: [statements],
  run: () => withClient((sql) => Effect.delay(sql.unsafe("SELECT * FROM late"), "1 second"))
})
const Queries = Task.make("queries", { input, steps: [statements, hold, wait] })

const published = (options: TelemetryConfig.Options) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(TaskRunner.run(Queries, {}))
    yield* recorder.advance("1 minute")
    yield* Fiber.join(fiber)
    const { events } = yield* TelemetryTest
    return yield* events
  }).pipe(
    Effect.provide(
      SqlMonitor.layer(memoryDatabase.layer({ connections: 1 })).pipe(
        Layer.provideMerge(TelemetryTest.layer(options)),
        Layer.provide(Logger.layer([]))
      )
    ),
    Effect.scoped,
    Effect.orDie
  )

const valuesOf = (name: string, field: string) => (options: TelemetryConfig.Options) =>
  Effect.map(published(options), (events) => [
    ...new Set(
      events.filter((event) => event.name === name).map(({ payload }) =>
        (payload as Readonly<Record<string, unknown>>)[field]
      )
    )
  ])

/** Summaries of the statements that are observed. */
export const summaries = valuesOf("database.query_executed", "summary")

/** Summaries of slow statements. */
export const slow = valuesOf("performance.slow_query", "summary")

/** Plans of slow statements. */
export const plans = valuesOf("performance.slow_query", "plan")

/** Kinds of findings, sorted. */
export const findings = (options: TelemetryConfig.Options) =>
  Effect.map(
    valuesOf("performance.query_finding", "kind")(options),
    (kinds) => kinds.toSorted((one, other) => String(one).localeCompare(String(other)))
  )

/**
 * One PostgreSQL for the tests of a file, with clients that `SqlMonitor` observes.
 */
import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted } from "effect"
import type { TelemetryConfig } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import { type EmbeddedPostgres, startEmbeddedWith } from "../../examples/analyze-directory/EmbeddedPostgres.ts"
import * as SqlMonitor from "../../src/performance/SqlMonitor.ts"

export class Database extends Context.Service<Database, EmbeddedPostgres>()("test/performance/Database") {
  static readonly layer = Layer.effect(
    Database,
    startEmbeddedWith([["shared_preload_libraries", "pg_stat_statements"], ["pg_stat_statements.track", "top"]])
  ).pipe(Layer.provide(NodeServices.layer))
}

const configOf = ({ database, host, password, port, username }: EmbeddedPostgres): PgClient.PgPoolConfig => ({
  host,
  port,
  username,
  database,
  password: Redacted.make(password),
  maxConnections: 4
})

/** A client that nothing observes. */
const plain = (config: Partial<PgClient.PgPoolConfig> = {}) =>
  Layer.unwrap(Effect.map(Database, (database) => PgClient.layer({ ...configOf(database), ...config })))

/** An observed client, with everything that it records. */
export const observed = (
  config: Partial<PgClient.PgPoolConfig> = {},
  options: TelemetryConfig.Options = {}
) => Layer.provideMerge(SqlMonitor.layer(plain(config)), TelemetryTest.layer(options))

/** The events of one name, with their payloads. */
export const eventsNamed = (name: string) =>
  Effect.flatMap(
    TelemetryTest,
    ({ events }) =>
      Effect.map(events, (events) =>
        events.filter((event) =>
          event.name === name
        ).map(({ payload }) => payload as Readonly<Record<string, unknown>>))
  )

/** The summaries of the statements that have ended, in the order of their ends. */
export const summaries = Effect.map(
  eventsNamed("database.query_executed"),
  (events) => events.map(({ summary }) => summary)
)

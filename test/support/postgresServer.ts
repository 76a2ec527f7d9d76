/**
 * A real PostgreSQL, which ends with its scope, and clients of it.
 */
import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient } from "effect/sql"
import { type EmbeddedPostgres, startEmbedded } from "../../examples/analyze-directory/EmbeddedPostgres.ts"

export type PostgresServer = EmbeddedPostgres

export const start = Effect.orDie(Effect.provide(startEmbedded, NodeServices.layer))

/** A client, whose first connection is made by its first statement. */
export const client = (
  { database, host, password, port, username }: PostgresServer
): Layer.Layer<SqlClient.SqlClient> =>
  Layer.effect(
    SqlClient.SqlClient,
    PgClient.make({ host, port, username, database, password: Redacted.make(password), maxConnections: 4 })
  ).pipe(Layer.orDie, Layer.provide(Reactivity.layer))

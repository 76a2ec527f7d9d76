/**
 * Observes the statements of a client of effect/sql: one layer around the layer of the client, and no change to queries.
 *
 * **Details**
 *
 * Each statement gives the metrics of OpenTelemetry's conventions for databases, two metrics with its operation and its
 * collection, and the event `database.query_executed`. Its span is named after its summary and tells rows, wait and
 * failure. A statement that takes long publishes `performance.slow_query`, and a pattern that costs too much publishes
 * `performance.query_finding`: one statement many times in an attempt of a step, very many rows, a transaction that is
 * idle, or that lets others wait. The options are `performance.sql.*`.
 *
 * Covered are all ways to run a statement: as an effect, `values`, `raw`, `unprepared`, `stream`, in resolvers, in
 * transactions and savepoints, on reserved connections, on connections that several statements share.
 *
 * **Gotchas**
 *
 * `LISTEN` and `NOTIFY` of `PgClient` have functions of their own and are not observed.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { EventBus } from "../events/EventBus.ts"
import type { MetricStore } from "../metrics/MetricStore.ts"
import * as ObservedClient from "./internal/sql/ObservedClient.ts"

/**
 * Observes a client.
 *
 * **When to use**
 *
 * Use {@link layer} if the client comes from a layer.
 *
 * **Example** (A client that is made by hand)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { SqlClient } from "effect/sql"
 * import { SqlMonitor } from "tasker-telemetry"
 *
 * const count = (client: SqlClient.SqlClient) =>
 *   Effect.gen(function*() {
 *     const sql = yield* SqlMonitor.observe(client)
 *     return yield* sql`SELECT count(*) FROM orders`
 *   })
 * ```
 *
 * @param client the client; it stays as it is
 * @returns a client with the same functions
 * @category constructors
 * @since 0.1.0
 */
export const observe: <Client extends SqlClient.SqlClient>(
  client: Client
) => Effect.Effect<Client, never, Scope.Scope | EventBus | MetricStore> = ObservedClient.make

/**
 * Observes the client of a layer. The client is replaced under `SqlClient` and under the tag of its driver.
 *
 * **Example** (A PostgreSQL client)
 *
 * ```ts
 * import { PgClient } from "@effect/sql-pg"
 * import * as Layer from "effect/Layer"
 * import { SqlMonitor, TelemetryLive } from "tasker-telemetry"
 *
 * const Database = SqlMonitor.layer(PgClient.layer({ host: "127.0.0.1", database: "shop" }))
 * const Program = Layer.provideMerge(Database, TelemetryLive)
 * ```
 *
 * @param client the layer of the client
 * @category layers
 * @since 0.1.0
 */
export const layer = <Services, E, R>(
  client: Layer.Layer<Services | SqlClient.SqlClient, E, R>
): Layer.Layer<Services | SqlClient.SqlClient, E, R | EventBus | MetricStore> =>
  Layer.flatMap(client, (services) =>
    Layer.effectContext(
      Effect.gen(function*() {
        const plain = Context.get(services, SqlClient.SqlClient)
        const observed = yield* observe(plain)
        return Context.makeUnsafe<Services | SqlClient.SqlClient>(
          new Map(Array.from(services.mapUnsafe, ([key, value]) => [key, value === plain ? observed : value] as const))
        )
      })
    ))

/**
 * Makes a client of effect/sql an observed one, with the same functions and services.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Statement } from "effect/sql/Statement"
import * as TelemetryConfig from "../../../config/TelemetryConfig.ts"
import { EventBus } from "../../../events/EventBus.ts"
import { MetricStore } from "../../../metrics/MetricStore.ts"
import type * as QuerySummary from "../../QuerySummary.ts"
import * as LockWaits from "../LockWaits.ts"
import * as ConnectionWaits from "./ConnectionWaits.ts"
import * as DatabaseLocks from "./DatabaseLocks.ts"
import * as DatabaseTarget from "./DatabaseTarget.ts"
import * as ObservedTransaction from "./ObservedTransaction.ts"
import { OpenTransactions } from "./OpenTransactions.ts"
import * as OutsideStatements from "./OutsideStatements.ts"
import * as Queries from "./Queries.ts"
import * as RepeatedQueries from "./RepeatedQueries.ts"
import { plainOf, ReservedConnection } from "./ReservedConnection.ts"
import * as SlowQueries from "./SlowQueries.ts"
import * as StatementHooks from "./StatementHooks.ts"
import * as StatementMonitor from "./StatementMonitor.ts"
import { UsedConnections } from "./UsedConnections.ts"

/** Gives a client that is observed until the scope closes. */
export const make = Effect.fnUntraced(function*<Client extends SqlClient>(
  client: Client
): Effect.fn.Return<Client, never, Scope.Scope | EventBus | MetricStore> {
  const { sql: settings } = (yield* TelemetryConfig.Current).performance
  if (!settings.enabled) return client
  const bus = yield* EventBus
  const scope = yield* Effect.scope
  const instruments = Queries.instruments(yield* MetricStore)

  const probe = client.unsafe("SELECT 1")
  const parts = StatementHooks.partsOf(probe)
  const spanAttributes = DatabaseTarget.corrected(client, parts?.spanAttributes ?? [])
  const target = DatabaseTarget.of(spanAttributes)
  const dialect = client.onDialectOrElse<
    QuerySummary.Dialect,
    QuerySummary.Dialect,
    QuerySummary.Dialect,
    QuerySummary.Dialect,
    QuerySummary.Dialect,
    QuerySummary.Dialect
  >({
    pg: () => "pg",
    mysql: () => "mysql",
    sqlite: () => "sqlite",
    mssql: () => "mssql",
    clickhouse: () => "clickhouse",
    orElse: () => "other"
  })
  const queries = Queries.make(instruments, target, dialect, {
    operations: settings.skippedOperations,
    collections: settings.skippedCollections,
    probes: settings.skipProbes
  })
  const wait = instruments.connectionWait.bind({ db_client_connection_pool_name: poolName(target) })
  const used = new UsedConnections(instruments.activeConnections.bind({ kind: "sql", name: poolName(target) }))
  const transactions = new OpenTransactions()
  const locks = yield* LockWaits.Current
  const statements = dialect === "pg" && locks !== undefined ? new DatabaseLocks.RunningStatements() : undefined
  const sources = [
    ConnectionWaits.make(transactions, poolName(target)),
    ...(statements === undefined ? [] : [DatabaseLocks.make(client, statements)])
  ]
  if (locks !== undefined) {
    yield* Effect.forEach(
      sources,
      (source) => Effect.acquireRelease(Effect.sync(() => locks.addSource(source)), (remove) => Effect.sync(remove))
    )
  }
  const onError = () => {}
  const observer = StatementMonitor.make({
    key: client,
    queries,
    bus,
    instruments,
    wait,
    used,
    transactions,
    statements,
    repeated: yield* RepeatedQueries.make(bus, instruments, settings.repeatedQueries),
    slow: SlowQueries.make({
      bus,
      instruments,
      client,
      dialect,
      scope,
      explainMillis: settings.explain ? Duration.toMillis(settings.explainTimeout) : undefined
    }),
    splits: parts !== undefined,
    physicalOf: StatementHooks.physicalOf,
    plain: plainOf,
    slowSeconds: Duration.toSeconds(settings.slowQuery),
    manyRows: settings.manyRows,
    onError
  })
  const observed = parts === undefined
    ? OutsideStatements.make(observer, (sql) => Object.fromEntries(queries.get(sql).spanAttributes))
    : StatementHooks.make(parts, client, observer, spanAttributes)
  const withTransaction = ObservedTransaction.make({
    client,
    bus,
    instruments,
    wait,
    used,
    transactions,
    key: client,
    idleSeconds: Duration.toSeconds(settings.idleInTransaction),
    blockedSeconds: Duration.toSeconds(settings.blockingTransaction),
    onError
  })
  const counted = Effect.tap(client.reserve, (connection) => {
    const physical = StatementHooks.physicalOf(connection)
    return Effect.acquireRelease(
      Effect.sync(() => used.take(physical)),
      () => Effect.sync(() => used.release(physical))
    )
  })
  // A statement outside of the hooks would count twice on a reserved connection.
  const reserve = parts === undefined
    ? counted
    : Effect.map(counted, (connection) => new ReservedConnection(connection, observer))

  const observe = (inner: SqlClient): SqlClient => {
    const construct = inner as unknown as (...args: ReadonlyArray<unknown>) => unknown
    const outer = (...args: ReadonlyArray<unknown>): unknown => {
      const made = construct(...args)
      return Effect.isEffect(made) ? observed(made as Statement<unknown>) : made
    }
    let withoutTransforms: SqlClient | undefined
    const self: SqlClient = Object.defineProperties(outer, {
      ...Object.getOwnPropertyDescriptors(inner),
      length: { value: 0 },
      ...property("unsafe", (sql: string, params?: ReadonlyArray<unknown>) => observed(inner.unsafe(sql, params))),
      ...property("withTransaction", withTransaction),
      ...property("reserve", reserve),
      ...property("withoutTransforms", () => {
        const made = inner.withoutTransforms()
        return made === inner ? self : withoutTransforms ??= observe(made)
      })
    }) as unknown as SqlClient
    Object.defineProperties(self, property("safe", self))
    return self
  }
  return observe(client) as Client
})

const property = (name: string, value: unknown): PropertyDescriptorMap => ({
  [name]: { value, configurable: true, enumerable: true, writable: true }
})

const poolName = ({ address, namespace, port }: DatabaseTarget.DatabaseTarget): string =>
  [port === "" ? address : `${address}:${port}`, namespace].filter((part) => part !== "").join("/")

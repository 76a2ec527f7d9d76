/**
 * Statements of effect/sql under our telemetry. Arguments: `bare` or `observed`, and the address of a PostgreSQL. Without
 * an address, a database in memory answers at once. Answers with the cost of a statement.
 */
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { SqlClient } from "effect/sql"
import { LogDestination, MetricStore, SqlMonitor, Telemetry } from "tasker-telemetry"
import * as memoryDatabase from "../../test/support/memoryDatabase.ts"
import { answer, costOf } from "../support/answer.ts"

const [mode, url] = process.argv.slice(2) as ["bare" | "observed", string?]

const count = url === undefined ? 5000 : 1500
const database = url === undefined
  ? memoryDatabase.layer()
  : PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })
// Statements are sampled into spans, events and metrics; nothing is sent.
const telemetry = Telemetry.layer({ metrics: { runtime: false } }, { logDestination: LogDestination.layerMemory })
const runtime = ManagedRuntime.make(
  Layer.provideMerge(mode === "observed" ? SqlMonitor.layer(database) : database, telemetry)
)

const batch = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  for (let id = 0; id < count; id++) yield* sql`SELECT relname FROM pg_class WHERE oid = ${id}`
})
let batches = 0

await answer(async () => {
  const cost = await costOf(count, () => runtime.runPromise(batch))
  batches++
  return cost
})

// That every statement was counted shows that the case measures what it should.
const { metrics } = await runtime.runPromise(Effect.flatMap(MetricStore.MetricStore, (store) => store.snapshot))
const counted = metrics.find(({ name }) => name === "tasker_sql_queries_total")?.series[0]?.value
if (mode === "observed" && counted !== batches * count) throw new Error("statements were not counted")
await runtime.dispose()

/**
 * Publishes slow statements, with the plan of PostgreSQL if that is asked for.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { EventBus } from "../../../events/EventBus.ts"
import type * as EventCatalog from "../../../events/EventCatalog.ts"
import * as QuerySummary from "../../QuerySummary.ts"
import type { Query, SqlInstruments } from "./Queries.ts"

type SlowQuery = EventCatalog.Payload<"performance.slow_query">

/** The most characters of a statement in an event. */
const longestText = 500
/** The most characters of a plan in an event. */
const longestPlan = 4000

/** Statements that PostgreSQL has a plan for. */
const planned: ReadonlySet<string> = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"])

export interface Options {
  readonly bus: EventBus["Service"]
  readonly instruments: SqlInstruments
  readonly client: SqlClient.SqlClient
  readonly dialect: QuerySummary.Dialect
  /** Longest time for a plan, in milliseconds; `undefined` if no plan is wanted. */
  readonly explainMillis: number | undefined
  readonly scope: Scope.Scope
}

export interface SlowQueries {
  /** Whether the parameters of the statement are needed for a plan. */
  readonly explains: boolean
  readonly publish: (
    fiber: Fiber.Fiber<unknown, unknown>,
    query: Query,
    slow: Omit<SlowQuery, "queryText" | "plan" | "summary" | "operation" | "collection">,
    params: ReadonlyArray<unknown> | undefined
  ) => void
}

export const make = (options: Options): SlowQueries => {
  const { bus, client, dialect, explainMillis, instruments, scope } = options
  const explains = explainMillis !== undefined && dialect === "pg"
  // One plan at a time: slow statements often come together, and the database has enough to do.
  let isExplaining = false

  const explain = (query: Query, params: ReadonlyArray<unknown>, millis: number): Effect.Effect<string, unknown> =>
    client.withTransaction(
      Effect.andThen(
        client.unsafe(`SET LOCAL statement_timeout = ${Math.max(1, Math.ceil(millis))}`),
        client.unsafe(`EXPLAIN ${query.sql}`, params).values
      )
    ).pipe(
      Effect.provideService(SqlClient.BeginTransaction, "BEGIN READ ONLY"),
      Effect.provideService(References.TracerEnabled, false),
      Effect.timeout(millis),
      Effect.map((rows) => rows.map(([line]) => withoutValues(String(line))).join("\n").slice(0, longestPlan))
    )

  return {
    explains,
    publish: (fiber, query, slow, params) => {
      const { collection, operation, summary } = query.summary
      instruments.slowQueries.inc({ operation, collection })
      if (!bus.enabled) return
      const payload: SlowQuery = {
        summary,
        operation,
        collection,
        ...slow,
        queryText: QuerySummary.sanitize(query.sql, { dialect, maximumLength: longestText })
      }
      const publish = (plan: string | undefined) =>
        bus.publishUnsafe(fiber, "performance.slow_query", plan === undefined ? payload : { ...payload, plan })
      if (!explains || isExplaining || params === undefined || !planned.has(operation)) return publish(undefined)
      isExplaining = true
      explain(query, params, explainMillis).pipe(
        Effect.exit,
        Effect.map((exit) => {
          isExplaining = false
          publish(exit._tag === "Success" ? exit.value : undefined)
        }),
        Effect.forkIn(scope),
        Effect.runForkWith(fiber.context)
      )
    }
  }
}

/** A line of a plan without the values that it compares with. The costs at its end stay. */
const withoutValues = (line: string): string => {
  const costs = line.lastIndexOf("  (cost=")
  const end = costs < 0 ? line.length : costs
  return QuerySummary.sanitize(line.slice(0, end), { dialect: "pg" }) + line.slice(end)
}

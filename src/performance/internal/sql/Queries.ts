/**
 * What the monitor knows about a statement by its text: the summary, whether it is observed, attributes and series.
 */
import { SqlAttribute } from "../../../Conventions.ts"
import { resourceCatalog, sqlCatalog } from "../../../metrics/MetricCatalog.ts"
import type { BoundCounter, BoundHistogram } from "../../../metrics/MetricInstrument.ts"
import type { MetricStore } from "../../../metrics/MetricStore.ts"
import * as QuerySummary from "../../QuerySummary.ts"
import type { DatabaseTarget } from "./DatabaseTarget.ts"
import type { SpanAttributes } from "./StatementObserver.ts"

export interface Query {
  readonly sql: string
  readonly summary: QuerySummary.QuerySummary
  readonly isObserved: boolean
  readonly spanName: string | undefined
  readonly spanAttributes: SpanAttributes
  /** The series of statements that succeed. */
  readonly success: BoundHistogram
  readonly duration: BoundHistogram
  readonly queries: BoundCounter
  readonly rows: BoundHistogram
  /** Attributes of the series of statements that fail, but for the error. */
  readonly attributes: OperationAttributes
}

type OperationKey = (typeof sqlCatalog.operationDuration)["attributes"][number]
type OperationAttributes = { readonly [Key in OperationKey]: string }

/** Which statements are not observed. */
export interface Skips {
  readonly operations: ReadonlyArray<string>
  readonly collections: ReadonlyArray<string>
  readonly probes: boolean
}

/** The instruments of statements and transactions. */
export type SqlInstruments = ReturnType<typeof instruments>

export const instruments = (store: MetricStore["Service"]) => ({
  operationDuration: store.histogram(sqlCatalog.operationDuration),
  duration: store.histogram(sqlCatalog.duration),
  queries: store.counter(sqlCatalog.queries),
  returnedRows: store.histogram(sqlCatalog.returnedRows),
  connectionWait: store.histogram(sqlCatalog.connectionWait),
  transactionDuration: store.histogram(sqlCatalog.transactionDuration),
  transactionControl: store.histogram(sqlCatalog.transactionControl),
  slowQueries: store.counter(sqlCatalog.slowQueries),
  findings: store.counter(sqlCatalog.findings),
  activeConnections: store.upDownCounter(resourceCatalog.activeConnections)
})

/** Gives the query of a statement, from a bounded memory. */
export const make = (
  to: SqlInstruments,
  target: DatabaseTarget,
  dialect: QuerySummary.Dialect,
  skips: Skips
): QuerySummary.Cache<Query> => {
  const skippedOperations = new Set(skips.operations.map((operation) => operation.toUpperCase()))
  const skippedCollections = new Set(skips.collections.map(bareName))

  const isProbe = (sql: string, { collection, operation }: QuerySummary.QuerySummary): boolean => {
    if (operation !== "SELECT" || collection !== "" || sql.length > longestProbe) return false
    return probe.test(QuerySummary.sanitize(sql, { dialect }))
  }

  return QuerySummary.cache((sql) => {
    const summary = QuerySummary.make(sql, dialect)
    const { collection, collectionName, operation, operationName, procedureName } = summary
    const isSkipped = skippedOperations.has(operation) || skippedCollections.has(bareName(collection)) ||
      (skips.probes && isProbe(sql, summary))
    const statement = { operation, collection }
    const attributes: OperationAttributes = {
      db_system_name: target.system,
      db_namespace: target.namespace,
      db_operation_name: operationName ?? "",
      db_collection_name: collectionName ?? "",
      db_query_summary: summary.summary,
      db_stored_procedure_name: procedureName ?? "",
      db_response_status_code: "",
      error_type: "",
      server_address: target.address,
      server_port: target.port
    }
    const spanAttributes: SpanAttributes = [
      [SqlAttribute.querySummary, summary.summary || undefined],
      [SqlAttribute.operationName, operationName],
      [SqlAttribute.collectionName, collectionName],
      [SqlAttribute.procedureName, procedureName]
    ]
    // A series exists once it is bound, so a statement is bound at its first end.
    let series: Pick<Query, "success" | "duration" | "queries" | "rows"> | undefined
    const bound = () =>
      series ??= {
        success: to.operationDuration.bind(attributes),
        duration: to.duration.bind(statement),
        queries: to.queries.bind(statement),
        rows: to.returnedRows.bind(statement)
      }
    return {
      sql,
      summary,
      isObserved: !isSkipped,
      spanName: isSkipped ? undefined : summary.summary || target.namespace || target.system,
      spanAttributes: spanAttributes.filter(([, value]) => value !== undefined),
      attributes,
      get success() {
        return bound().success
      },
      get duration() {
        return bound().duration
      },
      get queries() {
        return bound().queries
      },
      get rows() {
        return bound().rows
      }
    }
  })
}

/** A statement that only tests the connection, or whether a table is there, without its literals. */
const probe = /^\s*select\s+\(?\?\)?(?:\s+as\s+\w+)?(?:\s+where\s+to_regclass\(\$1\)\s+is\s+not\s+null)?\s*;?\s*$/i
const longestProbe = 100

/** The name of a collection without its schema and its quotes. */
const bareName = (name: string): string =>
  name.slice(name.lastIndexOf(".") + 1).replaceAll(/["`[\]]/g, "").toLowerCase()

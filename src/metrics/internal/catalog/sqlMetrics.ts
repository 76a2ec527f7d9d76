/**
 * Metrics of the SQL statements that `SqlMonitor` observes.
 */
import { SqlMetricName } from "../../../Conventions.ts"
import type { MetricEntry } from "./MetricEntry.ts"

/** The buckets of OpenTelemetry's conventions for databases, in seconds. */
const conventionalBuckets: ReadonlyArray<number> = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** Many statements take less than a millisecond. */
const statementBuckets: ReadonlyArray<number> = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30
]

const rowBuckets: ReadonlyArray<number> = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000]

const statement = ["operation", "collection"] as const

export const sqlMetrics = {
  operationDuration: {
    type: "histogram",
    name: SqlMetricName.operationDuration,
    help: "Time of a statement from its start to its last row, with the wait for a connection.",
    unit: "seconds",
    attributes: [
      "db_system_name",
      "db_namespace",
      "db_operation_name",
      "db_collection_name",
      "db_query_summary",
      "db_stored_procedure_name",
      "db_response_status_code",
      "error_type",
      "server_address",
      "server_port"
    ],
    buckets: conventionalBuckets,
    recorded: "each statement, when it has ended"
  },
  duration: {
    type: "histogram",
    name: SqlMetricName.duration,
    help: "Time of a statement, by its first operation and its first collection.",
    unit: "seconds",
    attributes: statement,
    buckets: statementBuckets,
    recorded: "each statement, when it has ended"
  },
  queries: {
    type: "counter",
    name: SqlMetricName.queries,
    help: "Statements that have ended.",
    attributes: statement,
    recorded: "each statement, when it has ended"
  },
  returnedRows: {
    type: "histogram",
    name: SqlMetricName.returnedRows,
    help: "Rows that a statement gave.",
    attributes: statement,
    buckets: rowBuckets,
    recorded: "each statement that has succeeded, and each stream"
  },
  connectionWait: {
    type: "histogram",
    name: SqlMetricName.connectionWait,
    help: "Time that a statement or a transaction waited for a connection, or behind other statements on it. A " +
      "transaction's wait includes its BEGIN.",
    unit: "seconds",
    attributes: ["db_client_connection_pool_name"],
    buckets: statementBuckets,
    recorded: "each statement outside of a transaction and each transaction, if the wait is known"
  },
  transactionDuration: {
    type: "histogram",
    name: SqlMetricName.transactionDuration,
    help: "Time of a transaction, with the wait for its connection: outcome is commit, rollback or failed.",
    unit: "seconds",
    attributes: ["outcome"],
    buckets: statementBuckets,
    recorded: "each outermost transaction, when it has ended"
  },
  transactionControl: {
    type: "histogram",
    name: SqlMetricName.transactionControl,
    help:
      "Time that a transaction or savepoint took to begin and to end: phase is begin, commit, rollback, savepoint " +
      "or release. begin includes the wait for the connection.",
    unit: "seconds",
    attributes: ["phase"],
    buckets: statementBuckets,
    recorded: "each transaction and each savepoint, twice"
  },
  slowQueries: {
    type: "counter",
    name: SqlMetricName.slowQueries,
    help: "Statements that took longer than performance.sql.slowQuery.",
    attributes: statement,
    recorded: "with `performance.slow_query`"
  },
  findings: {
    type: "counter",
    name: SqlMetricName.findings,
    help: "Findings about queries: kind is repeated_query, many_rows, idle_in_transaction or blocking_transaction.",
    attributes: ["kind"],
    recorded: "with `performance.query_finding`"
  }
} as const satisfies Readonly<Record<string, MetricEntry>>

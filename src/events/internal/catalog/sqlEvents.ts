/**
 * Events about SQL statements, from `SqlMonitor`.
 */
import * as Schema from "effect/Schema"
import * as EventDefinition from "../EventDefinition.ts"

/** The step that runs the statement; absent outside of tasks and steps. */
const caller = {
  taskId: Schema.optionalKey(Schema.String),
  taskName: Schema.optionalKey(Schema.String),
  stepId: Schema.optionalKey(Schema.String),
  stepName: Schema.optionalKey(Schema.String),
  attempt: Schema.optionalKey(Schema.Int)
}

const query = {
  /** Operations and targets, such as `SELECT orders`. */
  summary: Schema.String,
  /** The first operation, in upper case; `""` if there is none. */
  operation: Schema.String,
  /** The first collection; `""` if there is none. */
  collection: Schema.String
}

const times = {
  durationSeconds: Schema.Finite,
  /** Wait for a connection, and behind other statements on it. Absent if it is not known. */
  waitSeconds: Schema.optionalKey(Schema.Finite),
  /** The rest of the duration. Absent if it is not known. */
  runSeconds: Schema.optionalKey(Schema.Finite)
}

export const sqlEvents = EventDefinition.byName([
  EventDefinition.make("database.query_executed", {
    description: "A SQL statement has ended.",
    fires: "once per statement of an observed client, at its end; a stream ends with its last row",
    severity: "Debug",
    message: "query executed",
    payload: Schema.Struct({
      ...query,
      ...times,
      outcome: Schema.Literals(["success", "failure", "interruption"]),
      /** Rows that it gave; absent if it gave none that can be counted. */
      rows: Schema.optionalKey(Schema.Int),
      /** The state that the database answered with, or the type of the error. */
      errorType: Schema.optionalKey(Schema.String),
      ...caller
    }),
    attributes: ["operation", "collection", "outcome"]
  }),
  EventDefinition.make("performance.slow_query", {
    description: "A SQL statement took longer than performance.sql.slowQuery.",
    fires: "once per slow statement, at its end; if performance.sql.explain is on, when the plan is there",
    severity: "Warn",
    message: "slow query",
    payload: Schema.Struct({
      ...query,
      ...times,
      thresholdSeconds: Schema.Finite,
      /** The statement without its literals, at most 500 characters. */
      queryText: Schema.String,
      /** How PostgreSQL runs the statement, without its literals. */
      plan: Schema.optionalKey(Schema.String),
      ...caller
    }),
    attributes: ["operation", "collection"]
  }),
  EventDefinition.make("performance.query_finding", {
    description: "Queries or a transaction show a pattern that costs more than it needs to.",
    fires:
      "repeated_query at the end of an attempt of a step, once per summary; many_rows at the end of a statement; " +
      "the others at the end of a transaction",
    severity: "Warn",
    message: "query finding",
    payload: Schema.Struct({
      /**
       * `repeated_query`: one summary too often in an attempt. `many_rows`: too many rows. `idle_in_transaction`: no
       * statement ran for too long. `blocking_transaction`: other steps waited for a connection meanwhile.
       */
      kind: Schema.Literals(["repeated_query", "many_rows", "idle_in_transaction", "blocking_transaction"]),
      /** Operations and targets; `""` for a transaction. */
      summary: Schema.String,
      /** Statements, rows, idle times or waits: what `kind` counts. */
      count: Schema.Int,
      /** Time of the statements together, of the statement, idle, or waited by others. */
      totalSeconds: Schema.Finite,
      /** Time in which at least one of the statements ran; absent for transactions. */
      elapsedSeconds: Schema.optionalKey(Schema.Finite),
      ...caller
    }),
    attributes: ["kind"]
  })
])

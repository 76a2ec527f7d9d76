/**
 * The options of the SQL monitor.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Option from "./configOption.ts"

export const sqlOptions = Schema.Struct({
  enabled: Option.boolean({
    default: true,
    doc: "Off: `SqlMonitor.layer` gives the client as it is."
  }),
  slowQuery: Option.duration("0 millis", {
    default: Duration.seconds(1),
    doc: "A statement that takes longer publishes `performance.slow_query`. The wait for a connection counts.",
    tasker: "telemetry.slow_query_threshold_seconds"
  }),
  skippedOperations: Option.list({
    default: ["EXPLAIN", "SHOW", "SET", "RESET", "DESCRIBE"],
    doc: "Statements that begin with one of these words are not observed. In a summary that is the first word."
  }),
  skippedCollections: Option.list({
    default: ["effect_sql_migrations"],
    doc: "Statements whose first table is one of these are not observed. The default is the table of Effect's migrator."
  }),
  skipProbes: Option.boolean({
    default: true,
    doc:
      "Statements such as `SELECT 1`, which only test the connection, are not observed. Neither is the question of " +
      "Effect's migrator whether its table is there."
  }),
  repeatedQueries: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
    default: 20,
    doc: "If one attempt of a step runs statements of one summary more often, it publishes `performance.query_finding`."
  }),
  manyRows: Option.integer({ minimum: 1, maximum: 1_000_000_000 }, {
    default: 10_000,
    doc: "A statement that gives more rows publishes `performance.query_finding`. A stream never does."
  }),
  idleInTransaction: Option.duration("0 millis", {
    default: Duration.seconds(1),
    doc: "A transaction in which no statement runs for longer publishes `performance.query_finding` at its end."
  }),
  blockingTransaction: Option.duration("0 millis", {
    default: Duration.seconds(1),
    doc:
      "A transaction publishes `performance.query_finding` at its end if other steps waited for a connection of its " +
      "client for longer, together, while it was open."
  }),
  explain: Option.boolean({
    default: false,
    doc: "Asks PostgreSQL for the plan of a slow statement, in a transaction that only reads, and adds the plan to " +
      "`performance.slow_query`. The statement itself does not run again."
  }),
  explainTimeout: Option.duration("1 millis", {
    default: Duration.seconds(1),
    doc: "Longest time for the plan, with the wait for a connection."
  })
})

/**
 * Shows an analysis of many runs as text: first what to change, then the figures behind it.
 */
import type * as AnalyticsReport from "../http/AnalyticsReport.ts"
import { count, duration, percent, printable, table, text } from "./TextTable.ts"

/** What `analyze` shows. */
export interface Analysis {
  readonly performance: AnalyticsReport.Performance
  readonly bottlenecks: AnalyticsReport.Bottlenecks
}

/** Gives the whole output. */
export const renderAnalysis = ({ bottlenecks, performance }: Analysis): string =>
  [
    ...summary(performance),
    ...changes(bottlenecks),
    ...differences(bottlenecks),
    ...tasks(performance),
    ...steps(performance),
    ...errors(bottlenecks),
    ...blocking(bottlenecks),
    ...queries(bottlenecks),
    ...patterns(bottlenecks),
    ...unfinished(performance)
  ].join("\n").trimEnd()

const summary = ({ from, instances, missed, runs, until }: AnalyticsReport.Performance): ReadonlyArray<string> => [
  runs === 0
    ? "No run has ended yet, or none of those that were asked for."
    : `${runs} ended ${runs === 1 ? "run" : "runs"}, created ${from ?? ""} to ${until ?? ""}`,
  ...(instances.length < 2 ? [] : [
    `Instances: ${instances.map(({ instance = "unknown", runs }) => `${printable(instance)} (${runs})`).join(", ")}`
  ]),
  ...(missed === 0 ? [] : [`${missed} runs have no record, because too many ran at the same time.`]),
  ""
]

const named = ({ taskName, version }: { readonly taskName: string; readonly version: string }) =>
  `${taskName} ${version}`

const changes = ({ insufficient, recommendations }: AnalyticsReport.Bottlenecks): ReadonlyArray<string> => [
  ...(recommendations.length === 0 ? [] : ["What to change, the largest gain first"]),
  ...recommendations.flatMap(({ evidence, text, totalGainSeconds }, index) => [
    `  ${index + 1}. ${printable(text)}`,
    `     ${duration(totalGainSeconds).text} over ${evidence.runs} runs; see run ${
      printable(evidence.runIds[0] ?? "-")
    }`
  ]),
  ...insufficient.map((missing) => `  ${printable(named(missing))}: no recommendation, ${printable(missing.text)}`),
  ...(recommendations.length + insufficient.length === 0 ? [] : [""])
]

const differences = ({ differences }: AnalyticsReport.Bottlenecks) =>
  table(
    "What slow or failed runs have in common",
    ["RUNS", "ATTRIBUTE", "VALUE", "WITH IT", "WITHOUT IT", "BY CHANCE", "FOR EXAMPLE"],
    differences.map(({ affected, attribute, probability, runIds, value, withValue, withoutValue }) => [
      text(affected),
      text(attribute),
      text(value),
      text(`${withValue.affected} of ${withValue.runs}`),
      text(`${withoutValue.affected} of ${withoutValue.runs}`),
      text(probability < 0.001 ? "< 0.1 %" : percent(probability).text),
      text(runIds[0])
    ])
  )

const tasks = ({ tasks }: AnalyticsReport.Performance) =>
  table(
    "Tasks, the slowest first",
    ["TASK", "COMPLETE", "FAILED", "P50", "P95", "P99", "WORK", "QUEUE", "RETRY", "BACK-OFF", "SQL"],
    tasks.map((task) => [
      text(named(task)),
      count(task.runs.complete),
      count(task.runs.failed),
      duration(task.makespan.p50),
      duration(task.makespan.p95),
      duration(task.makespan.p99),
      percent(task.shares.work),
      percent(task.shares.queue),
      percent(task.shares.retry),
      percent(task.shares.backoff),
      percent(task.shares.sql)
    ])
  )

const steps = ({ steps }: AnalyticsReport.Performance) =>
  table(
    "Steps, first those that decide most of the time",
    ["STEP", "TASK", "OF THE TIME", "ON THE PATH", "WORK P50", "WORK P95", "RETRIED RUNS"],
    steps.map((step) => [
      text(step.stepName),
      text(named(step)),
      percent(step.makespanShare),
      percent(step.criticalShare),
      duration(step.work.p50),
      duration(step.work.p95),
      count(step.retriedRuns)
    ])
  )

const errors = ({ errors }: AnalyticsReport.Bottlenecks) =>
  table(
    "Errors, first those that cost most time",
    ["STEP", "TASK", "ERROR", "FAILURES", "RECOVERED", "TIME LOST", "FOR EXAMPLE"],
    errors.map((error) => [
      text(error.stepName),
      text(named(error)),
      text(error.errorType),
      count(error.failures),
      percent(error.recoveryShare),
      duration(error.lostSeconds),
      text(error.runIds[0])
    ])
  )

const blocking = ({ blocking }: AnalyticsReport.Bottlenecks) =>
  table(
    "Steps that others wait for",
    ["STEP", "TASK", "WAIT", "NEVER STARTED", "WAITING STEPS"],
    blocking.map((step) => [
      text(step.stepName),
      text(named(step)),
      duration(step.blockedSeconds),
      count(step.neverStarted),
      text(step.blocks.join(", "))
    ])
  )

const queries = ({ queries }: AnalyticsReport.Bottlenecks) =>
  table(
    "Steps that use SQL",
    ["STEP", "TASK", "PER RUN", "OF ITS WORK", "STATEMENTS P50", "P95"],
    queries.map((step) => [
      text(step.stepName),
      text(named(step)),
      duration(step.secondsPerRun),
      percent(step.shareOfWork),
      count(step.statements.p50),
      count(step.statements.p95)
    ])
  )

const namesOfPatterns: Readonly<Record<AnalyticsReport.Bottlenecks["patterns"][number]["kind"], string>> = {
  repeated_query: "asked many times",
  many_rows: "very many rows",
  idle_in_transaction: "idle in transaction",
  blocking_transaction: "others wait"
}

const patterns = ({ patterns }: AnalyticsReport.Bottlenecks) =>
  table(
    "SQL that costs more than it needs to",
    ["STEP", "TASK", "WHAT", "STATEMENT", "RUNS", "COUNT P50", "TIME", "FOR EXAMPLE"],
    patterns.map((pattern) => [
      text(pattern.stepName),
      text(named(pattern)),
      text(namesOfPatterns[pattern.kind]),
      text(pattern.summary),
      count(pattern.runs),
      count(pattern.count.p50),
      duration(pattern.totalSeconds),
      text(pattern.runIds[0])
    ])
  )

const unfinished = ({ unfinished, unfinishedRuns }: AnalyticsReport.Performance) =>
  table(
    unfinishedRuns > unfinished.length
      ? `Unfinished runs, the oldest ${unfinished.length} of ${unfinishedRuns}`
      : "Unfinished runs, the oldest first",
    ["RUN", "TASK", "AGE", "WAITS FOR"],
    unfinished.map((run) => [text(run.runId), text(named(run)), duration(run.ageSeconds), text(run.sentence)])
  )

/**
 * `tasker-telemetry validate performance`: a bounded load on a running service, and whether the times that its telemetry
 * shows are the times of the runs.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Option from "effect/Option"
import { Attribute, MetricName, SpanName } from "../../Conventions.ts"
import { connectionFlags } from "../connectionFlags.ts"
import * as answerChecks from "./answerChecks.ts"
import * as checkMetrics from "./checkMetrics.ts"
import * as performance from "./expectPerformance.ts"
import { type Exposition, numberOf, type Sample, sumOf } from "./exposition.ts"
import * as Finding from "./Finding.ts"
import * as JaegerClient from "./JaegerClient.ts"
import { jsonInput } from "./jsonInput.ts"
import { jaegerFlag, jobFlag, prometheusFlag, withinFlag } from "./placeFlags.ts"
import * as PrometheusClient from "./PrometheusClient.ts"
import * as Report from "./Report.ts"
import * as ServiceClient from "./ServiceClient.ts"
import { type Done, execute, workloadFlags } from "./workload.ts"

const positive = (name: string, description: string) =>
  Flag.Finite(name).pipe(
    Flag.withDescription(description),
    Flag.filter((value) => value >= 0, () => "Expected a number of at least 0")
  )

/** The command. */
export const command = Command.make(
  "performance",
  {
    ...workloadFlags(20, 5),
    p95: positive("p95", "The longest time in seconds that 95 % of the runs may take").pipe(Flag.optional),
    errorRate: positive("error-rate", "The highest share of failed runs").pipe(Flag.withDefault(0)),
    slow: positive("slow", "Seconds from which on a run is slow").pipe(Flag.withDefault(1)),
    mostSlow: positive("most-slow", "The highest number of slow runs").pipe(Flag.withDefault(5)),
    jaeger: jaegerFlag,
    prometheus: prometheusFlag,
    job: jobFlag,
    within: withinFlag(60, "traces and values"),
    ...connectionFlags
  },
  Effect.fnUntraced(function*({ concurrency, context, count, json, task, within, ...given }) {
    const input = yield* jsonInput(context)
    const report = Report.make("validate performance", json)
    const service = ServiceClient.make(given)
    const prometheus = PrometheusClient.make(given.prometheus)
    const limits = { ...given, p95: Option.getOrUndefined(given.p95) }

    const live = yield* Effect.result(service.live)
    if (live._tag === "Failure") {
      yield* report.add(
        answerChecks.unreachable("service", live.failure, "start the service there, or give its address with --url")
      )
      return yield* report.end()
    }
    const scraped = yield* checkMetrics.findTarget(prometheus, service, Option.getOrUndefined(given.job), within)
    const connected = yield* Effect.result(JaegerClient.connect(given.jaeger))
    yield* report.add(scraped.findings)
    if (connected._tag === "Failure") {
      yield* report.add(
        answerChecks.unreachable("Jaeger", connected.failure, "start Jaeger, or give its address with --jaeger")
      )
    }
    const before = yield* checkMetrics.checkEndpoint(service)
    yield* report.add(before.findings)
    yield* report.progress(`running ${task} ${count} times, ${concurrency} at a time`)
    const done = yield* execute(service, { task, context: input, count, concurrency, within: 60 + within })
    yield* report.add(done.findings)
    if (done.runs.length === 0) return yield* report.end()
    const runs = done.runs.map(({ run }) => run)
    yield* report.add(performance.judgeRuns(runs, done.elapsed / 1000, limits))

    yield* report.progress(`waiting up to ${within} s for traces and values`)
    const name = ServiceClient.serviceName(live.success) ?? "tasker"
    const durations = connected._tag === "Failure" ? [] : yield* durationsOf(connected.success, done, within)
    if (connected._tag === "Success") {
      const slowTraces = yield* Effect.result(countSlow(connected.success, name, done, limits.slow))
      const ofTasks = runs.flatMap(({ durationSeconds }) => durationSeconds === undefined ? [] : [durationSeconds])
      yield* report.add(
        slowTraces._tag === "Failure"
          ? answerChecks.unreachable("search for slow traces", slowTraces.failure, "look into the log of Jaeger")
          : performance.compareDurations(ofTasks, durations, limits.slow, slowTraces.success)
      )
    }
    if (before.exposition !== undefined) {
      const { exposition, findings } = yield* checkMetrics.checkEndpoint(service)
      if (exposition === undefined) yield* report.add(findings)
      else if (scraped.target !== undefined) {
        yield* report.add(yield* checkMetrics.checkStored(prometheus, service, exposition, scraped.target, within))
        yield* report.add(
          durations.length === 0
            ? Finding.skipped("percentiles", "there is no trace to compare those of Prometheus with")
            : yield* percentiles(prometheus, scraped.target, before.exposition, exposition, task, durations)
        )
      }
    }
    yield* report.end({ runs: runs.length, seconds: done.elapsed / 1000 })
  })
).pipe(
  Command.withDescription(
    "Put a bounded load on a running service, and compare the times of Prometheus, Jaeger and the runs"
  ),
  Command.withExamples([{
    command: "tasker-telemetry validate performance --task greet --count 50 --concurrency 10 --p95 0.5",
    description: "Fifty runs, of which 95 % may take half a second"
  }])
)

/** Waits for the traces, and gives how long the run in each took, in seconds. */
const durationsOf = (
  client: JaegerClient.JaegerClient,
  { runs }: Done,
  within: number
): Effect.Effect<ReadonlyArray<number>, never, HttpClient> => {
  const ask = Effect.map(
    Effect.forEach(runs, ({ traceId }) => client.trace(traceId), { concurrency: 4 }),
    (traces) =>
      traces.flatMap((spans, index) => {
        const task = spans.find(({ attributes, name }) =>
          name === SpanName.task && attributes[Attribute.taskId] === runs[index]?.run.taskId
        )
        return task === undefined ? [] : [task.duration / 1e6]
      })
  )
  return JaegerClient.until(ask, (found) => found.length >= runs.length, within).pipe(
    Effect.map(({ answer }) => answer),
    Effect.orElseSucceed(() => [])
  )
}

/** How many of the runs a search for slow traces finds. */
const countSlow = (client: JaegerClient.JaegerClient, name: string, { runs }: Done, slow: number) => {
  const ids = new Set(runs.map(({ run }) => run.taskId))
  const from = Math.min(...runs.map(({ from }) => from)) - 60_000
  const to = Math.max(...runs.map(({ to }) => to)) + 60_000
  return client.search(name, from, to, { minimumSeconds: slow, operation: SpanName.task }).pipe(
    Effect.map((spans) =>
      spans.filter((span) =>
        span.name === SpanName.task && span.duration / 1e6 >= slow && ids.has(String(span.attributes[Attribute.taskId]))
      ).length
    )
  )
}

/**
 * The percentiles that Prometheus computes of this load alone: of its buckets now, less those that the service had before
 * the load. Its own last scrape may be older than runs of others.
 */
const percentiles = Effect.fnUntraced(function*(
  prometheus: PrometheusClient.PrometheusClient,
  target: PrometheusClient.Target,
  before: Exposition,
  after: Exposition,
  task: string,
  durations: ReadonlyArray<number>
): Effect.fn.Return<ReadonlyArray<Finding.Finding>, never, HttpClient> {
  const bounds = performance.boundsOf(after.samples, MetricName.workflowDuration)
  const buckets = `sum by (le) (${MetricName.workflowDuration}_bucket{task=${JSON.stringify(task)},${
    checkMetrics.selectorOf(target)
  }})`
  const ask = Effect.flatMap(prometheus.query(buckets), (stored) => {
    const load = stored.length === 0 ? buckets : `${buckets} - (${bucketsOf(before.samples, task, stored)})`
    return Effect.forEach(
      [0.5, 0.95],
      (share) =>
        Effect.map(
          prometheus.query(`histogram_quantile(${share}, ${load})`),
          (answer) =>
            performance.comparePercentiles(
              `p${share * 100}`,
              bounds,
              performance.percentile(durations, share),
              answer[0]?.value
            )
        )
    )
  })
  return yield* Effect.match(ask, {
    onFailure: (failure) => [checkMetrics.prometheusFailure("percentiles", failure)],
    onSuccess: (findings) => findings
  })
})

/** An expression of the buckets of a task, with the bounds as Prometheus writes them. */
const bucketsOf = (samples: ReadonlyArray<Sample>, task: string, stored: ReadonlyArray<Sample>): string => {
  const name = `${MetricName.workflowDuration}_bucket`
  const bounds = Map.groupBy(
    samples.filter((sample) => sample.name === name),
    ({ labels }) => numberOf(labels["le"] ?? "")
  )
  return stored.map(({ labels: { le = "" } }) =>
    `label_replace(vector(${sumOf(bounds.get(numberOf(le)) ?? [], name, { task })}), "le", ${
      JSON.stringify(le)
    }, "", "")`
  ).join(" or ")
}

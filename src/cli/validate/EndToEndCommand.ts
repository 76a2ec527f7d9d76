/**
 * `tasker-telemetry validate e2e`: starts runs in a running service, and checks that traces, metrics, log lines and the
 * task API agree about them exactly.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { MetricName } from "../../Conventions.ts"
import { connectionFlags } from "../connectionFlags.ts"
import * as answerChecks from "./answerChecks.ts"
import * as checkMetrics from "./checkMetrics.ts"
import { checkLogs, checkTraces } from "./checkRuns.ts"
import { expectCounts } from "./expectCounts.ts"
import * as Finding from "./Finding.ts"
import * as JaegerClient from "./JaegerClient.ts"
import { jsonInput } from "./jsonInput.ts"
import * as logFile from "./logFile.ts"
import { jaegerFlag, jobFlag, prometheusFlag, withinFlag } from "./placeFlags.ts"
import * as PrometheusClient from "./PrometheusClient.ts"
import * as Report from "./Report.ts"
import * as ServiceClient from "./ServiceClient.ts"
import { type Done, execute, workloadFlags } from "./workload.ts"

/** The command. */
export const command = Command.make(
  "e2e",
  {
    ...workloadFlags(5, 2),
    jaeger: jaegerFlag,
    prometheus: prometheusFlag,
    job: jobFlag,
    logFile: Flag.String("log-file").pipe(
      Flag.withDescription("Log file of the service with lines of JSON; without it, lines are not checked"),
      Flag.optional
    ),
    service: Flag.String("service").pipe(
      Flag.withDescription("Name of the service in Jaeger; the service says it itself"),
      Flag.optional
    ),
    within: withinFlag(60, "traces, values and lines"),
    ...connectionFlags
  },
  Effect.fnUntraced(function*({ concurrency, context, count, json, task, within, ...places }) {
    const input = yield* jsonInput(context)
    const report = Report.make("validate e2e", json)
    const service = ServiceClient.make(places)
    const prometheus = PrometheusClient.make(places.prometheus)

    yield* report.progress(`asking the service at ${service.url}`)
    const live = yield* Effect.result(service.live)
    if (live._tag === "Failure") {
      yield* report.add(
        answerChecks.unreachable("service", live.failure, "start the service there, or give its address with --url")
      )
      return yield* report.end()
    }
    const name = Option.getOrElse(places.service, () => ServiceClient.serviceName(live.success) ?? "tasker")
    yield* report.add(Finding.ok("service", `${name} answers at ${service.url}`))
    const endpoint = yield* checkMetrics.checkEndpoint(service)
    yield* report.add(endpoint.findings)

    yield* report.progress(`asking Prometheus at ${places.prometheus} and Jaeger at ${places.jaeger}`)
    const scraped = yield* checkMetrics.findTarget(prometheus, service, Option.getOrUndefined(places.job), within)
    yield* report.add(scraped.findings)
    const connected = yield* Effect.result(JaegerClient.connect(places.jaeger))
    yield* report.add(
      connected._tag === "Failure"
        ? answerChecks.unreachable("Jaeger", connected.failure, "start Jaeger, or give its address with --jaeger")
        : [
          Finding.ok("Jaeger", `answers at ${places.jaeger} (API ${connected.success.api})`),
          answerChecks.clock("Jaeger", connected.success.skewMillis)
        ]
    )
    const offset = Option.isSome(places.logFile) ? yield* logFile.sizeOf(places.logFile.value) : 0

    yield* report.progress(`starting ${count} runs of ${task}`)
    const hasGraphql = yield* service.hasGraphql
    const done = yield* execute(service, {
      task,
      context: input,
      count,
      concurrency,
      within: 60 + within,
      starts: hasGraphql ? [service.start, service.startByGraphql] : [service.start]
    })
    yield* report.add(startedByGraphql(hasGraphql, count))
    yield* report.add(done.findings)
    if (done.runs.length === 0) return yield* report.end()

    if (endpoint.exposition !== undefined) {
      yield* report.progress(`waiting up to ${within} s for metrics`)
      const { exposition, findings } = yield* checkMetrics.checkEndpoint(service)
      if (exposition === undefined) yield* report.add(findings)
      else {
        // What the service had before, and not what Prometheus had: its last scrape may be older than runs of others.
        const before = endpoint.exposition.samples
        yield* report.add(expectCounts("service", task, runsOf(done), before, exposition.samples))
        if (scraped.target !== undefined) {
          yield* report.add(yield* checkMetrics.checkStored(prometheus, service, exposition, scraped.target, within))
          const stored = yield* Effect.result(prometheus.query(countersOf(scraped.target)))
          yield* report.add(
            stored._tag === "Failure"
              ? checkMetrics.prometheusFailure("stored counters", stored.failure)
              : expectCounts("Prometheus", task, runsOf(done), before, stored.success)
          )
          yield* report.add(yield* checkMetrics.checkQueries(prometheus, scraped.target, false))
        }
      }
    }
    if (connected._tag === "Success") {
      yield* report.progress(`waiting up to ${within} s for traces`)
      yield* report.add(yield* checkTraces(connected.success, service, name, done.runs, within))
    }
    if (Option.isSome(places.logFile)) {
      yield* report.progress("reading the log")
      yield* report.add(yield* checkLogs(places.logFile.value, offset, done.runs, Math.min(within, 10)))
    } else yield* report.add(Finding.skipped("log lines", "give the log file with --log-file to check them"))
    yield* report.end({ service: name, taskIds: done.runs.map(({ run }) => run.taskId) })
  })
).pipe(
  Command.withDescription(
    "Start runs in a running service, and check that traces, metrics, log lines and the task API agree exactly"
  ),
  Command.withExamples([{
    command: "tasker-telemetry validate e2e --url http://127.0.0.1:3000/tasker --task analyze_directory " +
      "--context '{\"path\":\"/usr/share/doc\"}'",
    description: "The demo, with Jaeger and Prometheus on this machine"
  }])
)

/** Every second run starts by GraphQL where the service has the route. */
const startedByGraphql = (hasGraphql: boolean, count: number): Finding.Finding =>
  hasGraphql && count > 1
    ? Finding.ok("GraphQL", `${Math.floor(count / 2)} of ${count} runs are started by createTask at /graphql`)
    : Finding.skipped(
      "GraphQL",
      hasGraphql
        ? "a single run is started by POST /tasks"
        : "the service has no route /graphql; see GraphqlRoute.layer"
    )

const runsOf = ({ runs }: Done) => runs.map(({ run }) => run)

const counted = [
  MetricName.tasks,
  MetricName.steps,
  `${MetricName.workflowDuration}_count`,
  `${MetricName.stepDuration}_count`
].join("|")

/** Asks for the counters of a target. */
const countersOf = (target: PrometheusClient.Target): string =>
  `{__name__=~"${counted}",${checkMetrics.selectorOf(target)}}`

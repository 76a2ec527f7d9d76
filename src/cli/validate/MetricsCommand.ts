/**
 * `tasker-telemetry validate metrics`: whether the metrics of a running service are well formed, and Prometheus has them
 * with the same values.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { connectionFlags } from "../connectionFlags.ts"
import * as checkMetrics from "./checkMetrics.ts"
import { jobFlag, prometheusFlag, withinFlag } from "./placeFlags.ts"
import * as PrometheusClient from "./PrometheusClient.ts"
import * as Report from "./Report.ts"
import * as ServiceClient from "./ServiceClient.ts"

/** The command. */
export const command = Command.make(
  "metrics",
  {
    ...connectionFlags,
    prometheus: prometheusFlag,
    job: jobFlag,
    rules: Flag.Boolean("rules").pipe(
      Flag.withDescription("Fail if Prometheus has loaded no rule about tasker_…"),
      Flag.withDefault(false)
    ),
    within: withinFlag(60, "values that Prometheus has not scraped")
  },
  Effect.fnUntraced(function*({ job, json, prometheus, rules, within, ...connection }) {
    const report = Report.make("validate metrics", json)
    const service = ServiceClient.make(connection)
    const client = PrometheusClient.make(prometheus)
    yield* report.progress(`reading ${service.metricsUrl}`)
    const { exposition, findings } = yield* checkMetrics.checkEndpoint(service)
    yield* report.add(findings)
    yield* report.progress(`asking Prometheus at ${prometheus}`)
    const found = yield* checkMetrics.findTarget(client, service, Option.getOrUndefined(job), within)
    yield* report.add(found.findings)
    if (found.target !== undefined && exposition !== undefined) {
      yield* report.progress(`waiting up to ${within} s for a scrape with these values`)
      yield* report.add(yield* checkMetrics.checkStored(client, service, exposition, found.target, within))
      yield* report.add(yield* checkMetrics.checkQueries(client, found.target, rules))
    }
    yield* report.end()
  })
).pipe(
  Command.withDescription("Check the metrics of a running service, and that Prometheus has them with the same values"),
  Command.withExamples([{
    command: "tasker-telemetry validate metrics --url http://127.0.0.1:3000/tasker",
    description: "The demo, and Prometheus on this machine"
  }])
)

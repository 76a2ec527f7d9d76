/**
 * Checks the metrics of a service, and that Prometheus has them.
 */
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as answerChecks from "./answerChecks.ts"
import * as expectMetrics from "./expectMetrics.ts"
import type { Exposition } from "./exposition.ts"
import * as Finding from "./Finding.ts"
import * as JaegerClient from "./JaegerClient.ts"
import { judge, planQueries } from "./planQueries.ts"
import type { Failure, PrometheusClient, Target } from "./PrometheusClient.ts"
import type { ServiceClient } from "./ServiceClient.ts"

/** The metrics of the service, if it exposes them as it should. */
export const checkEndpoint = Effect.fnUntraced(function*(service: ServiceClient) {
  const asked = yield* Effect.result(service.metrics)
  if (asked._tag === "Failure") {
    const advice = "start the service there, or give its address with --url"
    return { findings: [answerChecks.unreachable("endpoint", asked.failure, advice)], exposition: undefined }
  }
  const { answer, exposition } = asked.success
  if (answer.status !== 200) {
    return {
      findings: [answerChecks.status("endpoint", `GET ${service.metricsUrl}`, answer.status)],
      exposition: undefined
    }
  }
  const { metrics, problems, samples } = exposition
  return {
    findings: [
      Finding.ok("endpoint", `${service.metricsUrl} has ${metrics.length} metrics, ${samples.length} samples`),
      answerChecks.clock("the service", answer.skewMillis),
      problems.length === 0
        ? Finding.ok("lint", "names, types, help and histograms are as Prometheus asks")
        : Finding.failed(
          "lint",
          "an exposition without mistakes",
          Finding.names(problems, 4),
          "correct the names of the program's own metrics, or change them with metrics.views"
        )
    ],
    exposition
  }
})

/** Prometheus does not answer a question of a check. */
export const prometheusFailure = (check: string, { address, reason }: Failure): Finding.Finding =>
  Finding.failed(check, `an answer from ${address}`, reason, "start Prometheus, or give its address with --prometheus")

/** Finds the target of the service, and waits until its first scrape has succeeded. */
export const findTarget = Effect.fnUntraced(function*(
  prometheus: PrometheusClient,
  service: ServiceClient,
  job: string | undefined,
  within: number
): Effect.fn.Return<
  { readonly findings: ReadonlyArray<Finding.Finding>; readonly target: Target | undefined },
  never,
  HttpClient
> {
  const healthy = yield* Effect.result(prometheus.healthy)
  if (healthy._tag === "Failure") {
    return { findings: [prometheusFailure("Prometheus", healthy.failure)], target: undefined }
  }
  const clock = answerChecks.clock("Prometheus", healthy.success.skewMillis)
  const ask = Effect.map(prometheus.targets, (targets) => expectMetrics.findTarget(targets, service.metricsUrl, job))
  // A Prometheus that has just started has no target, or one without a scrape. Other failures do not pass by themselves.
  const found = yield* Effect.result(
    JaegerClient.until(ask, ({ isFinal }) => isFinal, Math.max(within, longestStart))
  )
  if (found._tag === "Failure") {
    return { findings: [prometheusFailure("Prometheus", found.failure)], target: undefined }
  }
  const { finding, target } = found.success.answer
  return { findings: [Finding.ok("Prometheus", `answers at ${prometheus.url}`), clock, finding], target }
})

/** Seconds in which a Prometheus that has just started scrapes what it knows. */
const longestStart = 15

/** The label matchers that choose the series of a target. */
export const selectorOf = ({ labels }: Target): string =>
  ["job", "instance"].flatMap((name) => labels[name] === undefined ? [] : [`${name}=${JSON.stringify(labels[name])}`])
    .join(",")

/** Waits for a scrape that is younger than the exposition, and compares. */
export const checkStored = Effect.fnUntraced(function*(
  prometheus: PrometheusClient,
  service: ServiceClient,
  before: Exposition,
  target: Target,
  within: number
): Effect.fn.Return<ReadonlyArray<Finding.Finding>, never, HttpClient> {
  const selector = selectorOf(target)
  const stored = prometheus.query(`{__name__=~"tasker_.+",${selector}}`)
  const compare = Effect.gen(function*() {
    const found = yield* stored
    const after = yield* Effect.orElseSucceed(service.metrics, () => undefined)
    const finding = expectMetrics.values(before.samples, (after?.exposition ?? before).samples, found)
    return { found, finding }
  })
  const compared = yield* Effect.result(
    JaegerClient.until(compare, ({ finding }) => finding.outcome === "ok", within)
  )
  if (compared._tag === "Failure") return [prometheusFailure("stored metrics", compared.failure)]
  const { answer: { finding, found }, seconds } = compared.success
  return [
    ...expectMetrics.presence(before, found),
    finding.outcome === "ok" ? Finding.ok(finding.check, `${finding.found} (after ${seconds.toFixed(1)} s)`) : finding
  ]
})

/** Whether rules are loaded and work, and the queries of dashboards and alerts answer. */
export const checkQueries = Effect.fnUntraced(function*(
  prometheus: PrometheusClient,
  target: Target,
  rulesRequired: boolean
): Effect.fn.Return<ReadonlyArray<Finding.Finding>, never, HttpClient> {
  const rules = yield* Effect.result(prometheus.rules)
  const queries = yield* Effect.forEach(
    planQueries(selectorOf(target)),
    (query) =>
      Effect.match(prometheus.query(query.expression), {
        onFailure: (failure) => prometheusFailure(`query ${query.name}`, failure),
        onSuccess: (answer) => judge(query, answer)
      })
  )
  return [
    ...(rules._tag === "Failure"
      ? [prometheusFailure("rules", rules.failure)]
      : expectMetrics.rules(rules.success, rulesRequired)),
    ...queries
  ]
})

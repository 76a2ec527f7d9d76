/**
 * Compares what Prometheus holds with what the service exposes.
 */
import { MetricName, ResourceMetricName } from "../../Conventions.ts"
import * as exposition from "./exposition.ts"
import * as Finding from "./Finding.ts"
import type { Rule, Target } from "./PrometheusClient.ts"

/** The target of Prometheus that scrapes an address; a finding if there is none. `isFinal`: time changes nothing. */
export const findTarget = (
  targets: ReadonlyArray<Target>,
  metricsUrl: string,
  job: string | undefined
): { readonly target: Target | undefined; readonly finding: Finding.Finding; readonly isFinal: boolean } => {
  const check = "scrape"
  const wanted = new URL(metricsUrl)
  const ofJob = job === undefined ? targets : targets.filter(({ labels }) => labels["job"] === job)
  const place = (url: string) => URL.canParse(url) ? new URL(url) : undefined
  const atHost = ofJob.filter(({ scrapeUrl }) => place(scrapeUrl)?.host === wanted.host)
  const candidates = atHost.length > 0 || job === undefined ? atHost : ofJob
  const exact = candidates.filter(({ scrapeUrl }) => place(scrapeUrl)?.pathname === wanted.pathname)
  const target = exact.find(({ health }) => health === "up") ?? exact[0] ?? candidates[0]
  if (target === undefined) {
    return {
      target,
      isFinal: targets.length > 0,
      finding: Finding.failed(
        check,
        job === undefined ? `a target with the address ${wanted.host}` : `a target of job ${job}`,
        `targets ${Finding.names(targets.map(({ scrapeUrl }) => scrapeUrl))}`,
        `add a job with the target ${wanted.host} and metrics_path ${wanted.pathname} to prometheus.yml, or name the ` +
          "job of another address with --job"
      )
    }
  }
  if (place(target.scrapeUrl)?.pathname !== wanted.pathname) {
    return {
      target: undefined,
      isFinal: target.health !== "unknown",
      finding: Finding.failed(
        check,
        `Prometheus scrapes the path ${wanted.pathname}`,
        `it scrapes ${target.scrapeUrl}${target.lastError === "" ? "" : ` (${target.lastError})`}`,
        `set metrics_path: ${wanted.pathname} for job ${target.labels["job"] ?? ""} in prometheus.yml`
      )
    }
  }
  if (target.health !== "up") {
    return {
      target: undefined,
      isFinal: target.health !== "unknown",
      finding: Finding.failed(
        check,
        `the scrape of ${target.scrapeUrl} succeeds`,
        target.health === "unknown" ? "no scrape yet" : target.lastError,
        /\b40[13]\b/.test(target.lastError)
          ? "give Prometheus the token of http.token under authorization.credentials_file"
          : "look whether Prometheus reaches this address; a container reaches its host by another name"
      )
    }
  }
  return {
    target,
    isFinal: true,
    finding: Finding.ok(check, `job ${target.labels["job"] ?? ""} scrapes ${target.scrapeUrl}`)
  }
}

/** Metrics that every run of a task has. */
const always: ReadonlyArray<string> = [
  MetricName.tasks,
  MetricName.steps,
  MetricName.workflowDuration,
  MetricName.stepDuration
]

/** Whether the workflow metrics are exposed, and each exposed one is in Prometheus. */
export const presence = (
  exposed: exposition.Exposition,
  stored: ReadonlyArray<exposition.Sample>
): ReadonlyArray<Finding.Finding> => {
  const nameOf = (() => {
    const metrics = new Map(exposed.metrics.map((metric) => [metric.name, metric]))
    return (sample: string) => exposition.metricNameOf(sample, metrics)
  })()
  const here = new Set(exposed.samples.map(({ name }) => nameOf(name)))
  const there = new Set(stored.map(({ name }) => nameOf(name)))
  const workflow: ReadonlyArray<string> = Object.values(MetricName)
  const unrecorded = always.filter((name) => !here.has(name))
  const absent = [...here].filter((name) => name.startsWith("tasker_") && !there.has(name))
  const idle = workflow.filter((name) => !here.has(name))
  const resources = Object.values(ResourceMetricName).filter((name) => !here.has(name))
  return [
    unrecorded.length === 0
      ? Finding.ok("workflow metrics", `${workflow.length - idle.length} of ${workflow.length} are recorded`)
      : Finding.failed(
        "workflow metrics",
        `the service exposes ${always.join(", ")}`,
        `without ${unrecorded.join(", ")}`,
        "run a task first, as validate e2e does; look at metrics.enabled, metrics.views and the routes of events"
      ),
    absent.length === 0
      ? Finding.ok(
        "stored metrics",
        `Prometheus holds all ${[...here].filter((name) => name.startsWith("tasker_")).length}`
      )
      : Finding.failed(
        "stored metrics",
        "Prometheus holds every metric that the service exposes",
        `without ${Finding.names(absent)}`,
        "look at metric_relabel_configs and sample_limit of the job in prometheus.yml"
      ),
    ...(idle.length === 0 ? [] : [Finding.skipped("metrics without a value yet", Finding.names(idle, 6))]),
    ...(resources.length === 0 ? [] : [Finding.skipped(
      "metrics of connections and caches",
      `without ${resources.join(", ")}: SqlMonitor, ConnectionMetrics and CacheMetrics count what a program has of them`
    )])
  ]
}

/**
 * Whether Prometheus has the values of the service. `before` and `after` are expositions around the scrape that
 * Prometheus has: a value that did not change in between is compared exactly, others by their range.
 */
export const values = (
  before: ReadonlyArray<exposition.Sample>,
  after: ReadonlyArray<exposition.Sample>,
  stored: ReadonlyArray<exposition.Sample>
): Finding.Finding => {
  const keyed = (samples: ReadonlyArray<exposition.Sample>) =>
    new Map(samples.filter(isOurs).map(({ labels, name, value }) => [exposition.seriesKey(name, labels), value]))
  const [first, last] = [keyed(before), keyed(after)]
  const found = new Map(
    stored.map(({ labels, name, value }) => [exposition.seriesKey(name, withoutTarget(labels)), value])
  )
  let exact = 0
  let range = 0
  const wrong: Array<string> = []
  for (const [key, value] of first) {
    const held = found.get(key)
    const next = last.get(key)
    if (next === undefined) continue
    const shown = key.replaceAll("\u0000", ",")
    if (held === undefined) wrong.push(`${shown} is missing`)
    else if (value === next) {
      exact++
      if (held !== value && !(Number.isNaN(held) && Number.isNaN(value))) {
        wrong.push(`${shown} is ${held}, not ${value}`)
      }
    } else {
      range++
      const isWithin = held >= Math.min(value, next) && held <= Math.max(value, next)
      if (!isWithin && /_(?:total|count|sum|bucket)\{/.test(key)) {
        wrong.push(`${shown} is ${held}, not ${value} to ${next}`)
      }
    }
  }
  const check = "values"
  return wrong.length === 0
    ? Finding.ok(check, `${exact} series are equal, ${range} changed meanwhile and are in range`)
    : Finding.failed(
      check,
      "Prometheus has the values of the service",
      `${wrong.length} differ: ${Finding.names(wrong, 3)}`,
      "look for two instances behind one target, for relabelling, and for a scrape that fails now and then"
    )
}

/** Values of the telemetry about itself and of the process change with every scrape. */
const isOurs = ({ name }: exposition.Sample): boolean => name.startsWith("tasker_")

/** Labels that Prometheus adds to the series of a target. */
const withoutTarget = ({ instance: _i, job: _j, ...labels }: Readonly<Record<string, string>>) => labels

/** Whether the loaded rules work. */
export const rules = (loaded: ReadonlyArray<Rule>, areRequired: boolean): ReadonlyArray<Finding.Finding> => {
  const ours = loaded.filter(({ name, query }) => `${name} ${query}`.includes("tasker"))
  if (ours.length === 0) {
    const found = "no rule about tasker_… is loaded"
    return [
      areRequired
        ? Finding.failed(
          "rules",
          "rules about tasker_… are loaded",
          found,
          "name the files of ops/prometheus under rule_files"
        )
        : Finding.skipped("rules", `${found}; ops/prometheus has some`)
    ]
  }
  const broken = ours.filter(({ health }) => health === "err")
  return [
    broken.length === 0
      ? Finding.ok("rules", `${ours.length} rules are loaded, and none fails`)
      : Finding.failed(
        "rules",
        "every rule can be evaluated",
        Finding.names(broken.map(({ lastError = "unknown", name }) => `${name}: ${lastError}`), 3),
        "correct the expressions; promtool check rules finds mistakes of syntax"
      )
  ]
}

/**
 * Judges a load: how long runs took, how many failed, and whether Prometheus, Jaeger and the task API agree about it.
 */
import { numberOf, type Sample } from "./exposition.ts"
import * as Finding from "./Finding.ts"

/** What a load may be like. */
export interface Limits {
  /** The longest p95 in seconds; none by default. */
  readonly p95: number | undefined
  /** The highest share of failed runs. */
  readonly errorRate: number
  /** Seconds from which on a run is slow. */
  readonly slow: number
  /** The highest number of slow runs. */
  readonly mostSlow: number
}

/** A run of the load. */
export interface LoadedRun {
  readonly status: string
  readonly durationSeconds?: number | undefined
}

/** The value at a rank of a sorted list: the smallest one that at least a share of the values does not exceed. */
export const percentile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

const seconds = (value: number): string => `${Number(value.toPrecision(3))} s`

/** What the task API says of the load. */
export const judgeRuns = (
  runs: ReadonlyArray<LoadedRun>,
  elapsedSeconds: number,
  { errorRate, mostSlow, p95, slow }: Limits
): ReadonlyArray<Finding.Finding> => {
  const durations = runs.flatMap(({ durationSeconds }) => durationSeconds === undefined ? [] : [durationSeconds])
  const found = percentile(durations, 0.95)
  const failed = runs.filter(({ status }) => status === "error").length / runs.length
  const slowRuns = durations.filter((duration) => duration >= slow).length
  return [
    p95 === undefined || found <= p95
      ? Finding.ok(
        "p95",
        `${seconds(found)} (median ${seconds(percentile(durations, 0.5))}, longest ${
          seconds(percentile(durations, 1))
        })`
      )
      : Finding.failed(
        "p95",
        `at most ${seconds(p95)}`,
        seconds(found),
        "ask \"tasker-telemetry analyze\" where the time goes"
      ),
    Finding.ok("throughput", `${Number((runs.length / elapsedSeconds).toPrecision(3))} runs in a second`),
    failed <= errorRate
      ? Finding.ok("error rate", String(Number(failed.toPrecision(3))))
      : Finding.failed(
        "error rate",
        `at most ${errorRate}`,
        String(Number(failed.toPrecision(3))),
        "look at the failed runs with GET /tasker/tasks, or in the log"
      ),
    slowRuns <= mostSlow
      ? Finding.ok("slow runs", `${slowRuns} took ${seconds(slow)} or longer`)
      : Finding.failed(
        "slow runs",
        `at most ${mostSlow} of ${seconds(slow)} or longer`,
        String(slowRuns),
        "ask \"tasker-telemetry analyze\" where the time goes"
      )
  ]
}

/** The bounds of the buckets of a histogram, in increasing order. */
export const boundsOf = (samples: ReadonlyArray<Sample>, name: string): ReadonlyArray<number> =>
  [
    ...new Set(
      samples.filter((sample) => sample.name === `${name}_bucket`).map(({ labels }) => numberOf(labels["le"] ?? ""))
    )
  ]
    .toSorted((left, right) => left - right)

/**
 * Whether the percentile that Prometheus computes from buckets agrees with the one of the traces. A histogram knows only
 * the bucket of a value, so both must be in one bucket or in neighbours.
 */
export const comparePercentiles = (
  label: string,
  bounds: ReadonlyArray<number>,
  ofTraces: number,
  ofPrometheus: number | undefined
): Finding.Finding => {
  const check = `${label} of Prometheus and of the traces`
  const bucketOf = (value: number) => bounds.findIndex((bound) => value <= bound)
  if (ofPrometheus === undefined || Number.isNaN(ofPrometheus)) {
    return Finding.failed(check, `about ${seconds(ofTraces)}`, "no answer", "look whether Prometheus scraped the load")
  }
  return Math.abs(bucketOf(ofTraces) - bucketOf(ofPrometheus)) <= 1
    ? Finding.ok(check, `${seconds(ofPrometheus)} and ${seconds(ofTraces)}`)
    : Finding.failed(
      check,
      `Prometheus computes about ${seconds(ofTraces)}, as the traces say`,
      seconds(ofPrometheus),
      "others run this task at the same time, or the buckets are too wide: look at metrics.views"
    )
}

/** Whether the traces are as long as the task API says. */
export const compareDurations = (
  ofTasks: ReadonlyArray<number>,
  ofTraces: ReadonlyArray<number>,
  slow: number,
  slowTraces: number
): ReadonlyArray<Finding.Finding> => {
  const [tasks, traces] = [percentile(ofTasks, 0.95), percentile(ofTraces, 0.95)]
  const advice = "look for a sampler or filter, and wait longer with --within"
  return [
    Finding.equal("traces of the load", ofTasks.length, ofTraces.length, advice),
    Math.abs(tasks - traces) <= 0.01 + 0.05 * tasks
      ? Finding.ok("p95 of traces", `${seconds(traces)}, as the task API says`)
      : Finding.failed("p95 of traces", seconds(tasks), seconds(traces), advice),
    Finding.equal(
      "slow traces",
      ofTraces.filter((duration) => duration >= slow).length,
      slowTraces,
      "look at Jaeger's limits"
    )
  ]
}

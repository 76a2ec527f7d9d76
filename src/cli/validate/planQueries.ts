/**
 * The queries that dashboards and alerts make, and what an answer may be.
 */
import { MetricName } from "../../Conventions.ts"
import type { Sample } from "./exposition.ts"
import * as Finding from "./Finding.ts"

/** A query with the range of its answer. */
export interface PlanQuery {
  readonly name: string
  readonly expression: string
  /** Whether a value can be an answer. */
  readonly accepts: (value: number) => boolean
  /** What a good answer is, in words. */
  readonly expected: string
}

const isDuration = (value: number) => value >= 0
const isShare = (value: number) => value >= 0 && value <= 1

/** The queries. A rate over a burst that is younger than two scrapes is 0, so each has an answer without one. */
export const planQueries = (selector: string): ReadonlyArray<PlanQuery> => {
  const of = (name: string, more = "") => `${name}{${[selector, more].filter((part) => part !== "").join(",")}}`
  const tasks = of(MetricName.tasks)
  const failed = of(MetricName.tasks, "status=\"error\"")
  return [
    {
      name: "p95 of runs",
      expression: `histogram_quantile(0.95, sum by (le) (${of(`${MetricName.workflowDuration}_bucket`)}))`,
      accepts: isDuration,
      expected: "seconds"
    },
    {
      name: "runs in a second",
      expression: `sum(rate(${tasks}[5m])) or vector(0)`,
      accepts: isDuration,
      expected: "a rate of at least 0"
    },
    {
      name: "failed runs in a second",
      expression: `sum(rate(${failed}[5m])) or vector(0)`,
      accepts: isDuration,
      expected: "a rate of at least 0, and 0 without failures"
    },
    {
      name: "error rate",
      expression: `(sum(increase(${failed}[5m])) or vector(0)) / ((sum(increase(${tasks}[5m])) > 0) or vector(1))`,
      accepts: isShare,
      expected: "a share from 0 to 1, and 0 without runs or failures"
    }
  ]
}

/** Judges an answer. */
export const judge = (
  { accepts, expected, expression, name }: PlanQuery,
  answer: ReadonlyArray<Sample>
): Finding.Finding => {
  const check = `query ${name}`
  const [sample] = answer
  return sample !== undefined && answer.length === 1 && accepts(sample.value)
    ? Finding.ok(check, String(Number(sample.value.toPrecision(4))))
    : Finding.failed(
      check,
      `${expression} answers ${expected}`,
      sample === undefined ? "no answer" : answer.length > 1 ? `${answer.length} series` : String(sample.value),
      "look whether Prometheus has scraped the service at least once after a run of a task"
    )
}

/**
 * Compares the increase of counters with the runs that made it.
 */
import { MetricName } from "../../Conventions.ts"
import { type Sample, sumOf } from "./exposition.ts"
import * as Finding from "./Finding.ts"
import type { ServiceRun } from "./ServiceClient.ts"

/** A counter, and by how much it must have grown. */
interface Expected {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly increase: number
}

/** The counters of runs of one task. */
const expectedOf = (task: string, runs: ReadonlyArray<ServiceRun>): ReadonlyArray<Expected> => {
  const statuses = Map.groupBy(runs, ({ status }) => status)
  const attempts = runs.flatMap(({ steps }) => steps).reduce((sum, { attempts }) => sum + attempts, 0)
  const complete =
    runs.flatMap(({ steps }) => steps).filter(({ attempts, status }) => status === "complete" && attempts > 0).length
  return [
    { name: MetricName.tasks, labels: { task }, increase: runs.length },
    ...[...statuses].map(([status, those]) => ({
      name: MetricName.tasks,
      labels: { task, status },
      increase: those.length
    })),
    { name: MetricName.steps, labels: { task }, increase: attempts },
    { name: MetricName.steps, labels: { task, status: "complete" }, increase: complete },
    { name: `${MetricName.workflowDuration}_count`, labels: { task }, increase: runs.length },
    { name: `${MetricName.stepDuration}_count`, labels: { task }, increase: attempts }
  ]
}

/** Whether the counters grew by exactly the runs. `place` says where the samples are from. */
export const expectCounts = (
  place: string,
  task: string,
  runs: ReadonlyArray<ServiceRun>,
  before: ReadonlyArray<Sample>,
  after: ReadonlyArray<Sample>
): ReadonlyArray<Finding.Finding> =>
  expectedOf(task, runs).map(({ increase, labels, name }) => {
    const found = sumOf(after, name, labels) - sumOf(before, name, labels)
    const series = `${name}{${
      Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")
    }}`
    return Finding.equal(`${place}: ${series}`, `+${increase}`, `+${found}`, adviceOf(increase, found))
  })

const adviceOf = (expected: number, found: number): string =>
  found === 2 * expected
    ? "every run counts twice: look for a second telemetry layer, a rule that measures the same event, or two instances " +
      "behind one address"
    : found > expected
    ? "others run this task at the same time: repeat this when nothing else does; otherwise something counts twice"
    : "look for an instance that restarted, for another instance behind this address, and at the routes of events"

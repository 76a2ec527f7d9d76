/**
 * Starts runs of a task in a running service, each in a trace of its own, and waits until they have ended.
 */
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as identifiers from "../../internal/identifiers.ts"
import type { ExpectedRun } from "./expectTrace.ts"
import * as Finding from "./Finding.ts"
import { ended, type Refused, type ServiceClient, type ServiceRun, type Start } from "./ServiceClient.ts"

/** What to start. */
export interface Workload {
  readonly task: string
  readonly context: unknown
  readonly count: number
  readonly concurrency: number
  /** Seconds after which a run that has not ended is given up. */
  readonly within: number
  /** Ways to start a run, taken in turn; `POST /tasks` by default. */
  readonly starts?: readonly [Start, ...ReadonlyArray<Start>]
}

/** A run that was started here. */
export interface StartedRun {
  readonly traceId: string
  /** The id of the span that the trace continues. */
  readonly parentId: string
  readonly from: number
  readonly to: number
  readonly run: ServiceRun
}

/** The runs, and what is wrong with them. */
export interface Done {
  readonly runs: ReadonlyArray<StartedRun>
  readonly findings: ReadonlyArray<Finding.Finding>
  /** Milliseconds from the first start to the last end. */
  readonly elapsed: number
}

/** The flags of a workload. */
export const workloadFlags = (count: number, concurrency: number) => ({
  task: Flag.String("task").pipe(
    Flag.withDescription("Name of a task that the service serves and that may be run for a test")
  ),
  context: Flag.String("context").pipe(
    Flag.withDescription("The task's input as JSON"),
    Flag.withMetavar("json"),
    Flag.withDefault("{}")
  ),
  count: Flag.Int("count").pipe(
    Flag.withDescription("Number of runs"),
    Flag.filter((value) => value >= 1 && value <= 1000, () => "Expected a whole number from 1 to 1000"),
    Flag.withDefault(count)
  ),
  concurrency: Flag.Int("concurrency").pipe(
    Flag.withDescription("Runs at the same time"),
    Flag.filter((value) => value >= 1 && value <= 100, () => "Expected a whole number from 1 to 100"),
    Flag.withDefault(concurrency)
  )
})

/** Starts the runs and waits for their ends. */
export const execute = Effect.fnUntraced(function*(
  service: ServiceClient,
  { concurrency, context, count, starts = [service.start], task, within }: Workload
): Effect.fn.Return<Done, never, HttpClient> {
  const start = yield* Clock.currentTimeMillis
  const results = yield* Effect.forEach(
    Array.from({ length: count }, (_, index) => index),
    (index) => Effect.result(executeOne(service, starts[index % starts.length] ?? starts[0], task, context, within)),
    { concurrency }
  )
  const elapsed = (yield* Clock.currentTimeMillis) - start
  const runs = results.flatMap((result) => result._tag === "Success" ? [result.success] : [])
  const failures = results.flatMap((result) => result._tag === "Failure" ? [result.failure] : [])
  const first = failures[0]
  const statuses = Map.groupBy(runs, ({ run }) => run.status)
  return {
    runs,
    elapsed,
    findings: [
      first === undefined
        ? Finding.ok("runs", `${count} runs of ${task} have ended: ${describe(statuses)}`)
        : Finding.failed(
          "runs",
          `${count} runs of ${task} start and end`,
          `${failures.length} did not: ${first.message}`,
          adviceOf(first)
        )
    ]
  }
})

const describe = (statuses: ReadonlyMap<string, ReadonlyArray<unknown>>): string =>
  [...statuses].map(([status, runs]) => `${runs.length} ${status}`).join(", ")

const adviceOf = ({ status }: Refused): string =>
  status === 401 || status === 403
    ? "give the token of the option http.token with --token or in TASKER_HTTP_TOKEN"
    : status === 404
    ? "name a task that TelemetryRoutes.layer({ tasks }) serves with --task"
    : status === 429
    ? "wait a minute, or raise http.writesPerMinute of the service"
    : status === 400
    ? "give an input that the task takes with --context"
    : status === 0
    ? "start the service there, or give its address with --url"
    : "look into the log of the service"

const executeOne = Effect.fnUntraced(function*(
  service: ServiceClient,
  start: Start,
  task: string,
  context: unknown,
  within: number
): Effect.fn.Return<StartedRun, Refused, HttpClient> {
  const traceId = (yield* identifiers.uuid).replaceAll("-", "")
  const parentId = (yield* identifiers.uuid).replaceAll("-", "").slice(16)
  const from = yield* Clock.currentTimeMillis
  const { taskId } = yield* start(task, context, { traceparent: `00-${traceId}-${parentId}-01` })
  while (true) {
    const run = yield* service.run(taskId)
    const to = yield* Clock.currentTimeMillis
    if (ended.has(run.status)) return { traceId, parentId, from, to, run }
    if (to - from > within * 1000) {
      return yield* Effect.fail({ status: 200, message: `run ${taskId} is ${run.status} after ${within} s` })
    }
    yield* Effect.sleep("50 millis")
  }
})

/** What the trace of a run must have. */
export const expectedOf = ({ from, parentId, run, to }: StartedRun, label: string): ExpectedRun => ({
  label,
  taskId: run.taskId,
  taskName: run.name,
  status: run.status,
  remoteParent: parentId,
  steps: run.steps,
  window: [from, to]
})

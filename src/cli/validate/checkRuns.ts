/**
 * Looks for what runs of a service have left: traces in Jaeger, lines in its log.
 */
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import { Attribute, SpanName } from "../../Conventions.ts"
import type { CliFailure } from "../CliFailure.ts"
import * as answerChecks from "./answerChecks.ts"
import { expectLogs } from "./expectLogs.ts"
import { expectTrace } from "./expectTrace.ts"
import * as Finding from "./Finding.ts"
import * as JaegerClient from "./JaegerClient.ts"
import * as logFile from "./logFile.ts"
import { expectOperations } from "./planOperations.ts"
import type { NoAnswer } from "./Probe.ts"
import type { ServiceClient } from "./ServiceClient.ts"
import type { StoredSpan } from "./storedSpans.ts"
import { expectedOf, type StartedRun } from "./workload.ts"

/** Waits for the traces of the runs, and compares each with its run. */
export const checkTraces = Effect.fnUntraced(function*(
  client: JaegerClient.JaegerClient,
  service: ServiceClient,
  name: string,
  runs: ReadonlyArray<StartedRun>,
  within: number
): Effect.fn.Return<ReadonlyArray<Finding.Finding>, never, HttpClient> {
  const judge = (traces: ReadonlyArray<Awaited>) =>
    traces.flatMap(({ spans, started }, index) => expectTrace(expectedOf(started, `run ${index + 1}`), spans))
  const ask = Effect.forEach(
    runs,
    (started): Effect.Effect<Awaited, NoAnswer, HttpClient> =>
      Effect.map(client.trace(started.traceId), (spans) => ({ started, spans })),
    { concurrency: 4 }
  )
  const found = yield* Effect.result(JaegerClient.until(ask, (traces) => Finding.hold(judge(traces)), within))
  if (found._tag === "Failure") {
    return [answerChecks.unreachable("traces", found.failure, "look into the log of Jaeger")]
  }
  const { answer, seconds } = found.success
  const stored = yield* countStored(client, name, runs, answer.flatMap(({ spans }) => spans))
  const account = yield* service.spanAccount
  const findings = judge(answer)
  const failures = findings.filter(({ outcome }) => outcome === "failed")
  const hint = account === undefined ? "" : `; the service says of its exporter: ${account}`
  return [
    Finding.equal(
      "number of traces",
      runs.length,
      stored,
      `start the receiver and Jaeger, look at delivery.endpoint of the service and at its sampler${hint}`
    ),
    ...(failures.length === 0
      ? [
        Finding.ok(
          "traces",
          `all ${runs.length} are complete, with the right parents, attributes and times, after ${seconds.toFixed(1)} s`
        )
      ]
      // The same thing is wrong with many runs. The first ones say what.
      : failures.slice(0, mostFailures)),
    ...(stored === 0 ? [] : expectOperations(answer.flatMap(({ spans }) => spans)))
  ]
})

interface Awaited {
  readonly started: StartedRun
  readonly spans: ReadonlyArray<StoredSpan>
}

const mostFailures = 8

/** The number of traces that have a run of ours: those with the ids that were given, and others that a search finds. */
const countStored = (
  client: JaegerClient.JaegerClient,
  name: string,
  runs: ReadonlyArray<StartedRun>,
  known: ReadonlyArray<StoredSpan>
) => {
  const ids = new Set(runs.map(({ run }) => run.taskId))
  const from = Math.min(...runs.map(({ from }) => from))
  const to = Math.max(...runs.map(({ to }) => to))
  const tracesOf = (spans: ReadonlyArray<StoredSpan>) =>
    new Set(
      spans.flatMap(({ attributes, name, traceId }) =>
        name === SpanName.task && ids.has(String(attributes[Attribute.taskId])) ? [traceId] : []
      )
    ).size
  return client.search(name, from - searchMargin, to + searchMargin, { operation: SpanName.task }).pipe(
    Effect.orElseSucceed((): ReadonlyArray<StoredSpan> => []),
    Effect.map((found) => tracesOf([...known, ...found]))
  )
}

/** Clocks may differ: a search that is too narrow would find nothing, where the times of the traces say what is wrong. */
const searchMargin = 86_400_000

/** Waits for the lines of the runs, and compares them with the runs. */
export const checkLogs = Effect.fnUntraced(function*(
  path: string,
  offset: number,
  runs: ReadonlyArray<StartedRun>,
  within: number
): Effect.fn.Return<ReadonlyArray<Finding.Finding>, CliFailure> {
  const { answer } = yield* JaegerClient.until(
    Effect.map(logFile.textFrom(path, offset), (text) => expectLogs(runs, text)),
    Finding.hold,
    within
  )
  return answer
})

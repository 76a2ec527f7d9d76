/**
 * Shows where runs of tasks lose time, over HTTP.
 *
 * @see AnalyticsReport for the schemas of the answers
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import * as TimeSlice from "../internal/TimeSlice.ts"
import * as Bottlenecks from "../performance/Bottlenecks.ts"
import { RunAnalysis } from "../performance/RunAnalysis.ts"
import { hasEnded, type RunRecord } from "../performance/RunRecord.ts"
import { RunRecords } from "../performance/RunRecords.ts"
import * as Redaction from "../redaction/Redaction.ts"
import { readStore } from "../workflow/internal/readStore.ts"
import { type RunnerSigns, TaskStore } from "../workflow/TaskStore.ts"
import * as AnalyticsView from "./internal/AnalyticsView.ts"
import { Analytics, type Query } from "./internal/api/analytics.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import { millisOf } from "./internal/durationParameter.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import { redactReport } from "./internal/RedactedReport.ts"
import * as StoredRun from "./internal/StoredRun.ts"

/**
 * Adds the analytics routes to the router.
 *
 * **Details**
 *
 * - `GET /analytics/performance`: how long tasks and steps take, and what unfinished runs wait for.
 * - `GET /analytics/bottlenecks`: what to change and what it gains, errors, blocking steps, SQL, and what slow or
 *   failed runs have in common.
 * - `GET /analytics/runs/:id`: what one run waits for, and its critical path once it has ended. A run of another process
 *   is looked up in the task store, which has no critical path, unless `RunRecords.layerSql` has its record. It answers 404 if no record has the id.
 *
 * The first two take `task`, `version` and `period`: only runs of this task, of this version, and runs that were created
 * in the last `period`, such as `1 hour` or milliseconds. A wrong or unknown parameter is answered 400. The records of
 * both are those of this process; with `RunRecords.layerSql`, ended runs are those of all instances that share the
 * database.
 *
 * If `enabled` or `performance.bottlenecks` is off, all answer 404. As for metrics, a request needs the bearer token
 * `http.token`, or one of `http.tokens` with the scope `analytics:read`, with `metrics.authRequired` or
 * `http.authRequired`; without it the routes answer 401.
 *
 * An analysis works in slices of a few milliseconds, and two analyses never work at the same time. Each publishes
 * `observability.analysis.completed`.
 *
 * **Example** (Analytics beside routes of one's own)
 *
 * ```ts
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as HttpServerResponse from "effect/http/HttpServerResponse"
 * import * as Layer from "effect/Layer"
 * import * as AnalyticsRoute from "tasker-telemetry/http/AnalyticsRoute"
 *
 * const Hello = HttpRouter.add("GET", "/hello", HttpServerResponse.text("hello"))
 * const App = Layer.mergeAll(Hello, AnalyticsRoute.layer)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | RunRecords | RunAnalysis | TaskStore> = ApiRoutes
  .layer(
    Analytics,
    Effect.fnUntraced(function*(handlers) {
      const { enabled, execution, performance } = yield* TelemetryConfig.Current
      const redaction = yield* Redaction.Current
      const records = yield* RunRecords
      const analysis = yield* RunAnalysis
      const store = yield* TaskStore

      /** Answers with a report about runs, without the secrets in their names. */
      const answer = (report: Readonly<Record<string, unknown>>, runs: ReadonlyArray<RunRecord>) =>
        Effect.map(TimeSlice.run(redactReport(report, runs, redaction)), (shown) => JsonResponse.json(200, shown))

      /** If the store does not say, what it says of the run is still worth something. */
      const runnerOf = (id: string): Effect.Effect<Option.Option<RunnerSigns>> =>
        Effect.orElseSucceed(
          readStore(() => store.runner?.(id) ?? Effect.succeedNone, execution.storeTimeout),
          () => Option.none()
        )

      const withSurroundings = (run: RunRecord) =>
        Effect.map(records.surroundings(run.id), (surroundings): AnalyticsView.Unfinished => ({ run, surroundings }))

      const performanceOf = Effect.fnUntraced(function*(query: Query) {
        const choice = yield* choiceOf(query)
        const ended = yield* records.find(choice)
        const report = yield* analysis.durations(choice)
        const unfinished = (yield* records.unfinished).filter(Bottlenecks.isChosen(choice))
        const aged = yield* Effect.forEach(
          unfinished,
          (run) => Effect.map(records.age(run.id), (age) => ({ run, age: Option.getOrElse(age, () => run.changedAt) }))
        )
        const oldest = aged.toSorted((left, right) => right.age - left.age).slice(0, mostUnfinished)
        const shown = yield* Effect.forEach(oldest, ({ run }) => withSurroundings(run), { concurrency: "unbounded" })
        const view = AnalyticsView.performance(report, ended, unfinished.length, shown, yield* records.missed)
        return yield* answer(view, [...ended, ...unfinished])
      })

      const bottlenecksOf = Effect.fnUntraced(function*(query: Query) {
        const choice = yield* choiceOf(query)
        const ended = yield* records.find(choice)
        const report = yield* analysis.bottlenecks(choice)
        const view = AnalyticsView.bottlenecks(report, ended, yield* analysis.differences(choice))
        return yield* answer(view, ended)
      })

      const one = Effect.fnUntraced(function*(id: string): Effect.fn.Return<HttpServerResponse, HttpServerResponse> {
        const found = yield* records.get(id)
        if (Option.isSome(found)) {
          return yield* answer(AnalyticsView.run(yield* withSurroundings(found.value), "recorded"), [found.value])
        }
        const stored = yield* Effect.mapError(readStore(() => store.get(id), execution.storeTimeout), () => storeFailed)
        if (Option.isNone(stored)) return yield* Effect.fail(unknownRun)
        const run = StoredRun.recordOf(stored.value)
        // If too many ran at the same time, runs of this process have no record here, either.
        const isElsewhere = (yield* records.missed) === 0
        const runner = hasEnded(run) ? Option.none() : yield* runnerOf(id)
        const surroundings = StoredRun.surroundingsOf(
          run,
          yield* Clock.currentTimeMillis,
          isElsewhere,
          Option.getOrUndefined(runner)
        )
        return yield* answer(AnalyticsView.run({ run, surroundings }, "stored"), [run])
      })

      const isOn = enabled && performance.bottlenecks
      const answered = (handler: Effect.Effect<HttpServerResponse, HttpServerResponse>) =>
        isOn ? ApiRoutes.answer(handler) : Effect.succeed(disabled)
      return handlers
        .handle("performance", ({ query }) => answered(performanceOf(query)))
        .handle("bottlenecks", ({ query }) => answered(bottlenecksOf(query)))
        .handle("run", ({ params }) => answered(one(params.id)))
    })
  )

/** Unfinished runs that are shown. */
const mostUnfinished = 20

const disabled = JsonResponse.json(404, {
  error: "analysis_disabled",
  message: "set the options enabled and performance.bottlenecks to true"
})

const unknownRun = JsonResponse.json(404, {
  error: "run_not_found",
  message:
    "no run of this process has this id, and the task store has none; performance.storedRuns says how many ended " +
    "runs are kept"
})

const storeFailed = JsonResponse.json(503, {
  error: "task_store_failed",
  message: "no run of this process has this id, and the task store failed or did not answer in time"
})

/** Which runs a request asks about. */
const choiceOf = ({ period, ...names }: Query) => {
  const millis = period === undefined ? undefined : millisOf(period)
  return Effect.map(
    Clock.currentTimeMillis,
    (now) => ({ ...names, since: millis === undefined ? undefined : now - millis })
  )
}

/**
 * Routes for an orchestrator: whether the process is alive, whether it may get
 * traffic, and how many tasks are in which state.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type * as Layer from "effect/Layer"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { ExporterStates } from "../internal/ExporterStates.ts"
import { redactService } from "../redaction/internal/redactNames.ts"
import * as Redaction from "../redaction/Redaction.ts"
import { readStore } from "../workflow/internal/readStore.ts"
import { TaskState } from "../workflow/internal/TaskState.ts"
import { TaskStore } from "../workflow/TaskStore.ts"
import type * as HealthReport from "./HealthReport.ts"
import { Health } from "./internal/api/health.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import * as exporterStates from "./internal/exporterStates.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as Readiness from "./internal/Readiness.ts"

/**
 * The checks that must succeed before the process may get traffic, by name. The task store is always checked, as
 * `task_store`.
 *
 * **Details**
 *
 * A check is an Effect, or an object with the Effect as `check`, its longest time as `timeout` (five seconds by default)
 * and `isCritical` (true by default). A check is healthy if it succeeds in time. If a critical check fails, dies or is
 * late, the process is down. If another one does, the process is degraded: it still gets traffic. All checks run at the
 * same time, without spans. The same check never runs twice at once.
 *
 * **Gotchas**
 *
 * Everyone may read the answer. If a check fails with a string, the answer quotes it (200 characters, secrets masked).
 * Of any other failure, the answer has only the class. The log has the whole failure, once per outage.
 *
 * **Example** (Waiting for migrations)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as HealthRoute from "tasker-telemetry/http/HealthRoute"
 *
 * declare const pending: Effect.Effect<number>
 * declare const pingRecommendations: Effect.Effect<void, Error>
 * const Checks = Layer.succeed(HealthRoute.ReadinessChecks, {
 *   migrations: Effect.filterOrFail(pending, (count) => count === 0, () => "migrations are pending"),
 *   recommendations: { check: pingRecommendations, timeout: "1 second", isCritical: false }
 * })
 * const Routes = HealthRoute.layer.pipe(Layer.provide(Checks))
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const ReadinessChecks: Context.Reference<HealthReport.Checks> = Context.Reference<HealthReport.Checks>(
  "tasker-telemetry/http/HealthRoute/ReadinessChecks",
  { defaultValue: () => ({}) }
)

/** With fewer ended tasks, the share of failures means nothing. */
const fewestEnded = 10

/**
 * Adds the health routes to the router. The server's log has no lines about them. Everyone may use the two probes. With
 * `http.authRequired`, the status needs the bearer token.
 *
 * **Details**
 *
 * - `GET /health/live`: 200 as long as the process answers.
 * - `GET /health/ready`: runs the {@link ReadinessChecks}. It answers 200 if all critical ones succeed, else 503 with
 *   the names of the failed ones. `status` is `healthy`, `degraded` or `down`. It also says whether exporters reach their
 *   receivers and how full their queues are. With a receiver that is down, the process is degraded, and the answer is 200,
 *   because the program can still serve.
 * - `GET /health/status`: the same checks, how many tasks are in which state, and the accounts of the exporters. `status`
 *   is `healthy`, `degraded`, `unhealthy`, or `error` if the store fails or does not answer within
 *   `execution.storeTimeout`. It answers 503 if the store does not answer, if a critical check fails, or if more than half
 *   of at least ten ended tasks ended in `error`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | TaskStore> = ApiRoutes.layer(
  Health,
  Effect.fnUntraced(function*(handlers) {
    const config = yield* TelemetryConfig.Current
    const service = redactService(config.service, yield* Redaction.Current)
    const store = yield* TaskStore
    const checks = yield* ReadinessChecks
    const readiness = yield* Readiness.make({ task_store: Effect.suspend(() => store.counts), ...checks })
    const exporters = yield* ExporterStates
    const startedAt = yield* Clock.monotonicTimeNanos

    const live = Effect.map(
      timestamp,
      (timestamp) => JsonResponse.json(200, { alive: true, timestamp, service: service.name })
    )

    const ready = Effect.gen(function*() {
      const results = yield* readiness.runAll()
      const failedChecks = Readiness.named(results, "unhealthy")
      const degradedChecks = Readiness.named(results, "degraded")
      const isReady = failedChecks.length === 0
      const isDegraded = degradedChecks.length > 0 || exporterStates.isFailing(exporters)
      return JsonResponse.json(isReady ? 200 : 503, {
        ready: isReady,
        status: !isReady ? "down" : isDegraded ? "degraded" : "healthy",
        checks: Readiness.byName(results),
        ...(isReady ? {} : { failedChecks }),
        ...(degradedChecks.length === 0 ? {} : { degradedChecks }),
        ...exporterStates.summary(exporters),
        timestamp: yield* timestamp
      })
    })

    const status = Effect.gen(function*() {
      // The counts below say whether the store answers.
      const [results, counted] = yield* Effect.all([
        readiness.runAll(new Set(["task_store"])),
        Effect.option(readStore(() => store.counts, config.execution.storeTimeout))
      ], { concurrency: "unbounded" })
      const tasks = counted._tag === "Some" ? tally(counted.value) : undefined
      const isDown = tasks === undefined || isFailing(tasks) || Readiness.named(results, "unhealthy").length > 0
      const isDegraded = Readiness.named(results, "degraded").length > 0 || exporterStates.isFailing(exporters)
      return JsonResponse.json(isDown ? 503 : 200, {
        healthy: !isDown,
        status: tasks === undefined ? "error" : isDown ? "unhealthy" : isDegraded ? "degraded" : "healthy",
        service: service.name,
        tasks,
        ...(results.length === 0 ? {} : { checks: Readiness.byName(results) }),
        ...exporterStates.accounts(exporters),
        uptimeSeconds: Number((yield* Clock.monotonicTimeNanos) - startedAt) / 1e9,
        timestamp: yield* timestamp
      })
    })

    return handlers.handle("live", () => live).handle("ready", () => ready).handle("status", () => status)
  })
)

const timestamp = Effect.map(Clock.currentTimeMillis, (millis) => new Date(millis).toISOString())

type Tally = Readonly<Record<TaskState | "total", number>>

const tally = (counts: Readonly<Partial<Record<TaskState, number>>>): Tally => {
  const entries = TaskState.literals.map((state) => [state, counts[state] ?? 0] as const)
  return {
    total: entries.reduce((total, [, count]) => total + count, 0),
    ...Object.fromEntries(entries)
  } as Tally
}

const isFailing = ({ error, in_progress, pending, total }: Tally): boolean => {
  const ended = total - pending - in_progress
  return ended >= fewestEnded && error > ended / 2
}

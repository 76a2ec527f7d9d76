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
import * as Layer from "effect/Layer"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { ExporterStates } from "../internal/ExporterStates.ts"
import { redactService } from "../redaction/internal/redactNames.ts"
import * as Redaction from "../redaction/Redaction.ts"
import { readStore } from "../workflow/internal/readStore.ts"
import { TaskState } from "../workflow/internal/TaskState.ts"
import { TaskStore } from "../workflow/TaskStore.ts"
import * as exporterStates from "./internal/exporterStates.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as Readiness from "./internal/Readiness.ts"
import * as RouteTable from "./internal/RouteTable.ts"

/**
 * The checks that must succeed before the process may get traffic, by name. The task store is always checked, as
 * `task_store`.
 *
 * **Details**
 *
 * A check is healthy if it succeeds within five seconds. A check that fails, dies or is late does not affect the
 * others. All checks run at the same time, without spans. The same check never runs twice at once.
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
 * const Checks = Layer.succeed(HealthRoute.ReadinessChecks, {
 *   migrations: Effect.filterOrFail(pending, (count) => count === 0, () => "migrations are pending")
 * })
 * const Routes = HealthRoute.layer.pipe(Layer.provide(Checks))
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const ReadinessChecks: Context.Reference<Readonly<Record<string, Effect.Effect<unknown, unknown>>>> = Context
  .Reference("tasker-telemetry/http/HealthRoute/ReadinessChecks", { defaultValue: () => ({}) })

/** With fewer ended tasks, the share of failures means nothing. */
const fewestEnded = 10

/**
 * Adds the health routes to the router. The server's log has no lines about them. Everyone may use the two probes. With
 * `http.authRequired`, the status needs the bearer token.
 *
 * **Details**
 *
 * - `GET /health/live`: 200 as long as the process answers.
 * - `GET /health/ready`: runs the {@link ReadinessChecks}. It answers 200 if all succeed, else 503 with the names of
 *   the failed ones. It also says whether exporters reach their receivers and how full their queues are. A receiver
 *   that is down does not change the status, because the program can still serve.
 * - `GET /health/status`: how many tasks are in which state, and the accounts of the exporters. It answers 503 if the store fails or does not answer
 *   within `execution.storeTimeout`. It also answers 503 if more than half of at least ten ended tasks ended in
 *   `error`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | TaskStore> = Layer.effectDiscard(
  Effect.gen(function*() {
    const config = yield* TelemetryConfig.Current
    const service = redactService(config.service, yield* Redaction.Current)
    const store = yield* TaskStore
    const readiness = yield* Readiness.make({
      task_store: Effect.suspend(() => store.counts),
      ...(yield* ReadinessChecks)
    })
    const exporters = yield* ExporterStates
    const startedAt = yield* Clock.monotonicTimeNanos

    const live = Effect.map(
      timestamp,
      (timestamp) => JsonResponse.json(200, { alive: true, timestamp, service: service.name })
    )

    const ready = Effect.gen(function*() {
      const results = yield* readiness.runAll
      const failedChecks = results.filter(({ status }) => status === "unhealthy").map(({ name }) => name)
      const isReady = failedChecks.length === 0
      return JsonResponse.json(isReady ? 200 : 503, {
        ready: isReady,
        checks: Object.fromEntries(results.map(({ name, ...result }) => [name, result])),
        ...(isReady ? {} : { failedChecks }),
        ...exporterStates.summary(exporters),
        timestamp: yield* timestamp
      })
    })

    const status = Effect.gen(function*() {
      const counted = yield* Effect.option(readStore(() => store.counts, config.execution.storeTimeout))
      const tasks = counted._tag === "Some" ? tally(counted.value) : undefined
      const healthy = tasks !== undefined && !isFailing(tasks)
      return JsonResponse.json(healthy ? 200 : 503, {
        healthy,
        status: tasks === undefined ? "error" : healthy ? "healthy" : "unhealthy",
        service: service.name,
        tasks,
        ...exporterStates.accounts(exporters),
        uptimeSeconds: Number((yield* Clock.monotonicTimeNanos) - startedAt) / 1e9,
        timestamp: yield* timestamp
      })
    })

    // Probes of an orchestrator send no token.
    const shared = { method: "GET", access: { kind: "open" }, isQuiet: true } as const
    yield* RouteTable.mount([
      { ...shared, path: "/health/live", about: "Whether the process answers.", handler: live },
      { ...shared, path: "/health/ready", about: "Whether the process may get traffic.", handler: ready },
      {
        ...shared,
        path: "/health/status",
        about: "How many tasks are in which state.",
        access: { kind: "read", scope: "health:read" },
        handler: status
      }
    ])
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

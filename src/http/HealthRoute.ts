/**
 * The questions of an orchestrator: is the process alive, may it get traffic,
 * how is it doing.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { redactService } from "../redaction/internal/redactService.ts"
import * as Redaction from "../redaction/Redaction.ts"
import { readStore } from "../workflow/internal/readStore.ts"
import { TaskState } from "../workflow/internal/TaskState.ts"
import { TaskStore } from "../workflow/TaskStore.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as Readiness from "./internal/Readiness.ts"
import * as RouteTable from "./internal/RouteTable.ts"

/**
 * What has to answer before the process may get traffic, by name. Whether the
 * task store answers is always checked, as `task_store`.
 *
 * **Details**
 *
 * A check that succeeds is healthy. One that fails, dies or takes longer than
 * five seconds is not; the others are not affected. Checks run at the same time,
 * each at most once at a time, and without spans.
 *
 * **Gotchas**
 *
 * Anybody may read the answer. A check that fails with a string is quoted in it
 * (200 characters, secrets masked); of any other failure it names the class
 * only. The log has the whole failure, once per outage.
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

/** Below this many ended tasks a share of failures says nothing. */
const fewestEnded = 10

/**
 * Adds the health routes to the router. They leave no line in the server's log.
 * The two probes are open to everybody; the status needs the bearer token with
 * `http.authRequired`.
 *
 * **Details**
 *
 * - `GET /health/live`: 200 as long as the process answers.
 * - `GET /health/ready`: runs the {@link ReadinessChecks}; 200 if all succeed,
 *   503 with the names of the failed ones otherwise.
 * - `GET /health/status`: how many tasks the store knows in which state. 503 if
 *   the store fails or does not answer within `execution.storeTimeout`, or if more than half of at least ten ended tasks
 *   ended in `error`.
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
        uptimeSeconds: Number((yield* Clock.monotonicTimeNanos) - startedAt) / 1e9,
        timestamp: yield* timestamp
      })
    })

    // Probes have no token.
    const shared = { method: "GET", access: "open", isQuiet: true } as const
    yield* RouteTable.mount([
      { ...shared, path: "/health/live", about: "Whether the process answers.", handler: live },
      { ...shared, path: "/health/ready", about: "Whether the process may get traffic.", handler: ready },
      {
        ...shared,
        path: "/health/status",
        about: "How many tasks are in which state.",
        access: "read",
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

/**
 * What the health routes check, and the schemas of what they answer.
 *
 * @see HealthRoute
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * A check with a limit of its own, or one that the process can do without.
 *
 * @category models
 * @since 0.1.0
 */
export interface Check {
  /** Healthy if it succeeds in time. */
  readonly check: Effect.Effect<unknown, unknown>
  /** The longest time of the check, five seconds by default. */
  readonly timeout?: Duration.Input | undefined
  /** Whether the process is down if the check fails, true by default. Otherwise it is degraded. */
  readonly isCritical?: boolean | undefined
}

/**
 * Checks by their names.
 *
 * @category models
 * @since 0.1.0
 */
export type Checks = Readonly<Record<string, Effect.Effect<unknown, unknown> | Check>>

const checkStatus = Schema.Literals(["healthy", "degraded", "unhealthy"])

/**
 * The status of one check: `degraded` if a check that is not critical fails.
 *
 * @category models
 * @since 0.1.0
 */
export type CheckStatus = typeof checkStatus.Type

const checks = Schema.Record(
  Schema.String,
  Schema.Struct({
    status: checkStatus,
    responseTimeMs: Schema.Finite,
    /** The string that the check failed with, or the class of another failure. */
    error: Schema.optional(Schema.String)
  })
)

const names = Schema.optional(Schema.Array(Schema.String))

/** The exporters by signal. */
const exporters = Schema.optional(Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Json)))

const count = Schema.Int

/**
 * The answer of `GET /health/live`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Live = Schema.Struct({
  alive: Schema.Boolean,
  timestamp: Schema.String,
  service: Schema.String
}).annotate({ identifier: "Live" })

/**
 * The answer of `GET /health/ready`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Ready = Schema.Struct({
  ready: Schema.Boolean,
  status: Schema.Literals(["healthy", "degraded", "down"]),
  checks,
  /** Names of critical checks that fail. Absent if the process is ready. */
  failedChecks: names,
  /** Names of other checks that fail. Absent if there are none. */
  degradedChecks: names,
  exporters,
  timestamp: Schema.String
}).annotate({ identifier: "Ready" })

/**
 * The answer of `GET /health/status`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Status = Schema.Struct({
  healthy: Schema.Boolean,
  status: Schema.Literals(["healthy", "degraded", "unhealthy", "error"]),
  service: Schema.String,
  /** Tasks by state. Absent if the store does not answer. */
  tasks: Schema.optional(Schema.Struct({
    total: count,
    pending: count,
    in_progress: count,
    complete: count,
    error: count,
    cancelled: count,
    resolved_manually: count
  })),
  /** Absent if the program has no checks. */
  checks: Schema.optional(checks),
  exporters,
  uptimeSeconds: Schema.Finite,
  timestamp: Schema.String
}).annotate({ identifier: "Status" })

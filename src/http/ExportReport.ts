/**
 * The schemas of what the routes of exports answer, for programs that read the
 * answers.
 *
 * **Details**
 *
 * Durations are seconds, and instants are texts such as `2026-03-01T09:00:00.000Z`.
 *
 * @see ExportRoute
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const Count = Schema.Int

/**
 * The answer of `POST /metrics/export` with a target.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Exported = Schema.Union([
  Schema.Struct({
    outcome: Schema.Literal("exported"),
    exportId: Schema.String,
    target: Schema.String,
    format: Schema.String,
    exporter: Schema.String,
    bytes: Count,
    metricsCount: Count,
    seriesCount: Count,
    durationSeconds: Schema.Finite
  }),
  Schema.Struct({
    outcome: Schema.Literal("skipped"),
    exportId: Schema.String,
    target: Schema.String,
    /** Why: `lease_held` if another instance exports to the target. */
    reason: Schema.String
  })
])

/**
 * The answer of `POST /metrics/sync`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Synced = Schema.Union([
  Schema.Struct({
    outcome: Schema.Literals(["synced", "degraded"]),
    strategy: Schema.String,
    success: Schema.Boolean,
    metricsCount: Count,
    seriesCount: Count,
    durationSeconds: Schema.Finite
  }),
  /** The program shares no metrics. */
  Schema.Struct({ outcome: Schema.Literal("not_shared") })
])

const StoreChoice = Schema.Struct({ strategy: Schema.String, reason: Schema.String })

/**
 * The answer of `GET /metrics/status`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Status = Schema.Struct({
  targets: Schema.Array(Schema.Struct({
    name: Schema.String,
    format: Schema.String,
    state: Schema.Literals(["unused", "working", "failing"]),
    exports: Count,
    failures: Count,
    skipped: Count,
    consecutiveFailures: Count,
    lastSuccess: Schema.NullOr(Schema.String),
    lastFailure: Schema.NullOr(Schema.Struct({ time: Schema.String, message: Schema.String })),
    /** The next export of a target with `beforeExpiry`, and why it is then. */
    timing: Schema.optional(
      Schema.Struct({ export: Schema.String, reason: Schema.String, extensionSeconds: Schema.Finite })
    )
  })),
  /** Names of exporters by format. */
  formats: Schema.Record(Schema.String, Schema.Array(Schema.String)),
  lastSync: Schema.optional(Schema.Struct({
    strategy: Schema.String,
    success: Schema.Boolean,
    metricsCount: Count,
    seriesCount: Count,
    durationSeconds: Schema.Finite
  })),
  instances: Schema.optional(Schema.Struct({
    ...StoreChoice.fields,
    state: Schema.Literals(["unused", "synced", "degraded"]),
    problem: Schema.NullOr(Schema.String),
    instances: Schema.Array(Schema.Struct({ id: Schema.String, sequence: Count, written: Schema.String }))
  })),
  lock: Schema.optional(StoreChoice)
})

/**
 * The answer of `POST /metrics/export` with a target.
 *
 * @category models
 * @since 0.1.0
 */
export type Exported = typeof Exported.Type

/**
 * The answer of `POST /metrics/sync`.
 *
 * @category models
 * @since 0.1.0
 */
export type Synced = typeof Synced.Type

/**
 * The answer of `GET /metrics/status`.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = typeof Status.Type

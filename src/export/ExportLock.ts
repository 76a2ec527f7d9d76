/**
 * Lets one of several instances work at a time.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * The right to work, for a time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lease {
  /** A number that is higher for each later lease of the same name. A store that keeps it can refuse an earlier owner. */
  readonly fencing: number
  /** Whether this instance still has the lease. */
  readonly check: Effect.Effect<boolean>
}

/**
 * Options of a lease.
 *
 * @category models
 * @since 0.1.0
 */
export interface LeaseOptions {
  /** Time after which the lease ends if its owner does not extend it. The layer has a default. */
  readonly ttl?: Duration.Input | undefined
}

/**
 * The store of the leases cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExportLockError extends Schema.TaggedError<ExportLockError>()("ExportLockError", {
  message: Schema.String
}) {}

/**
 * The lock.
 *
 * @category services
 * @since 0.1.0
 */
export class ExportLock extends Context.Service<ExportLock, {
  /**
   * Runs an effect while this instance has the lease of a name. The lease is extended meanwhile, and released at the end.
   * Gives `None` at once, without running the effect, if another instance has the lease.
   */
  readonly withLease: (
    name: string,
    options?: LeaseOptions
  ) => <A, E, R>(
    effect: (lease: Lease) => Effect.Effect<A, E, R>
  ) => Effect.Effect<Option.Option<A>, E | ExportLockError, R>
}>()("tasker-telemetry/export/ExportLock") {
}

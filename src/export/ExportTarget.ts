/**
 * Where exported metrics go.
 *
 * **Details**
 *
 * The option `export.targets` declares files, HTTP servers, Pushgateways, receivers of remote write, and the console.
 * This module is for targets that a program makes itself.
 *
 * @since 0.1.0
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { MetricSnapshot } from "../metrics/MetricSnapshot.ts"
import type { Lease } from "./ExportLock.ts"
import type { ExportStrategy } from "./ExportStrategy.ts"
import { isName } from "./internal/exporterProblem.ts"

/**
 * What a target is given.
 *
 * @category models
 * @since 0.1.0
 */
export interface TargetExport {
  readonly exportId: string
  /** The media type of the body; empty without a format. */
  readonly contentType: string
  /** What the exporter wrote; empty without a format. It is valid until `send` ends, so keep a copy. */
  readonly body: Uint8Array<ArrayBuffer>
  /** The metrics themselves. */
  readonly snapshot: MetricSnapshot
  /** The lease under which this instance exports; `undefined` without a lock. */
  readonly lease: Lease | undefined
  /** No new attempt should begin after this time, in nanoseconds of the monotonic clock. */
  readonly deadlineNanos: bigint
}

/**
 * A target did not take an export.
 *
 * @category errors
 * @since 0.1.0
 */
export class TargetError extends Schema.TaggedError<TargetError>()("TargetError", {
  /** What happened, to what, and what to do. */
  message: Schema.String,
  /** A short class of the failure with few distinct values; `TargetError` by default. */
  errorType: Schema.optionalKey(Schema.String),
  /** `true` if the log has a warning already, so that the coordinator writes none. */
  isReported: Schema.optionalKey(Schema.Boolean),
  /** `true` if another instance has exported to the target in the meantime. */
  isSuperseded: Schema.optionalKey(Schema.Boolean)
}) {}

/**
 * How a target gets the metrics of several instances of the program: `aggregated` adds them up, `separate` gives each
 * instance series of its own, with the id of the instance in the attribute `instance`. Both need an `InstanceSync`.
 *
 * @category models
 * @since 0.1.0
 */
export type Instances = "aggregated" | "separate"

/**
 * A target.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExportTarget {
  /** Unique in a coordinator: letters, digits, `_`, `-` and `.`, at most 64. */
  readonly name: string
  /** The format that it gets. If it is `undefined`, it gets the metrics themselves. */
  readonly format: string | undefined
  readonly strategy: ExportStrategy
  /**
   * Whether one instance at a time exports to it, if the program has an `ExportLock`. If it is `false`, each instance does.
   */
  readonly isShared: boolean
  /** How a shared target gets the metrics of several instances, see {@link Instances}; `aggregated` by default. */
  readonly instances?: Instances | undefined
  /** Takes an export. If it hangs, it is interrupted after `export.timeout`. */
  readonly send: (given: TargetExport) => Effect.Effect<void, unknown>
  /** Runs after the last export, when the target is removed. */
  readonly close?: Effect.Effect<void, unknown> | undefined
}

/**
 * Options of {@link make}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Pick<ExportTarget, "name" | "send" | "close"> {
  /** None by default, and the target gets the metrics themselves. */
  readonly format?: string | undefined
  /** On demand by default. */
  readonly strategy?: ExportStrategy | undefined
  /** `true` by default. */
  readonly isShared?: boolean | undefined
  /** `aggregated` by default. */
  readonly instances?: Instances | undefined
}

/**
 * Makes a target of a program. It throws a `RangeError` if the name is none.
 *
 * **Example** (A message queue)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { ExportTarget } from "tasker-telemetry"
 *
 * declare const queue: { readonly publish: (body: Uint8Array) => Promise<void> }
 *
 * const target = ExportTarget.make({
 *   name: "queue",
 *   format: "json",
 *   strategy: { interval: "1 minute" },
 *   send: ({ body }) => Effect.tryPromise(() => queue.publish(body))
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): ExportTarget => {
  if (!isName(options.name)) {
    throw new RangeError(
      `target: expected a text of 1 to 64 letters, digits, _, - and . at name, got ${JSON.stringify(options.name)}`
    )
  }
  return {
    name: options.name,
    format: options.format?.toLowerCase(),
    strategy: options.strategy ?? {},
    isShared: options.isShared ?? true,
    instances: options.instances,
    send: options.send,
    close: options.close
  }
}

/**
 * Makes a target that writes each export to the console.
 *
 * @param options `name`: `console` by default; `format`: `prometheus` by default
 * @category constructors
 * @since 0.1.0
 */
export const console = (
  options: { readonly name?: string; readonly format?: string; readonly strategy?: ExportStrategy } = {}
): ExportTarget =>
  make({
    name: options.name ?? "console",
    format: options.format ?? "prometheus",
    strategy: options.strategy,
    isShared: false,
    send: ({ body }) => Console.log(new TextDecoder().decode(body))
  })

/**
 * A target that keeps what it is given.
 *
 * @category models
 * @since 0.1.0
 */
export interface MemoryTarget extends ExportTarget {
  /** The last exports, the oldest one first. */
  readonly exports: Effect.Effect<ReadonlyArray<TargetExport>>
}

/**
 * Makes a target that keeps exports in memory.
 *
 * **When to use**
 *
 * Use in tests, and to show what was exported.
 *
 * @param options `name`: `memory` by default; `format`: none by default; `keep`: number of exports, 100 by default
 * @category constructors
 * @since 0.1.0
 */
export const memory = (
  options: {
    readonly name?: string
    readonly format?: string
    readonly strategy?: ExportStrategy
    readonly keep?: number
  } = {}
): MemoryTarget => {
  const kept: Array<TargetExport> = []
  const most = options.keep ?? 100
  return {
    ...make({
      name: options.name ?? "memory",
      format: options.format,
      strategy: options.strategy,
      isShared: false,
      send: (given) =>
        Effect.sync(() => {
          kept.push({ ...given, body: given.body.slice() })
          if (kept.length > most) kept.shift()
        })
    }),
    exports: Effect.sync(() => [...kept])
  }
}

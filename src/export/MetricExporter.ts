/**
 * The interface of an exporter: a plug-in that writes a snapshot of all metrics
 * in a format of its own.
 *
 * **Details**
 *
 * An exporter makes bytes. A target brings them to their place, such as a file or
 * a server. So one exporter serves many targets.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { MetricSnapshot } from "../metrics/MetricSnapshot.ts"
import { problemOf } from "./internal/exporterProblem.ts"

/**
 * What an exporter is told about an export.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExportRequest {
  /** The same in the events, the callbacks and the result of one export. */
  readonly exportId: string
  /** The format, in lower case. An exporter with several formats writes this one. */
  readonly format: string
  /** The name of the target; `undefined` if the export was asked for by its format. */
  readonly target: string | undefined
}

/**
 * What an exporter has written.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExportedMetrics {
  /** The media type, as an HTTP request has it. */
  readonly contentType: string
  /**
   * The whole text, all bytes, or chunks. Each chunk is made when it is asked for, and other fibers run in between. A chunk
   * may overwrite the chunk before it, so a reader copies each one at once.
   */
  readonly body: string | Uint8Array | Iterable<Uint8Array>
}

/**
 * How an export ended.
 *
 * @category models
 * @since 0.1.0
 */
export type ExportCompletion =
  & ExportRequest
  & (
    | {
      readonly success: true
      /** The name of the exporter that wrote the metrics; `none` if the target takes the metrics themselves. */
      readonly exporter: string
      readonly metricsCount: number
      readonly seriesCount: number
      /** Bytes that the target was given. */
      readonly bytes: number
      readonly durationSeconds: number
    }
    | {
      readonly success: false
      readonly errorType: string
      readonly errorMessage: string
      readonly durationSeconds: number
    }
  )

/**
 * How a synchronisation with the other instances ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface CacheSync {
  /** Where the instances meet: `local`, `redis` or `sql`. */
  readonly strategy: string
  readonly success: boolean
  readonly metricsCount: number
  readonly seriesCount: number
  readonly durationSeconds: number
}

/**
 * An exporter.
 *
 * **Gotchas**
 *
 * If `export` or a callback fails, throws, hangs, or gives something else than it should, the error is logged and counted
 * with the exporter's name, and the program goes on. A loop without end that never gives other fibers a turn cannot be
 * ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricExporter {
  /** Unique in a registry: letters, digits, `_`, `-` and `.`, at most 64. */
  readonly name: string
  readonly version: string
  /** One sentence for people. */
  readonly description: string
  /** Names of its formats, at least one, in letters of any case. */
  readonly formats: ReadonlyArray<string>
  /** Writes the metrics. A failure of any type is described in the result of the export. */
  readonly export: (snapshot: MetricSnapshot, request: ExportRequest) => Effect.Effect<ExportedMetrics, unknown>
  /** Called after each synchronisation with the other instances. */
  readonly onCacheSync?: ((sync: CacheSync) => Effect.Effect<unknown, unknown>) | undefined
  /** Called before the metrics are read, for each export of one of its formats. */
  readonly onExportRequest?: ((request: ExportRequest) => Effect.Effect<unknown, unknown>) | undefined
  /** Called at the end of each export of one of its formats, also if another exporter wrote it. */
  readonly onExportComplete?: ((completion: ExportCompletion) => Effect.Effect<unknown, unknown>) | undefined
}

/**
 * What {@link make} needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Omit<MetricExporter, "version" | "description"> {
  /** `1.0.0` by default. */
  readonly version?: string | undefined
  /** The name with `exporter` behind it by default. */
  readonly description?: string | undefined
}

/**
 * Makes an exporter. It throws a `RangeError` that says what is wrong with the
 * options.
 *
 * **Example** (The number of series of each metric)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { MetricExporter } from "tasker-telemetry"
 *
 * const sizes = MetricExporter.make({
 *   name: "sizes",
 *   formats: ["sizes"],
 *   export: (snapshot) =>
 *     Effect.succeed({
 *       contentType: "text/plain",
 *       body: snapshot.metrics.map(({ name, series }) => `${name} ${series.length}\n`).join("")
 *     })
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): MetricExporter => {
  const exporter = {
    ...options,
    version: options.version ?? "1.0.0",
    description: options.description ?? `${options.name} exporter`
  }
  const problem = problemOf(exporter)
  if (problem !== undefined) throw new RangeError(problem)
  return exporter
}

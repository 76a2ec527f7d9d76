/**
 * Adds up the metrics of several processes: the workers of `node:cluster` and
 * children started with `child_process.fork`.
 *
 * **Details**
 *
 * The store of the primary process has the snapshot of all processes. For every
 * snapshot the primary asks all workers at once and waits for a limited time. If a
 * worker does not answer, the snapshot has its last known values and says so:
 *
 * - `tasker_cluster_workers`: worker processes that are connected;
 * - `tasker_cluster_workers_missing{reason}`: connected workers that did not
 *   answer in time (`hung`) or have never said what they measured (`unknown`).
 *
 * Counters, histograms, and the count and sum of summaries never fall. When a
 * worker ends, its last known values stay in the sums. Its gauges and up-down
 * counters end with it. A worker that ends in order or calls `process.exit` loses
 * nothing. A worker that is killed loses the measurements after its last answer or
 * report.
 *
 * **Gotchas**
 *
 * The sum of an ended worker is kept while another process has the same series,
 * and for `metrics.retention` after that. A metric keeps the sums of at most
 * `metrics.cardinalityLimit` series; further sums go to the overflow series.
 *
 * `worker.disconnect()` of `node:cluster` closes the channel before the program
 * in the worker ends, as if it were killed. SIGTERM lets it end in order, if it
 * runs under `runMain`.
 *
 * @see {@link layerPrimary} and {@link layerWorker} for an example
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { durationOf } from "../config/internal/durationInput.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import * as ClusterPrimary from "./internal/cluster/ClusterPrimary.ts"
import * as ClusterWorker from "./internal/cluster/ClusterWorker.ts"
import type { Channel, ProcessChannelsShape } from "./internal/cluster/ProcessChannels.ts"
import type { GaugeMerge } from "./MetricMerge.ts"
import { MetricStore } from "./MetricStore.ts"

/**
 * Options of a primary process.
 *
 * @category models
 * @since 0.1.0
 */
export interface PrimaryOptions {
  /**
   * How long a snapshot waits for the workers: 900 milliseconds by default. A
   * scrape is then answered within a second.
   */
  readonly timeout?: DurationSuchAs<"900 millis"> | undefined
  /**
   * How to merge the gauges of several processes, by name, in which `*` stands
   * for any characters. By default amounts are added up. For ages, shares and
   * points in time, the highest value counts; see `MetricMerge`.
   */
  readonly gauges?: Readonly<Record<string, GaugeMerge>> | undefined
}

/**
 * Options of a worker process.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerOptions {
  /** If no question comes for so long, the worker reports on its own; 5 seconds by default. */
  readonly interval?: DurationSuchAs<"5 seconds"> | undefined
  /** How long closing waits for the last report to leave the process; 1 second by default. */
  readonly closing?: DurationSuchAs<"1 second"> | undefined
}

export type { Channel } from "./internal/cluster/ProcessChannels.ts"

/**
 * Gives the IPC channels of the process. `Telemetry.layer` provides the channels
 * of Node to its store. Without it, use the module
 * `tasker-telemetry/node/NodeProcessChannels`.
 *
 * @category services
 * @since 0.1.0
 */
export class ProcessChannels extends Context.Service<ProcessChannels, ProcessChannelsShape>()(
  "tasker-telemetry/metrics/MetricCluster/ProcessChannels"
) {
  /**
   * Provides no channel: there is no other process.
   *
   * @since 0.1.0
   */
  static readonly layerNoop: Layer.Layer<ProcessChannels> = Layer.succeed(ProcessChannels, {
    parent: () => undefined,
    eachWorker: () => Effect.void,
    atExit: () => Effect.void
  })
}

/**
 * A store with the metrics of this process, of all present and future workers of `node:cluster`, and of attached
 * children.
 *
 * **Details**
 *
 * The program records into the store of this process. Snapshots that are taken at the same time share one round of
 * questions.
 *
 * **Example** (A web server in several processes)
 *
 * ```ts
 * import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
 * import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
 * import * as Effect from "effect/Effect"
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as Layer from "effect/Layer"
 * import cluster from "node:cluster"
 * import { createServer } from "node:http"
 * import { MetricCluster, MetricsRoute, MetricStore, Telemetry } from "tasker-telemetry"
 *
 * const Primary = Layer.effectDiscard(Effect.sync(() => {
 *   for (let count = 0; count < 4; count++) cluster.fork()
 * })).pipe(
 *   Layer.merge(HttpRouter.serve(MetricsRoute.layer)),
 *   Layer.provide(NodeHttpServer.layer(createServer, { port: 9464 })),
 *   Layer.provide(Telemetry.layerConfig({}, {
 *     metricStore: MetricCluster.layerPrimary().pipe(Layer.provide(MetricStore.layer))
 *   }))
 * )
 *
 * declare const Application: Layer.Layer<never, never, MetricStore.MetricStore>
 *
 * const Worker = Layer.provide(
 *   Application,
 *   Telemetry.layerConfig({}, {
 *     metricStore: MetricCluster.layerWorker().pipe(Layer.provide(MetricStore.layer))
 *   })
 * )
 *
 * NodeRuntime.runMain(cluster.isPrimary ? Layer.launch(Primary) : Layer.launch(Worker))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerPrimary = (
  options: PrimaryOptions = {}
): Layer.Layer<MetricStore, never, MetricStore | ProcessChannels> =>
  Layer.effectContext(Effect.gen(function*() {
    const store = yield* MetricStore
    const primary = yield* ClusterPrimary.make(store.snapshot, {
      timeout: durationOf(options.timeout ?? "900 millis", "timeout of the primary", "900 millis"),
      gauges: options.gauges
    })
    yield* (yield* ProcessChannels).eachWorker(primary.attach)
    return Context.make(MetricStore, { ...store, snapshot: primary.snapshot }).pipe(
      Context.add(ClusterPrimary.Current, primary)
    )
  }))

/**
 * A store that sends its metrics to the process that started this process; see
 * {@link layerPrimary} for an example.
 *
 * **Details**
 *
 * The worker answers the primary. It reports on its own after `interval` without
 * a question, when the scope closes, and when the process exits. Before the first
 * question it sends nothing. In a process without a channel to the process that
 * started it, nothing happens.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWorker = (
  options: WorkerOptions = {}
): Layer.Layer<MetricStore, never, MetricStore | ProcessChannels> =>
  Layer.effect(
    MetricStore,
    Effect.gen(function*() {
      const store = yield* MetricStore
      yield* ClusterWorker.make(store.snapshot, yield* ProcessChannels, {
        interval: durationOf(options.interval ?? "5 seconds", "interval of the worker", "5 seconds"),
        closing: durationOf(options.closing ?? "1 second", "closing of the worker", "1 second")
      })
      return store
    })
  )

/**
 * Adds a child process until the scope closes. The child uses
 * {@link layerWorker}. In a program without {@link layerPrimary} nothing happens.
 *
 * **Details**
 *
 * When the scope closes, the child counts as ended, and its counts stay in the
 * sums.
 *
 * **Example** (Starting a child process)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { fork } from "node:child_process"
 * import { MetricCluster } from "tasker-telemetry"
 *
 * const startChild = Effect.gen(function*() {
 *   const child = yield* Effect.acquireRelease(
 *     Effect.sync(() => fork(new URL("./child.js", import.meta.url))),
 *     (child) => Effect.sync(() => child.kill())
 *   )
 *   yield* MetricCluster.attach(child)
 *   return child
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const attach = (child: Channel): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(
    ClusterPrimary.Current,
    (primary) =>
      primary === undefined ? Effect.void : Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => primary.attach(child)),
        (detach) => Effect.sync(detach)
      ))
  )

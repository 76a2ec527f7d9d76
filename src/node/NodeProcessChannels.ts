/**
 * The IPC channels of a Node process: to the process that started it, and to the
 * workers of `node:cluster`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import cluster, { type Worker } from "node:cluster"
import * as MetricCluster from "../metrics/MetricCluster.ts"

const { ProcessChannels } = MetricCluster

/**
 * Provides the channels of this process to `MetricCluster`.
 *
 * **When to use**
 *
 * Use it with a metric store of your own. `Telemetry.layer` provides the channels
 * to its own store.
 *
 * **Example** (A store that has the metrics of all workers)
 *
 * ```ts
 * import * as Layer from "effect/Layer"
 * import { MetricCluster, MetricStore } from "tasker-telemetry"
 * import * as NodeProcessChannels from "tasker-telemetry/node/NodeProcessChannels"
 *
 * const layer = MetricCluster.layerPrimary().pipe(
 *   Layer.provide([MetricStore.layer, NodeProcessChannels.layer])
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<MetricCluster.ProcessChannels> = Layer.sync(ProcessChannels, () =>
  ProcessChannels.of({
    parent: () =>
      process.send === undefined ? undefined : {
        get connected() {
          return process.connected
        },
        send: (message, callback) => process.send?.(message, undefined, undefined, callback),
        on: (event: "message" | "disconnect", listener: (message: unknown) => void) => process.on(event, listener),
        off: (event: "message" | "disconnect", listener: (message: unknown) => void) => process.off(event, listener)
      },
    eachWorker: (onWorker) => {
      const onFork = (worker: Worker) => onWorker(worker.process)
      return Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => {
          for (const worker of Object.values(cluster.workers ?? {})) if (worker !== undefined) onFork(worker)
          cluster.on("fork", onFork)
        }),
        () => Effect.sync(() => cluster.off("fork", onFork))
      ))
    },
    atExit: (onExit) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => process.on("exit", onExit)),
        () => Effect.sync(() => process.off("exit", onExit))
      ))
  }))

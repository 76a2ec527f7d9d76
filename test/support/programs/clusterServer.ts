/**
 * A server in three processes: the primary serves the metrics of all, one worker works and one hangs. It says its port
 * when it is so.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { HttpRouter, HttpServer } from "effect/http"
import * as Layer from "effect/Layer"
import cluster, { type Worker } from "node:cluster"
import { createServer } from "node:http"
import { flushCompileCache } from "node:module"
import { MetricCluster, MetricsRoute, MetricStore, Telemetry } from "tasker-telemetry"

const telemetry = (
  cluster: Layer.Layer<MetricStore.MetricStore, never, MetricStore.MetricStore | MetricCluster.ProcessChannels>
) => Telemetry.layer({ logging: { enabled: false } }, { metricStore: Layer.provide(cluster, MetricStore.layer) })

const count = (amount: number) =>
  Effect.flatMap(
    MetricStore.MetricStore,
    (store) => Effect.sync(() => store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] }).inc({}, amount))
  )

/** Waits for a message. */
const said = (worker: Worker, text: string) =>
  Effect.callback<void>((resume) => {
    worker.on("message", (message) => {
      if (message === text) resume(Effect.void)
    })
  })

const say = (text: string | object) =>
  Effect.callback<void>((resume) => void process.send?.(text, () => resume(Effect.void)))

const PrimaryLayer = Layer.effectDiscard(Effect.gen(function*() {
  yield* count(1)
  flushCompileCache()
  const [working, hanging] = [cluster.fork(), cluster.fork()]
  yield* Effect.all([said(working, "counted"), said(hanging, "counted")], { concurrency: "unbounded" })
  yield* Effect.flatMap(MetricStore.MetricStore, (store) => store.snapshot)
  hanging.send("hang")
  yield* said(hanging, "hangs")
  yield* HttpServer.addressFormattedWith((url) => say({ url }))
})).pipe(
  Layer.provideMerge(HttpRouter.serve(MetricsRoute.layer, { disableLogger: true, disableListenLog: true })),
  Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provide(telemetry(MetricCluster.layerPrimary()))
)

const WorkerLayer = Layer.effectDiscard(Effect.gen(function*() {
  yield* count(20)
  yield* say("counted")
  yield* Effect.callback<void>((resume) => {
    process.on("message", (message) => {
      if (message === "hang") resume(Effect.void)
    })
  })
  yield* say("hangs")
  const parent = process.ppid
  while (process.ppid === parent) { /* hangs */ }
})).pipe(Layer.provide(telemetry(MetricCluster.layerWorker())))

NodeRuntime.runMain(Layer.launch(cluster.isPrimary ? PrimaryLayer : WorkerLayer))

/**
 * One of several instances that count, and export together to one receiver through Redis.
 *
 * Arguments: URL of Redis, URL of the receiver.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { ExportCoordinator, ExportLock, InstanceSync, MetricStore, Telemetry } from "tasker-telemetry"

export type Command =
  | { readonly do: "count"; readonly amount: number }
  /** Writes the metrics to the store. */
  | { readonly do: "sync" }
  /** Answers with the id of the process. */
  | { readonly do: "pid" }

const [redis = "", receiver = ""] = process.argv.slice(2)

const layer = Telemetry.layer({
  logging: { enabled: false },
  tracing: { enabled: false },
  export: {
    targets: [{
      type: "http",
      url: receiver,
      format: "json",
      interval: "1 second",
      headers: { "x-process": `${process.pid}` }
    }]
  }
}).pipe(
  Layer.provide([
    InstanceSync.layerRedis({ window: "2 seconds" }),
    ExportLock.layerRedis({ ttl: "2 seconds" })
  ]),
  Layer.provide(NodeRedis.layer({ url: redis }))
)

const program = Effect.gen(function*() {
  const store = yield* MetricStore.MetricStore
  const { exportNow } = yield* ExportCoordinator.ExportCoordinator
  const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
  const commands = yield* Queue.unbounded<Command>()
  process.on("message", (command) => void Queue.offerUnsafe(commands, command as Command))
  process.send?.({ did: "start" })
  while (true) {
    const command = yield* Queue.take(commands)
    if (command.do === "count") { for (let count = 0; count < command.amount; count++) jobs.inc({}) }
    else if (command.do === "sync") yield* exportNow({ format: "json" })
    process.send?.({ pid: process.pid })
  }
})

NodeRuntime.runMain(Effect.provide(program, layer))

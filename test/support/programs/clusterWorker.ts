/**
 * A worker process that counts, hangs and ends as its primary tells it, and answers when it has done so.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { existsSync } from "node:fs"
import { flushCompileCache } from "node:module"
import * as MetricCluster from "tasker-telemetry/metrics/MetricCluster"
import * as MetricStore from "tasker-telemetry/metrics/MetricStore"
import * as NodeProcessChannels from "tasker-telemetry/node/NodeProcessChannels"
import { FlushRegistry } from "../../../src/internal/FlushRegistry.ts"
import { SelfStatistics } from "../../../src/internal/SelfStatistics.ts"

export type Command =
  /** Counts, and sets levels to the same amount. */
  | { readonly do: "count"; readonly amount: number }
  /** Counts one in each of many series. */
  | { readonly do: "fill"; readonly series: number }
  /** Keeps the event loop until the file exists. */
  | { readonly do: "hang"; readonly until: string }
  | { readonly do: "flush" }
  | { readonly do: "send"; readonly messages: ReadonlyArray<object> }
  /** Ends the telemetry and begins anew, with counters at zero. */
  | { readonly do: "restart" }
  /** Ends the program. */
  | { readonly do: "return" }
  | { readonly do: "exit" }
  | { readonly do: "throw" }

const parent = process.ppid

const send = (message: object) =>
  Effect.callback<void>((resume) => void process.send?.(message, () => resume(Effect.void)))

const life = Effect.fnUntraced(function*(commands: Queue.Queue<Command>) {
  const store = yield* MetricStore.MetricStore
  const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
  const times = store.histogram({ name: "time_seconds", help: "Times.", attributes: [], buckets: [1, 10] })
  const sizes = store.exponentialHistogram({ name: "size_bytes", help: "Sizes.", unit: "bytes", attributes: [] })
  const active = store.upDownCounter({ name: "active", help: "Active.", attributes: [] })
  const level = store.gauge({ name: "level", help: "Level.", attributes: [] })
  yield* Effect.sync(() => flushCompileCache())
  yield* send({ did: "start" })
  while (true) {
    const command = yield* Queue.take(commands)
    switch (command.do) {
      case "count":
        jobs.inc({ kind: "mail" }, command.amount)
        times.observe({}, command.amount)
        sizes.observe({}, command.amount)
        active.add({}, command.amount)
        level.set({}, command.amount)
        break
      case "fill":
        for (let index = 0; index < command.series; index++) jobs.inc({ kind: `${index}` })
        break
      case "hang":
        yield* send({ did: "begin" })
        while (!existsSync(command.until) && process.ppid === parent) { /* hangs */ }
        break
      case "flush":
        yield* (yield* FlushRegistry).flush
        break
      case "send":
        for (const message of command.messages) yield* send(message)
        break
      case "exit":
        return process.exit(3)
      case "throw":
        setTimeout(() => {
          throw new Error("broken")
        })
        break
      default:
        return command.do
    }
    yield* send({ did: command.do })
  }
})

const live = MetricCluster.layerWorker({ interval: process.argv[2] === undefined ? "1 minute" : "50 millis" }).pipe(
  Layer.provide([MetricStore.layer, NodeProcessChannels.layer]),
  Layer.provideMerge(FlushRegistry.layer),
  Layer.provide(SelfStatistics.layer)
)

const program = Effect.gen(function*() {
  const commands = yield* Queue.unbounded<Command>()
  const onMessage = (message: unknown) => {
    if (typeof message === "object" && message !== null && "do" in message) {
      Queue.offerUnsafe(commands, message as Command)
    }
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("message", onMessage)),
    () => Effect.sync(() => process.off("message", onMessage))
  )
  while ((yield* Effect.provide(life(commands), live, { local: true })) === "restart");
})

NodeRuntime.runMain(Effect.scoped(program))

/**
 * Tasks of ten steps, by `TaskRunner` with some parts of the telemetry, or as a program without this package.
 *
 * Arguments: the parts, the address of a receiver, and `off` for no monitoring of performance. Answers with the cost of a step, with everything sent.
 */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { TaskRunner, Telemetry, type TelemetryConfig } from "tasker-telemetry"
import { checked } from "../support/stackOfOurs.ts"
import { batchSize, queueSize } from "../support/stacks.ts"
import { answerSteps, type Load, programOf, StepWork, taskOf } from "../support/stepLoad.ts"

/** Every part has those before it. */
const parts = ["plain", "engine", "events", "spans", "lines", "metrics", "encoding", "all"] as const
export type Part = (typeof parts)[number]

const [part, url, monitoring] = process.argv.slice(2) as [Part, string, "off" | undefined]
const has = (wanted: Part) => parts.indexOf(part) >= parts.indexOf(wanted)

const options: TelemetryConfig.Options = {
  tracing: { enabled: has("spans") },
  // Another process would read a pipe, and this one would pay for its pauses.
  logging: { enabled: has("lines"), destination: "file", file: { path: "/dev/null" } },
  metrics: { enabled: has("metrics"), runtime: has("metrics") },
  performance: { enabled: monitoring !== "off", bottlenecks: monitoring !== "off" },
  delivery: { endpoint: has("encoding") ? url : undefined, queueSize, batchSize }
}

/** Takes every request at once, in this process. */
const taker = () => Promise.resolve(new Response())

const layer = part === "engine" || part === "plain"
  ? Telemetry.layerNoop
  : Telemetry.layer(options, part === "encoding" ? { fetch: taker } : {})

const work = new StepWork()
const task = { chain: taskOf("chain", work.effect), "fan-out": taskOf("fan-out", work.effect) }
const program = { chain: programOf("chain", work.effect), "fan-out": programOf("fan-out", work.effect) }

const batch = Effect.fnUntraced(function*({ graph, tasks }: Pick<Load, "graph" | "tasks">) {
  for (let order = 0; order < tasks; order++) {
    const input = { orderId: `order-${order}` }
    yield* part === "plain" ? program[graph](input) : Effect.orDie(TaskRunner.run(task[graph], input))
  }
})

const runtime = ManagedRuntime.make(layer)
const flush = has("spans") ? Effect.map(Telemetry.flush, has("encoding") ? checked : () => {}) : Effect.void
await answerSteps(work, (load) => runtime.runPromise(Effect.andThen(batch(load), flush)))
await runtime.dispose()

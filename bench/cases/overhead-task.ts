/**
 * Tasks of ten steps, by `TaskRunner` with some parts of the telemetry, or as a program without this package.
 *
 * Arguments: the parts, the graph, iterations of one step, tasks of one batch, and the address of a receiver. Answers
 * with the cost of a step, with everything sent.
 */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { TaskRunner, Telemetry, type TelemetryConfig } from "tasker-telemetry"
import { checked } from "../support/stackOfOurs.ts"
import { batchSize, queueSize } from "../support/stacks.ts"
import { answerSteps, type Graph, programOf, StepWork, taskOf } from "../support/stepLoad.ts"

/** Every part has those before it. */
const parts = ["plain", "engine", "events", "spans", "lines", "metrics", "encoding", "all"] as const
export type Part = (typeof parts)[number]

const [part, graph, iterations, tasks, url] = process.argv.slice(2) as [Part, Graph, string, string, string]
const has = (wanted: Part) => parts.indexOf(part) >= parts.indexOf(wanted)

const options: TelemetryConfig.Options = {
  tracing: { enabled: has("spans") },
  // Another process would read a pipe, and this one would pay for its pauses.
  logging: { enabled: has("lines"), destination: "file", file: { path: "/dev/null" } },
  metrics: { enabled: has("metrics"), runtime: has("metrics") },
  delivery: { endpoint: has("encoding") ? url : undefined, queueSize, batchSize }
}

/** Takes every request at once, in this process. */
const taker = () => Promise.resolve(new Response())

const layer = part === "engine" || part === "plain"
  ? Telemetry.layerNoop
  : Telemetry.layer(options, part === "encoding" ? { fetch: taker } : {})

const count = Number(tasks)
const work = new StepWork(Number(iterations))
const task = taskOf(graph, work.effect)
const program = programOf(graph, work.effect)

const batch = Effect.gen(function*() {
  for (let order = 0; order < count; order++) {
    const input = { orderId: `order-${order}` }
    yield* part === "plain" ? program(input) : Effect.orDie(TaskRunner.run(task, input))
  }
})

const runtime = ManagedRuntime.make(layer)
const flush = has("spans") ? Effect.map(Telemetry.flush, has("encoding") ? checked : () => {}) : Effect.void
await answerSteps(count, work, () => runtime.runPromise(Effect.andThen(batch, flush)))
await runtime.dispose()

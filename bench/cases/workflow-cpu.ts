/** Arguments: steps per task, tasks per round. The same number of steps in all, so the ratio is the cost of size. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LogDestination, TaskRunner, Telemetry } from "tasker-telemetry"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"
import { randomTask } from "../support/graphs.ts"
import { median } from "../support/Suite.ts"

const [count, tasks] = process.argv.slice(2).map(Number) as [number, number]
const measured = 5
const warmUps = 2

const task = randomTask({ name: "random", count, most: 3, seed: 42, work: Effect.void })

const round = Effect.gen(function*() {
  globalThis.gc?.()
  const before = process.cpuUsage()
  for (let number = 0; number < tasks; number++) yield* TaskRunner.run(task, {})
  const { system, user } = process.cpuUsage(before)
  return (user + system) * 1e3 / (count * tasks)
})

const program = Effect.gen(function*() {
  for (let number = 0; number < warmUps; number++) yield* round
  const figures: Array<number> = []
  for (let number = 0; number < measured; number++) figures.push(yield* round)
  console.log(JSON.stringify({ cpuNsPerStep: median(figures) }))
})

const layer = SpanMemory.layer.pipe(
  Layer.provideMerge(
    Telemetry.layer(
      { execution: { concurrency: 64, storedTasks: 10 } },
      { logDestination: LogDestination.layerMemory }
    )
  )
)
await Effect.runPromise(Effect.provide(program, layer))

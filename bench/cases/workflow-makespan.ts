/** Arguments: steps, concurrency, milliseconds each step waits, steps of a task that is run before; 0 for none. */
import * as Effect from "effect/Effect"
import { LogDestination, TaskRunner, Telemetry } from "tasker-telemetry"
import { randomTask } from "../support/graphs.ts"

const [count, concurrency, wait, before] = process.argv.slice(2).map(Number) as [number, number, number, number]

const task = randomTask({ name: "random", count, most: 3, seed: 42, work: Effect.sleep(wait) })
const warmUp = randomTask({ name: "warm_up", count: Math.max(before, 1), most: 3, seed: 7, work: Effect.void })
const criticalSteps = Math.max(...task.graph.levels) + 1
const idealNs = (criticalSteps + count / concurrency) * wait * 1e6

const program = Effect.gen(function*() {
  if (before > 0) yield* TaskRunner.run(warmUp, {})
  const start = process.hrtime.bigint()
  yield* TaskRunner.run(task, {})
  const makespanNs = Number(process.hrtime.bigint() - start)
  console.log(JSON.stringify({ makespanNs, idealNs, ratio: makespanNs / idealNs, criticalSteps }))
})

const layer = Telemetry.layer({ execution: { concurrency } }, { logDestination: LogDestination.layerMemory })
await Effect.runPromise(Effect.provide(program, layer))

/** Arguments: tasks before the first reading, tasks before the second, steps per task. */
import * as Effect from "effect/Effect"
import { LogDestination, TaskRunner, Telemetry } from "tasker-telemetry"
import { randomTask } from "../support/graphs.ts"

const [early, late, count] = process.argv.slice(2).map(Number) as [number, number, number]

const task = randomTask({ name: "random", count, most: 3, seed: 42, work: Effect.void })

const runs = (number: number) =>
  Effect.gen(function*() {
    for (let index = 0; index < number; index++) yield* TaskRunner.run(task, {})
  })

const heapBytes = Effect.sync(() => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
})

const program = Effect.gen(function*() {
  yield* runs(early)
  const earlyBytes = yield* heapBytes
  const before = process.cpuUsage()
  yield* runs(late - early)
  const { system, user } = process.cpuUsage(before)
  const lateBytes = yield* heapBytes
  console.log(JSON.stringify({
    earlyBytes,
    lateBytes,
    growthBytes: lateBytes - earlyBytes,
    cpuNsPerStep: (user + system) * 1e3 / ((late - early) * count)
  }))
})

const layer = Telemetry.layer({}, { logDestination: LogDestination.layerNoop })
await Effect.runPromise(Effect.provide(program, layer))

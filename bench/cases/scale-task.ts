/**
 * One task of many steps. Arguments: the shape of the graph, its steps, and how often it runs one after the other.
 * Everything is on, nothing is sent. Gives processor time and heap of a step.
 */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { LogDestination, TaskRunner, Telemetry } from "tasker-telemetry"
import { chainTask, fanOutTask, randomTask } from "../support/graphs.ts"
import { collect, heapOf } from "../support/measure.ts"

const [shape, steps, runs] = process.argv.slice(2) as [keyof typeof shapes, string, string]
const count = Number(steps)
const shapes = { chain: chainTask, "fan-out": fanOutTask, random: randomTask }
const make = (name: string, count: number) => shapes[shape]({ name, count, most: 3, seed: 42, work: Effect.void })

const task = make("measured", count)
const warmUp = make("warm_up", 200)
const warmUps = 25

const runtime = ManagedRuntime.make(Telemetry.layer({}, { logDestination: LogDestination.layerNoop }))
const repeat = (wanted: typeof task, times: number) =>
  runtime.runPromise(Effect.gen(function*() {
    for (let number = 0; number < times; number++) yield* TaskRunner.run(wanted, {})
    return times
  }))

await repeat(warmUp, warmUps)
collect()
const before = process.cpuUsage()
await repeat(task, Number(runs))
const { system, user } = process.cpuUsage(before)
const { peakBytes } = await heapOf(() => repeat(task, 1))
const left = collect()
await repeat(task, 1)
const keptBytes = collect() - left
console.log(JSON.stringify({
  cpuNs: (user + system) * 1e3 / (count * Number(runs)),
  peakBytes,
  keptBytes: keptBytes / count
}))
await runtime.dispose()

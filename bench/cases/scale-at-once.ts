/**
 * Many tasks of five steps at once. Argument: the tasks at once. Answers with the cost of a step; the number of steps of a
 * batch is always the same.
 */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { LogDestination, TaskRunner, Telemetry } from "tasker-telemetry"
import { answer, costOf } from "../support/answer.ts"
import { randomTask } from "../support/graphs.ts"

const atOnce = Number(process.argv[2])
const allTasks = 10_000
const stepsPerTask = 5
// Each step waits once, so no task ends before the others have begun.
const task = randomTask({ name: "random", count: stepsPerTask, most: 3, seed: 42, work: Effect.yieldNow })

const runtime = ManagedRuntime.make(
  Telemetry.layer({ execution: { storedTasks: 100 } }, { logDestination: LogDestination.layerNoop })
)
const runTasks = (tasks: number) => {
  const places = Array.from({ length: Math.min(tasks, atOnce) }, (_, index) => index)
  return runtime.runPromise(Effect.gen(function*() {
    for (let done = 0; done < tasks; done += places.length) {
      yield* Effect.forEach(places, () => TaskRunner.run(task, {}), { concurrency: "unbounded", discard: true })
    }
  }))
}

await answer(
  () => costOf(allTasks * stepsPerTask, () => runTasks(allTasks)),
  async () => ({ done: await runTasks(500) })
)
await runtime.dispose()

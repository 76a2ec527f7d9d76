/** Arguments: events per round, at most as many as the queue holds. Publishing to one subscriber, which takes them after. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { EventBus, EventRouter, LogDestination, Telemetry } from "tasker-telemetry"
import { median } from "../support/Suite.ts"

const [count] = process.argv.slice(2).map(Number) as [number]
const measured = 50
const warmUps = 20

const payload = { taskId: "t-1", taskName: "t", namespace: "default", version: "0.1.0", stepCount: 1 }

const program = Effect.gen(function*() {
  const bus = yield* EventBus.EventBus
  const { queue } = yield* bus.subscribe({ name: "bench", capacity: count })
  const round = Effect.withFiber((fiber) => {
    const start = process.hrtime.bigint()
    for (let number = 0; number < count; number++) {
      bus.publishUnsafe(fiber, "workflow.steps_execution_started", payload)
    }
    const nanos = Number(process.hrtime.bigint() - start) / count
    return Effect.as(Queue.takeAll(queue), nanos)
  })
  for (let number = 0; number < warmUps; number++) yield* round
  const figures: Array<number> = []
  for (let number = 0; number < measured; number++) figures.push(yield* round)
  console.log(JSON.stringify({ nsPerEvent: median(figures) }))
})

const telemetry = Telemetry.layer({
  metrics: { enabled: false },
  tracing: { enabled: false },
  logging: { enabled: false }
}, { routes: [EventRouter.override("*", { enabled: false })], logDestination: LogDestination.layerNoop })
await Effect.runPromise(Effect.scoped(Effect.provide(program, telemetry)))

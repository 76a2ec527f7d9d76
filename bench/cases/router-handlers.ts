/** Arguments: subscribers. CPU of an event from its publisher to the end of a handler that does nothing, in each of them. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventBus, EventRouter, EventSubscriber, LogDestination, Telemetry } from "tasker-telemetry"
import { median } from "../support/Suite.ts"

const [subscribers] = process.argv.slice(2).map(Number) as [number]
const count = 500
const measured = 200
const warmUps = 50

const payload = { taskId: "t-1", taskName: "t", namespace: "default", version: "0.1.0", stepCount: 1 }

let handled = 0
const subscriber = (number: number) =>
  EventSubscriber.layer({ "workflow.*": () => Effect.sync(() => void handled++) }, { name: `subscriber-${number}` })

const program = Effect.gen(function*() {
  const bus = yield* EventBus.EventBus
  const round = Effect.gen(function*() {
    const end = handled + count * subscribers
    const before = process.cpuUsage()
    yield* Effect.withFiber((fiber) => {
      for (let number = 0; number < count; number++) {
        bus.publishUnsafe(fiber, "workflow.steps_execution_started", payload)
      }
      return Effect.void
    })
    yield* Effect.whileLoop({ while: () => handled < end, body: () => Effect.yieldNow, step: () => {} })
    const { system, user } = process.cpuUsage(before)
    return (user + system) * 1e3 / count
  })
  for (let number = 0; number < warmUps; number++) yield* round
  const figures: Array<number> = []
  for (let number = 0; number < measured; number++) figures.push(yield* round)
  console.log(JSON.stringify({ cpuNsPerEvent: median(figures) }))
})

const telemetry = Telemetry.layer({
  metrics: { enabled: false },
  tracing: { enabled: false },
  logging: { enabled: false }
}, { routes: [EventRouter.override("*", { enabled: false })], logDestination: LogDestination.layerNoop })
const layer = Array.from({ length: subscribers }, (_, number) => subscriber(number)).reduce(
  (all, one) => Layer.provideMerge(one, all),
  telemetry as Layer.Layer<Telemetry.Services, unknown>
)
await Effect.runPromise(Effect.scoped(Effect.provide(program, layer)))

/** Arguments: the route, `measured`, `everywhere`, `sampled` or `ignored`; events per round. Sinks that do nothing. */
import * as Effect from "effect/Effect"
import { EventBus, EventRouter, LogDestination, Telemetry } from "tasker-telemetry"
import { median } from "../support/Suite.ts"

const [kind, size] = process.argv.slice(2) as [keyof typeof routes, string]
const count = Number(size)
const measured = 15
const warmUps = 5

const routes = {
  measured: [EventRouter.override("*", { metrics: true, trace: false, log: false })],
  everywhere: [EventRouter.override("*", { metrics: true, trace: true, log: true })],
  sampled: [EventRouter.override("*", { metrics: true, trace: true, log: true, samplingRate: 0.1 })],
  ignored: [EventRouter.override("*", { enabled: false })]
}

const payload = { taskId: "t-1", taskName: "t", namespace: "default", version: "0.1.0", stepCount: 1 }

const program = Effect.gen(function*() {
  const bus = yield* EventBus.EventBus
  let handled = 0
  for (const signal of ["metrics", "trace", "log"] as const) {
    yield* bus.register({ name: signal, signal, handle: () => void handled++ })
  }
  const round = Effect.withFiber((fiber) => {
    const start = process.hrtime.bigint()
    for (let number = 0; number < count; number++) {
      bus.publishUnsafe(fiber, "workflow.steps_execution_started", payload)
    }
    return Effect.succeed(Number(process.hrtime.bigint() - start) / count)
  })
  for (let number = 0; number < warmUps; number++) yield* round
  const figures: Array<number> = []
  for (let number = 0; number < measured; number++) figures.push(yield* round)
  console.log(JSON.stringify({ nsPerEvent: median(figures), handled }))
})

const telemetry = Telemetry.layer({
  metrics: { enabled: false },
  tracing: { enabled: false },
  logging: { enabled: false }
}, { routes: routes[kind], logDestination: LogDestination.layerNoop })
await Effect.runPromise(Effect.scoped(Effect.provide(program, telemetry)))

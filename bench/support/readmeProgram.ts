/** The program of the README, and the same without this package. */
import { Console, Effect, Schema } from "effect"
import type * as Package from "tasker-telemetry"

const Order = Schema.Struct({ orderId: Schema.String })

export const run = ({ MetricStore, PrometheusFormat, Step, Task, TaskRunner, TelemetryLive }: typeof Package) => {
  const fetchCart = Step.make("fetch_cart", {
    input: Order,
    run: ({ input }) => Effect.succeed({ order: input.orderId, total: 42 })
  })
  const charge = Step.make("charge", {
    dependsOn: [fetchCart],
    retry: { maximumAttempts: 3, delays: ["10 millis", "50 millis"] },
    run: ({ attempt, results }) =>
      attempt === 1 ? Effect.fail("gateway busy") : Effect.succeed(`charged ${results.fetch_cart.total}`)
  })
  const ProcessOrder = Task.make("process_order", { input: Order, steps: [fetchCart, charge] })
  const program = Effect.gen(function*() {
    const { results } = yield* TaskRunner.run(ProcessOrder, { orderId: "o-1" })
    yield* Effect.logInfo(results.charge)
    const metrics = PrometheusFormat.format(yield* (yield* MetricStore.MetricStore).snapshot)
    yield* Console.log(metrics.match(/^tasker_steps_total.*$/gm)?.join("\n"))
  })
  return Effect.runPromise(Effect.provide(program, TelemetryLive))
}

export const runPlain = () => {
  const fetchCart = Effect.map(Schema.decodeUnknownEffect(Order)({ orderId: "o-1" }), ({ orderId }) => ({
    order: orderId,
    total: 42
  }))
  let attempt = 0
  const charge = (total: number) =>
    Effect.retry(
      Effect.suspend(() => ++attempt === 1 ? Effect.fail("gateway busy") : Effect.succeed(`charged ${total}`)),
      { times: 2 }
    )
  const program = Effect.gen(function*() {
    const { total } = yield* fetchCart
    yield* Effect.logInfo(yield* charge(total))
  })
  return Effect.runPromise(program)
}

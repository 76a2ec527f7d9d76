/**
 * A plain Effect program: tasks of ten steps, each with one span, one log line and two metrics of Effect. Only the layer
 * differs. Arguments: the layer, and the address of a receiver. Answers with the cost of a step, with everything sent.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Stacks from "../support/stacks.ts"
import { answerSteps, stepNames, StepWork } from "../support/stepLoad.ts"

const [name, url] = process.argv.slice(2) as [string, string]
const stacks: Record<string, () => Promise<Stacks.Stack>> = {
  none: async () => Stacks.make(Layer.empty, Effect.void),
  floor: async () => (await import("../support/stackOfNothing.ts")).make(),
  ours: async () => (await import("../support/stackOfOurs.ts")).make(url),
  effect: async () => (await import("../support/stackOfEffect.ts")).make(url),
  bridge: async () => (await import("../support/stackOfBridge.ts")).make(url)
}
const stack = await (stacks[name] as () => Promise<Stacks.Stack>)()

const work = new StepWork()

const attributesOf = (step: string, order: number) => ({
  "order.id": `order-${order}`,
  "order.step": step,
  "order.attempt": 1
})

const counters = new Map(stepNames.map((step) => [
  step,
  Metric.withAttributes(Metric.counter("orders_steps_total", { incremental: true }), { step, status: "complete" })
]))
const durations = new Map(stepNames.map((step) => [
  step,
  Metric.withAttributes(
    Metric.histogram("orders_step_seconds", { boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] }),
    { step }
  )
]))

const observed = name !== "none"

const step = (step: string, order: number): Effect.Effect<void> =>
  observed
    ? Effect.gen(function*() {
      yield* work.effect
      yield* Metric.update(counters.get(step) as Metric.Counter<number>, 1)
      yield* Metric.update(durations.get(step) as Metric.Histogram<number>, 0.001)
      yield* Effect.logInfo("step finished", { order_id: `order-${order}`, step, status: "complete" })
    }).pipe(Effect.withSpan(step, { attributes: attributesOf(step, order) }, { captureStackTrace: false }))
    : Effect.gen(function*() {
      yield* work.effect
    })

const task = (order: number) =>
  Effect.gen(function*() {
    for (const name of stepNames) yield* step(name, order)
  })

const batch = Effect.fnUntraced(function*(count: number) {
  for (let order = 0; order < count; order++) {
    yield* observed ? task(order).pipe(Effect.withSpan("process order", {}, { captureStackTrace: false })) : task(order)
  }
})

await answerSteps(work, ({ tasks }) => stack.run(batch(tasks)))
await stack.dispose()

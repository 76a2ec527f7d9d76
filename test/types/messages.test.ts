/**
 * What the compiler says of mistakes that users make: each message names the mistake, and blames the place of it.
 */
import { assert, describe, it } from "@effect/vitest"
import { join } from "node:path"
import { typeCheck } from "../support/typeCheck.ts"

const common = `
export const Order = Schema.Struct({ orderId: Schema.String, quantity: Schema.FiniteFromString })
export const fetchCart = Step.make("fetch_cart", { input: Order, run: ({ input }) => Effect.succeed(input.quantity) })
export const charge = Step.make("charge", { dependsOn: [fetchCart], run: () => Effect.succeed("receipt") })
export const ProcessOrder = Task.make("process_order", { input: Order, steps: [fetchCart, charge] })
export const InvoiceSent = EventCatalog.define("billing.invoice_sent", {
  description: "An invoice left the house.",
  fires: "once per invoice",
  payload: Schema.Struct({ invoiceId: Schema.String, channel: Schema.Literals(["mail", "post"]) }),
  attributes: ["channel"]
})
export declare const store: MetricStore.MetricStore["Service"]
export const sold = store.counter({ name: "sold_total", help: "Sold.", attributes: ["city"] })
`

const imports = `
import { Effect, Schema } from "effect"
import { EventBus, EventCatalog, EventMetrics, EventRouter, EventSubscriber, LogDestination, MetricStore, Step } from
  "tasker-telemetry"
import { StepError, Task, TaskRunner, Telemetry } from "tasker-telemetry"
`

/** Each program has one mistake. The message is the whole of what the compiler says, or a pattern of a long one. */
const mistakes: Readonly<Record<string, readonly [program: string, message: string | RegExp]>> = {
  "an event of a reserved domain": [
    `EventCatalog.define("task.mine", { description: "d", fires: "f", payload: Schema.Struct({}) })`,
    `Argument of type '"task.mine"' is not assignable to parameter of type '"the domain 'task' is reserved: begin the ` +
    `name with a domain of your own, as in 'billing.invoice_sent'"'.`
  ],
  "an attribute of an event that holds an id": [
    `EventCatalog.define("shop.sold", { description: "d", fires: "f", attributes: ["orderId"], payload: Order })`,
    `Type '"orderId"' is not assignable to type '"'orderId' holds an id: an attribute has few distinct values"'.`
  ],
  "an attribute of an event that is a number": [
    `EventCatalog.define("shop.sold", { description: "d", fires: "f", attributes: ["quantity"], payload: Order })`,
    `Type '"quantity"' is not assignable to type '"'quantity' is neither text nor boolean, as an attribute must be"'.`
  ],
  "an attribute of an event that is not in its payload": [
    `EventCatalog.define("shop.sold", { description: "d", fires: "f", attributes: ["town"], payload: Schema.Struct({ city: Schema.String }) })`,
    `Type '"town"' is not assignable to type '"city"'.`
  ],
  "a field of a payload with the wrong type": [
    `EventBus.publish(InvoiceSent, { invoiceId: 1, channel: "mail" })`,
    "Type 'number' is not assignable to type 'string'."
  ],
  "a payload without one of its fields": [
    `EventBus.publish(InvoiceSent, { invoiceId: "i-1" })`,
    "Property 'channel' is missing in type '{ invoiceId: string; }' but required in type '{ readonly invoiceId: string; " +
    `readonly channel: "mail" | "post"; }'.`
  ],
  "a payload with a field of its own": [
    `EventBus.publish(InvoiceSent, { invoiceId: "i-1", channel: "mail", colour: "red" })`,
    "Object literal may only specify known properties, and 'colour' does not exist in type '{ readonly invoiceId: string; " +
    `readonly channel: "mail" | "post"; }'.`
  ],
  "a payload of the catalog with the wrong type": [
    `EventBus.publish("dependency.resolved", { taskId: "1", taskName: "t", namespace: "n", version: "1", stepId: 1 })`,
    "Type 'number' is not assignable to type 'string'."
  ],
  "the name of an event that does not exist": [
    `EventBus.publish("task.complete", { taskId: "1" })`,
    /^Argument of type '"task.complete"' is not assignable to parameter of type '"database.query_executed" \| .* \| Any'.$/
  ],
  "a route for an event that does not exist": [
    `EventRouter.override("step.faild", { log: false })`,
    /^Argument of type '"step.faild"' is not assignable to parameter of type '"database.query_executed" \| .* \| Wildcard'.$/
  ],
  "a subscriber to an event that does not exist": [
    `EventSubscriber.layer({ "step.faild": () => Effect.void })`,
    /^Object literal may only specify known properties, and '"step.faild"' does not exist in type 'Handlers</
  ],
  "a field that is no attribute of an event": [
    `EventMetrics.count(InvoiceSent, sold, { city: "invoiceId" })`,
    `Type '"invoiceId"' is not assignable to type '"channel"'.`
  ],
  "a time-out that is no duration": [
    `Step.make("s", { timeout: "10 sec", run: () => Effect.void })`,
    `Type '"10 sec"' is not assignable to type 'DurationSuchAs<"10 seconds"> | undefined'.`
  ],
  "a time-out that is no duration, of a step that may be skipped": [
    `Step.make("s", { timeout: "10 sec", skipWhen: ({ input }) => input === 1, run: () => Effect.void })`,
    `Type '"10 sec"' is not assignable to type 'DurationSuchAs<"10 seconds"> | undefined'.`
  ],
  "the names of steps in place of steps": [
    `Step.make("s", { dependsOn: ["fetch_cart"], run: () => Effect.void })`,
    `Type '"fetch_cart"' is not assignable to type '"'fetch_cart' is the name of a step: give the step itself"'.`
  ],
  "the name of a step among steps": [
    `Step.make("s", { dependsOn: [charge, "fetch_cart"], run: ({ results }) => Effect.succeed(results.charge) })`,
    `Type '"fetch_cart"' is not assignable to type '"'fetch_cart' is the name of a step: give the step itself"'.`
  ],
  "maxAttempts": [
    `Step.make("s", { retry: { maxAttempts: 3 }, run: () => Effect.void })`,
    `Type 'number' is not assignable to type 'Mistake<"write maximumAttempts">'.`
  ],
  "a longest wait that is no duration": [
    `Step.make("s", { retry: { maximum: "5 min" }, run: () => Effect.void })`,
    `Type '"5 min"' is not assignable to type 'DurationSuchAs<"5 minutes"> | undefined'.`
  ],
  "an option of a step with a wrong name": [
    `Step.make("s", { dependOn: [fetchCart], run: () => Effect.void })`,
    /^Object literal may only specify known properties, but 'dependOn' does not exist in .* Did you mean to write 'dependsOn'\?$/
  ],
  "the result of a step that is no dependency": [
    `Step.make("s", { dependsOn: [fetchCart], run: ({ results }) => Effect.succeed(results.charge) })`,
    /^Property 'charge' does not exist on type 'Results<readonly \[Step<"fetch_cart", /
  ],
  "a step that gives no effect": [
    `Step.make("s", { run: () => 1 })`,
    "Type 'number' is not assignable to type 'Effect<unknown, unknown, unknown>'."
  ],
  "a step that gives a promise": [
    `Step.make("s", { run: () => Promise.resolve(1) })`,
    /^Type 'Promise<number>' is missing the following properties from type 'Effect<unknown, unknown, unknown>': /
  ],
  "a substitute for a result without a question": [
    `Step.make("s", { whenSkipped: () => 0, run: () => Effect.succeed("run") })`,
    /^Type '\(\) => number' is not assignable to type 'Mistake<"whenSkipped needs skipWhen beside it"> \| /
  ],
  "a question that gives a promise": [
    `Step.make("s", { skipWhen: () => Promise.resolve(true), run: () => Effect.void })`,
    /\n {2}Type 'Promise<boolean>' is not assignable to type 'BooleanOrEffect'.$/
  ],
  "a task whose input is not the one of its steps": [
    `Task.make("t", { input: Schema.Struct({ name: Schema.String }), steps: [fetchCart] })`,
    /\n {2}Type '{ readonly name: string; }' is missing the following properties from type '{ readonly orderId: string; .*}': orderId, quantity$/
  ],
  "a run without an input": [
    `TaskRunner.run(ProcessOrder)`,
    "Expected 2-3 arguments, but got 1."
  ],
  "a run with the decoded input": [
    `TaskRunner.run(ProcessOrder, { orderId: "o-1", quantity: 2 })`,
    "Type 'number' is not assignable to type 'string'."
  ],
  "the result of another step, resolved by hand": [
    `TaskRunner.resolveStep("1", charge, 5)`,
    "Argument of type 'number' is not assignable to parameter of type 'string'."
  ],
  "an attribute that a metric does not have": [
    `sold.inc({ town: "Ulm" })`,
    `Object literal may only specify known properties, and 'town' does not exist in type 'Attributes<"city">'.`
  ],
  "an attribute of a metric that names an id": [
    `store.counter({ name: "sold_total", help: "Sold.", attributes: ["city", "order_id"] })`,
    `Type '"order_id"' is not assignable to type '"'order_id' names an id: ids belong on spans and log lines" | "city"'.`
  ],
  "an attribute of a metric that Prometheus needs": [
    `store.counter({ name: "sold_total", help: "Sold.", attributes: ["le"] })`,
    `Type '"le"' is not assignable to type '"Prometheus keeps 'le' for itself"'.`
  ],
  "a metric without attributes": [
    `store.counter({ name: "sold_total", help: "Sold." })`,
    "Property 'attributes' is missing in type '{ name: string; help: string; }' but required in type 'Declaration<string>'."
  ],
  "an option of the configuration with a wrong name": [
    `Telemetry.layer({ logging: { levl: "Debug" } })`,
    /^Object literal may only specify known properties, but 'levl' does not exist in .* Did you mean to write 'level'\?$/
  ],
  "a group of the configuration with a wrong name": [
    `Telemetry.layer({ metric: { enabled: false } })`,
    /^Object literal may only specify known properties, but 'metric' does not exist in .* Did you mean to write 'metrics'\?$/
  ],
  "an option of the configuration that is no duration": [
    `Telemetry.layer({ execution: { stepTimeout: "10 sec" } })`,
    `Type '"10 sec"' is not assignable to type 'DurationSuchAs<"5 seconds"> | undefined'.`
  ],
  "a part with a wrong name": [
    `Telemetry.layer({}, { logDestinations: LogDestination.layerNoop })`,
    "Object literal may only specify known properties, but 'logDestinations' does not exist in type 'Parts'. Did you mean " +
    "to write 'logDestination'?"
  ],
  "a program without its layer": [
    `Effect.runSync(TaskRunner.run(ProcessOrder, { orderId: "o-1", quantity: "2" }))`,
    /\n {2}Type 'TaskRunner' is not assignable to type 'never'.$/
  ]
}

describe("messages of the compiler", () => {
  const fileOf = (title: string) => `${title.replaceAll(/\W+/g, "-")}.ts`
  const { diagnostics, folder } = typeCheck({
    sources: {
      "common.ts": `${imports}${common}`,
      ...Object.fromEntries(
        Object.entries(mistakes).map(([title, [program]]) => [
          fileOf(title),
          `${imports}import { charge, fetchCart, InvoiceSent, Order, ProcessOrder, sold, store } from "./common.ts"\n${program}\n`
        ])
      )
    },
    compilerOptions: { noUnusedLocals: false }
  })
  const saidOf = (file: string) =>
    diagnostics.filter((diagnostic) => diagnostic.file === join(folder, file))
      .map(({ message }) => message.replace(/^TS\d+: /, ""))

  it("are none for a program that is right", () => {
    assert.deepStrictEqual(saidOf("common.ts"), [])
  })

  it.each(Object.entries(mistakes))("%s", (title, [, message]) => {
    const said = saidOf(fileOf(title))
    assert.strictEqual(said.length, 1, said.join("\n"))
    if (typeof message === "string") assert.strictEqual(said[0], message)
    else assert.match(said[0]!, message)
  })
})

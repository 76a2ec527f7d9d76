import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskDefinition from "../../src/workflow/TaskDefinition.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const cart = Step.make("cart", { retry: { maximumAttempts: 5, delays: ["2 seconds"] }, run: () => Effect.succeed(1) })
const stock = Step.make("stock", { dependsOn: [cart], timeout: "3 seconds", run: () => Effect.void })
const price = Step.make("price", { dependsOn: [cart], skipWhen: () => false, run: () => Effect.void })
const charge = Step.make("charge", { dependsOn: [stock, price, cart], run: () => Effect.void })
const Order = Task.make("order", {
  namespace: "shop",
  version: "2.0.0",
  input: Schema.Void,
  // A step may stand before the steps that it needs.
  steps: [charge, cart, stock, price]
})

describe("the definition of a task", () => {
  it.effect("has the graph of its steps, with every dependency", () =>
    Effect.gen(function*() {
      const { edges, name, namespace, nodes, version } = yield* TaskDefinition.make(Order)
      assert.deepStrictEqual([name, namespace, version], ["order", "shop", "2.0.0"])
      assert.deepStrictEqual(
        nodes.map(({ dependsOn, level, name, skippable }) => [name, level, dependsOn, skippable]),
        [
          ["charge", 2, ["stock", "price", "cart"], false],
          ["cart", 0, [], false],
          ["stock", 1, ["cart"], false],
          ["price", 1, ["cart"], true]
        ]
      )
      assert.deepStrictEqual(edges, [
        { from: "stock", to: "charge" },
        { from: "price", to: "charge" },
        { from: "cart", to: "charge" },
        { from: "cart", to: "stock" },
        { from: "cart", to: "price" }
      ])
    }))

  it.effect("has what the configuration gives where the definition says nothing", () =>
    Effect.gen(function*() {
      const { concurrency, nodes } = yield* TaskDefinition.make(Order)
      assert.strictEqual(concurrency, 4)
      const given = { multiplier: 3, maximumSeconds: 60, jitter: 0.2 }
      assert.deepStrictEqual(nodes.map(({ name, retry, timeoutSeconds }) => [name, timeoutSeconds, retry]), [
        ["charge", 30, { maximumAttempts: 7, delaysSeconds: [1, 4], ...given }],
        ["cart", 30, { maximumAttempts: 5, delaysSeconds: [2], ...given }],
        ["stock", 3, { maximumAttempts: 7, delaysSeconds: [1, 4], ...given }],
        ["price", 30, { maximumAttempts: 7, delaysSeconds: [1, 4], ...given }]
      ])
    }).pipe(Effect.provide(TestTelemetry.settings({
      execution: { concurrency: 4, maximumAttempts: 7, stepTimeout: "30 seconds" },
      backoff: { delays: ["1 second", "4 seconds"], multiplier: 3, maximum: "1 minute", jitter: 0.2 }
    }))))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as EventCatalog from "../../src/events/EventCatalog.ts"

describe("EventCatalog.example", () => {
  it.effect.each(EventCatalog.names)("gives a payload that %s accepts", (name) =>
    Effect.gen(function*() {
      const definition = EventCatalog.catalog[name]
      const example = yield* EventCatalog.example(definition)
      assert.isTrue(Schema.is(definition.payload as Schema.Schema<unknown>)(example), JSON.stringify(example))
    }))

  it.effect("gives a payload whose fields fit together", () =>
    Effect.gen(function*() {
      const payload = Schema.Struct({ from: Schema.Int, to: Schema.Int }).check(
        Schema.makeFilter(({ from, to }) => from < to)
      )
      const definition = EventCatalog.define("shop.moved", { description: "d", fires: "f", payload })
      assert.isTrue(Schema.is(payload)(yield* EventCatalog.example(definition)))
    }))

  it.effect("speaks of its fields, and samples what it cannot guess", () =>
    Effect.gen(function*() {
      const definition = EventCatalog.define("shop.sold", {
        description: "Something was sold.",
        fires: "once per sale",
        payload: Schema.Struct({
          orderId: Schema.String,
          city: Schema.String,
          itemCount: Schema.Int,
          weight: Schema.Finite,
          gift: Schema.Boolean,
          tags: Schema.Array(Schema.String),
          channel: Schema.Literals(["web", "shop"]),
          address: Schema.Struct({ street: Schema.NonEmptyString })
        })
      })
      const { address, channel, ...plain } = yield* EventCatalog.example(definition)
      assert.deepStrictEqual(plain, {
        orderId: "orderId_123",
        city: "example_city",
        itemCount: 5,
        weight: 2.34,
        gift: true,
        tags: ["item1", "item2"]
      })
      assert.include(["web", "shop"], channel)
      assert.isNotEmpty(address.street)
      assert.deepStrictEqual(yield* EventCatalog.example(definition), { ...plain, address, channel })
    }))
})

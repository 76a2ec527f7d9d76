import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"

describe("SelfStatistics", () => {
  it.effect("keeps a value per counter and attributes, and shares a counter that is declared twice", () =>
    Effect.gen(function*() {
      const statistics = yield* SelfStatistics
      const drop = statistics.counter("drops_total", "Drops.", ["reason", "site"])
      drop(["full", "a"])
      drop(["full", "a"], 4)
      drop(["full", "b"])
      statistics.counter("drops_total", "Drops.", ["reason", "site"])(["full", "a"], 10)
      statistics.counter("errors_total", "Errors.", [])
      assert.deepStrictEqual(statistics.read(), [
        {
          type: "counter",
          name: "drops_total",
          help: "Drops.",
          attributes: ["reason", "site"],
          values: [{ attributes: ["full", "a"], value: 15 }, { attributes: ["full", "b"], value: 1 }]
        },
        { type: "counter", name: "errors_total", help: "Errors.", attributes: [], values: [] }
      ])
    }).pipe(Effect.provide(SelfStatistics.layer)))

  it.effect("reads numbers from their owner", () =>
    Effect.gen(function*() {
      const statistics = yield* SelfStatistics
      const waiting = { queued: 1 }
      const level = { type: "upDownCounter", help: "Waiting." } as const
      statistics.observe({ ...level, name: "waiting", attribute: "state", values: () => waiting })
      statistics.observe({ ...level, name: "room", values: () => ({ "": 7 }) })
      waiting.queued = 2
      assert.deepStrictEqual(statistics.read(), [
        { ...level, name: "waiting", attributes: ["state"], values: [{ attributes: ["queued"], value: 2 }] },
        { ...level, name: "room", attributes: [], values: [{ attributes: [], value: 7 }] }
      ])
    }).pipe(Effect.provide(SelfStatistics.layer)))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import { call, lines } from "../support/cliProgram.ts"

describe("events list", () => {
  it.effect("lists every event of the catalog with its level and route", () =>
    Effect.gen(function*() {
      const { code, error, out } = yield* call("events", "list")
      assert.deepStrictEqual([code, error], [0, ""])
      assert.strictEqual(lines(out)[0], `${EventCatalog.names.length} events`)
      for (const name of EventCatalog.names) assert.include(out, name)
      assert.include(
        lines(out),
        " step.failed Warn metrics, trace, log An attempt of a step failed, died or ran into its time-out."
      )
    }))

  it.effect("chooses by domain and by text, and prints JSON", () =>
    Effect.gen(function*() {
      const { out } = yield* call("events", "list", "--domain", "observability", "--search", "BACKOFF", "--json")
      const names = JSON.parse(out).map(({ name }: { name: string }) => name)
      assert.include(names, "observability.step.backoff")
      assert.isTrue(names.every((name: string) => name.startsWith("observability.")))
    }))

  it.effect("ends with 5 and the known domains if none fits", () =>
    Effect.gen(function*() {
      const { code, error, out } = yield* call("events", "list", "--domain", "steps")
      assert.deepStrictEqual([code, out], [5, ""])
      assert.include(error, "the domains are task, step, workflow")
    }))
})

describe("events show", () => {
  it.effect("shows when an event is published, its payload and where it goes", () =>
    Effect.gen(function*() {
      const { code, out } = yield* call("events", "show", "step.failed")
      assert.strictEqual(code, 0)
      for (
        const line of [
          "Published on in_progress → error, once per failed attempt",
          "Route metrics, trace, log",
          " taskId string always",
          " errorType * string always",
          " error object sometimes"
        ]
      ) assert.include(lines(out), line)
    }))

  it.effect("gives an example that the schema of the event accepts", () =>
    Effect.gen(function*() {
      for (const name of ["task.completed", "step.completed", "database.query_executed"] as const) {
        const { out } = yield* call("events", "show", name, "--json")
        const { payload } = EventCatalog.catalog[name]
        yield* Schema.decodeUnknownEffect(Schema.toCodecJson(payload as Schema.Codec<unknown>))(JSON.parse(out).example)
      }
    }))

  it.effect("ends with 5 and names the nearest event", () =>
    Effect.gen(function*() {
      const { code, error } = yield* call("events", "show", "step.complete")
      assert.deepStrictEqual([code, error], [
        5,
        "the catalog has no event \"step.complete\"; the nearest is step.completed"
      ])
      assert.include((yield* call("events", "show", "shop.sold")).error, "\"events list\" names all")
    }))
})

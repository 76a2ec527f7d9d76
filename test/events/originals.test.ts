/**
 * Every event name of the original is accounted for: carried, or not with a reason.
 */
import { assert, describe, it } from "@effect/vitest"
import { originalEvents, plannedEvents } from "../../docs/generate/originalEvents.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"

const carried = originalEvents.flatMap(({ name, notCarried }) => notCarried === undefined ? [name] : [])

describe("events of the original", () => {
  it("are listed once each: 45 of the engine, 6 of exports, 14 of registries, 5 of the router alone", () => {
    const names = [...originalEvents, ...plannedEvents].map(({ name }) => name)
    assert.lengthOf(originalEvents, 45 + 6 + 14 + 5)
    assert.deepStrictEqual(names, [...new Set(names)])
    const inDomain = (domain: string) => originalEvents.filter(({ name }) => name.startsWith(`${domain}.`)).length
    assert.deepStrictEqual(
      ["task", "step", "workflow", "observability", "tasker"].map(inDomain),
      [8, 10, 19, 8, 6]
    )
  })

  it("are in the catalog where they are carried, and nowhere else", () => {
    assert.deepStrictEqual(carried.toSorted(), EventCatalog.names.toSorted())
  })
})

/**
 * Every event name of the original is accounted for: carried, or not with a reason. Every other event of the catalog is
 * new, with a reason.
 */
import { assert, describe, it } from "@effect/vitest"
import { newEvents, originalEvents, plannedEvents, problems } from "../../docs/generate/originalEvents.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"

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

  it("and the new ones are the catalog", () => {
    assert.deepStrictEqual(problems(EventCatalog.names, newEvents), [])
  })
})

describe("an event that the lists do not account for", () => {
  const here = "docs/generate/originalEvents.ts"

  it("may be new, with a reason", () => {
    const added = { ...newEvents, "workflow.task_paused": "a person can pause a run" }
    assert.deepStrictEqual(problems([...EventCatalog.names, "workflow.task_paused"], added), [])
  })

  it.each<
    readonly [what: string, catalog: ReadonlyArray<string>, added: Readonly<Record<string, string>>, problem: string]
  >([
    [
      "is in no list",
      [...EventCatalog.names, "workflow.task_paused"],
      {},
      `event "workflow.task_paused" is in no list: Tasker did not have it, so add it to newEvents in ${here}, with the reason why it exists`
    ],
    [
      "was left out until now",
      [...EventCatalog.names, "task.retry_requested"],
      {},
      `event "task.retry_requested" is in the catalog, but ${here} says that it is not carried: move it to carried(…)`
    ],
    [
      "left the catalog",
      EventCatalog.names.filter((name) => name !== "step.completed"),
      {},
      `event "step.completed" is carried by ${here}, but not in the catalog: declare it in src/events/internal/catalog, or say with not(…) why it is left out`
    ],
    [
      "is new twice over",
      EventCatalog.names,
      { "step.completed": "a step ended" },
      `event "step.completed" is in newEvents of ${here}, but Tasker had it: take it out`
    ],
    [
      "is new, but not there",
      EventCatalog.names,
      { "workflow.task_paused": "a person can pause a run" },
      `event "workflow.task_paused" is in newEvents of ${here}, but not in the catalog: declare it in src/events/internal/catalog, or take it out`
    ],
    [
      "has no reason",
      [...EventCatalog.names, "workflow.task_paused"],
      { "workflow.task_paused": "" },
      `event "workflow.task_paused" has no reason in newEvents of ${here}: say why it exists`
    ]
  ])("%s: the message says what to do", (_, catalog, added, problem) => {
    assert.deepStrictEqual(problems(catalog, { ...newEvents, ...added }), [problem])
  })
})

import { assert, describe, it } from "@effect/vitest"
import { lineOf, missedBetween } from "../../src/cli/tailLines.ts"

const event = (name: string, payload: object, more: object = {}) => ({
  name,
  id: "i:1",
  text: JSON.stringify({ name, time: 1_700_000_000_123, sequence: 1, payload, ...more })
})

describe("lineOf", () => {
  it("says when, how important, what, where and why, and leaves the ids to the end", () => {
    assert.strictEqual(
      lineOf(event("step.failed", {
        taskId: "t-1",
        taskName: "order",
        stepName: "charge",
        stepId: "t-1:charge",
        fromState: "in_progress",
        toState: "error",
        durationSeconds: 0.25,
        errorType: "Busy",
        final: false,
        timedOut: null
      }, { correlationId: "c-1" })),
      "22:13:20.123  WARN   step.failed                   order > charge  in_progress → error duration=250 ms " +
        "errorType=Busy final=false  task=t-1  correlation=c-1"
    )
  })

  it("shows events of a program, and shortens long values", () => {
    assert.match(lineOf(event("shop.sold", { item: "x".repeat(200) })), /INFO {3}shop\.sold +item=x{120}…$/)
  })

  it("has no character that a terminal obeys", () => {
    assert.notMatch(lineOf(event("shop.sold", { item: "red\u001b[31m\u202e" })), /[^\P{C}]/u)
    assert.notMatch(lineOf({ name: "a\u001b", id: undefined, text: "no JSON\u0007" }), /[^\P{C}]/u)
  })

  it("says what messages about the stream mean", () => {
    const about = (name: string, data: object) => lineOf({ name, id: undefined, text: JSON.stringify(data) })
    assert.strictEqual(
      about("tasker.stream.dropped", { dropped: 7, reason: "the client reads too slowly" }),
      "-- 7 events are missing here: the client reads too slowly"
    )
    assert.strictEqual(
      about("tasker.stream.opened", { service: "shop", instance: "i" }),
      "-- events of shop from now on (instance i)"
    )
  })
})

describe("missedBetween", () => {
  it("counts the events between two messages of one instance, and knows nothing of another one", () => {
    assert.strictEqual(missedBetween("i:5", "i:9"), 3)
    assert.strictEqual(missedBetween("i:5", "i:6"), 0)
    assert.strictEqual(missedBetween("i:5", "j:6"), undefined)
    assert.strictEqual(missedBetween(undefined, "i:6"), undefined)
    assert.strictEqual(missedBetween("i:5", "odd"), undefined)
  })
})

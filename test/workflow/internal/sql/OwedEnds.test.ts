import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { Change } from "../../../../src/workflow/internal/sql/foldChanges.ts"
import * as OwedEnds from "../../../../src/workflow/internal/sql/OwedEnds.ts"
import { quiet } from "../../../support/eventLoop.ts"
import { step, task } from "../../TaskStoreTest.ts"

const written = { at: 0, order: 0 }
const save = (id: string, state: "in_progress" | "complete" | "error", steps = 1): Change => ({
  _tag: "SaveTask",
  task: task(id, state),
  steps: Array.from({ length: steps }, (_, index) => step(id, `${index}`, state)),
  written
})
const update = (id: string, state: "in_progress" | "complete" | "resolved_manually"): Change => ({
  _tag: "UpdateTask",
  task: task(id, state),
  written
})
const updateStep = (id: string, state: "resolved_manually"): Change => ({
  _tag: "UpdateStep",
  taskId: id,
  step: step(id, "0", state),
  written
})

const lineOf = (change: Change): string =>
  change._tag === "UpdateStep"
    ? `step of ${change.taskId} ${change.step.state}`
    : change._tag === "UpdateTask"
    ? `${change.task.id} ${change.task.state}`
    : `all of ${change.task.id} ${change.task.state} ${change.steps.map(({ state }) => state).join(",")}`

/** A database that is down, with what it was given since it is back. */
const outage = Effect.gen(function*() {
  const lines: Array<string> = []
  const state = { isDown: true, lost: 0 }
  const scope = yield* Scope.make()
  const change = yield* OwedEnds.make({
    send: (change) =>
      Effect.suspend(() => {
        if (state.isDown) return Effect.die(new Error("down"))
        lines.push(lineOf(change))
        return Effect.void
      }),
    timeout: Duration.seconds(2),
    onLost: (count) => void (state.lost += count)
  }).pipe(Scope.provide(scope))
  const give = (given: Change) => Effect.exit(change(given))
  const back = Effect.gen(function*() {
    state.isDown = false
    yield* TestClock.adjust("1 second")
    yield* quiet
  })
  return { back, close: Scope.close(scope, Exit.void), give, lines, state }
})

describe("OwedEnds", () => {
  it.effect("writes the ends that the database did not take when it is back, and nothing else", () =>
    Effect.gen(function*() {
      const { back, give, lines, state } = yield* outage
      assert.isTrue(Exit.isFailure(yield* give(save("1", "complete"))))
      for (const change of [update("2", "complete"), save("3", "in_progress"), update("3", "in_progress")]) {
        yield* give(change)
      }
      yield* TestClock.adjust("1 hour")
      yield* back
      assert.deepStrictEqual(lines, ["all of 1 complete complete", "2 complete"])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual([lines.length, state.lost], [2, 0])
    }))

  it.effect("owes no resolution by hand, and keeps the end before it", () =>
    Effect.gen(function*() {
      const { back, give, lines } = yield* outage
      yield* give(save("1", "error"))
      assert.isTrue(Exit.isFailure(yield* give(updateStep("1", "resolved_manually"))))
      assert.isTrue(Exit.isFailure(yield* give(update("1", "resolved_manually"))))
      yield* give(update("2", "resolved_manually"))
      yield* back
      assert.deepStrictEqual(lines, ["all of 1 error error"])
    }))

  it.effect("sends a newer change with the end before it, once", () =>
    Effect.gen(function*() {
      const { back, give, lines, state } = yield* outage
      yield* give(save("1", "error"))
      state.isDown = false
      yield* give(updateStep("1", "resolved_manually"))
      yield* give(update("1", "resolved_manually"))
      yield* back
      assert.deepStrictEqual(lines, ["all of 1 error resolved_manually", "1 resolved_manually"])
    }))

  it.effect("keeps a bounded number of ends and steps, and counts those that are lost", () =>
    Effect.gen(function*() {
      const { back, give, lines, state } = yield* outage
      for (let id = 0; id < 10_003; id++) yield* give(update(`${id}`, "complete"))
      assert.strictEqual(state.lost, 3)
      yield* give(save("large", "complete", 200_001))
      assert.strictEqual(state.lost, 10_003)
      yield* give(save("larger", "complete", 200_002))
      assert.strictEqual(state.lost, 10_004)
      yield* back
      assert.deepStrictEqual(lines.map((line) => line.slice(0, 15)), ["all of larger c"])
    }))

  it.effect("tries once more when it closes, and counts what is lost then and later", () =>
    Effect.gen(function*() {
      const first = yield* outage
      yield* first.give(update("1", "complete"))
      first.state.isDown = false
      yield* first.close
      assert.deepStrictEqual([first.lines, first.state.lost], [["1 complete"], 0])
      const second = yield* outage
      yield* second.give(update("1", "complete"))
      yield* second.close
      yield* second.give(update("2", "complete"))
      assert.strictEqual(second.state.lost, 2)
    }))
})

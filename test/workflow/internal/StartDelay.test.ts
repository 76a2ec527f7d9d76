import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as StartDelay from "../../../src/workflow/internal/StartDelay.ts"
import { task } from "../TaskStoreTest.ts"

describe("StartDelay", () => {
  it("knows a run that waits, which is none that is being cancelled", () => {
    const run = { delay: StartDelay.make(1000), record: task("1", "pending"), cancelRequested: false }
    assert.isTrue(StartDelay.isWaiting(run))
    assert.isFalse(StartDelay.isWaiting({ ...run, cancelRequested: true }))
    assert.isFalse(StartDelay.isWaiting({ ...run, record: task("1", "in_progress") }))
    assert.isFalse(StartDelay.isWaiting({ ...run, delay: undefined }))
  })

  it("refuses a start after the last instant of a date", () => {
    const last = 8.64e15
    assert.strictEqual(StartDelay.millisOf(1000, last - 1000), 1000)
    assert.throws(() => StartDelay.millisOf(1000, last - 999), RangeError, "after the year 275760")
  })

  it.effect("gives the exit of a wait, which is a success at its early end", () =>
    Effect.gen(function*() {
      const delay = StartDelay.make(1000)
      StartDelay.end({ delay })
      assert.strictEqual((yield* StartDelay.wait(delay, (effect) => effect))._tag, "Success")
    }))
})

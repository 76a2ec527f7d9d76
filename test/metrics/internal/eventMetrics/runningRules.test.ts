import { assert, describe, it } from "@effect/vitest"
import { RunningTasks } from "../../../../src/metrics/internal/eventMetrics/runningRules.ts"

/** A clock that is a second later at every reading. */
const make = (mostInBackground = 10) => {
  let seconds = 0n
  return new RunningTasks({ mostInBackground, nowNanos: () => seconds++ * 1_000_000_000n })
}

describe("RunningTasks", () => {
  it("knows the oldest run of each task", () => {
    const running = make()
    running.started("a", "1")
    running.started("b", "2")
    running.started("a", "3")
    assert.deepStrictEqual(running.oldest(), [{ task: "a", seconds: 3 }, { task: "b", seconds: 2 }])
    running.ended("a", "1")
    running.ended("b", "2")
    assert.deepStrictEqual(running.oldest(), [{ task: "a", seconds: 2 }])
    running.ended("a", "3")
    assert.deepStrictEqual(running.oldest(), [])
  })

  it("counts every run, and keeps the starts of the first 10 000", () => {
    const running = make()
    for (let run = 0; run < 10_005; run++) running.started("a", `${run}`)
    assert.strictEqual(running.runs, 10_005)
    for (let run = 0; run < 9999; run++) running.ended("a", `${run}`)
    assert.deepStrictEqual(running.oldest(), [{ task: "a", seconds: 1 }])
    for (let run = 9999; run < 10_005; run++) running.ended("a", `${run}`)
    assert.deepStrictEqual([running.runs, running.oldest()], [0, []])
  })

  it("counts the runs in the background until they end, and no more than there can be", () => {
    const running = make(2)
    for (const run of ["1", "2", "3"]) running.enqueued(run)
    assert.strictEqual(running.background, 2)
    running.started("a", "1")
    running.ended("a", "1")
    assert.strictEqual(running.background, 1)
  })

  it("counts the attempts in progress", () => {
    const running = make()
    running.attemptStarted()
    running.attemptStarted()
    running.attemptEnded()
    assert.strictEqual(running.attempts, 1)
  })
})

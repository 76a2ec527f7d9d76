/**
 * D17: the original's analytics gave constants for measurements: always the percentiles 15, 45 and 75 s, always the
 * error types timeout, validation and network, always the same advice.
 */
import { assert, describe, it } from "@effect/vitest"
import { Bottlenecks } from "tasker-telemetry"
import { attempt, run, step } from "../support/runRecords.ts"

const runs = (count: number, seconds: number, errorType: string) =>
  Array.from({ length: count }, (_, index) =>
    run({
      id: `t-${index}`,
      endedAt: seconds + 2,
      steps: [step("charge", [
        attempt(0, 1, { state: "error", errorType }),
        attempt(2, seconds + 2, { number: 2 })
      ])]
    }))

describe("Analytics", () => {
  it("give the percentiles and the errors of the runs that there were", () => {
    const report = Bottlenecks.analyze(runs(30, 7, "CardDeclined"))
    assert.deepInclude(report.tasks[0]?.makespan, { p50: 9, p95: 9, p99: 9 })
    assert.deepStrictEqual(report.errors.map(({ errorType, failures }) => [errorType, failures]), [[
      "CardDeclined",
      30
    ]])
  })

  it("give other numbers for other runs", () => {
    const report = Bottlenecks.analyze(runs(30, 70, "Busy"))
    assert.deepInclude(report.tasks[0]?.makespan, { p50: 72, p95: 72, p99: 72 })
    assert.deepStrictEqual(report.errors.map(({ errorType }) => errorType), ["Busy"])
  })

  it("give no percentiles, errors or advice without runs, and no advice for too few", () => {
    const none = Bottlenecks.analyze([])
    assert.deepStrictEqual([none.tasks, none.errors, none.steps, none.recommendations], [[], [], [], []])
    assert.deepStrictEqual(Bottlenecks.analyze(runs(19, 70, "Busy")).recommendations, [])
  })

  it("give no advice without evidence", () => {
    for (const { evidence, gainSeconds, text } of Bottlenecks.analyze(runs(20, 70, "Busy")).recommendations) {
      assert.isAbove(gainSeconds, 0)
      assert.isAbove(evidence.runIds.length, 0)
      assert.isAbove(Object.keys(evidence.numbers).length, 0)
      assert.match(text, /\d/)
    }
  })
})

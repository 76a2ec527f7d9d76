/**
 * D17b: the original asked a number for its size, so every task had 8 critical bottlenecks and the health `critical`, and
 * it read a field that was never written, so the parallelism was always 0.
 */
import { assert, describe, it } from "@effect/vitest"
import { ImpactScore } from "tasker-telemetry"
import { attempt, run, step } from "../support/runRecords.ts"

describe("Summary of a run", () => {
  it("is healthy without critical steps, and has the parallelism of the run", () => {
    const summary = ImpactScore.summarize(
      run({ concurrency: 1, steps: [step("a", [attempt(0, 5)]), step("b", [attempt(5, 10, { readyAt: 0 })])] })
    )
    assert.deepInclude(summary, { criticalBottlenecks: 0, overallHealth: "healthy", parallelismEfficiency: 0.5 })
  })

  it("counts the steps that are critical", () => {
    const failed = (name: string) =>
      step(name, [attempt(0, 1, { state: "error" })], { failedForGood: true, exhausted: true })
    const blocked = (name: string, on: string) => step(name, [], { dependsOn: [on] })
    const steps = [
      failed("a"),
      blocked("a1", "a"),
      blocked("a2", "a1"),
      failed("b"),
      blocked("b1", "b"),
      blocked("b2", "b1"),
      failed("c")
    ]
    assert.deepInclude(ImpactScore.summarize(run({ state: "error", steps })), {
      criticalBottlenecks: 2,
      errorChains: 2,
      overallHealth: "critical"
    })
  })
})

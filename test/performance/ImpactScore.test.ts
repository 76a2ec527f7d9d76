import { assert, describe, it } from "@effect/vitest"
import * as ImpactScore from "../../src/performance/ImpactScore.ts"
import { attempt, run, step } from "../support/runRecords.ts"

const failed = (name: string, attempts: number, exhausted: boolean) =>
  step(
    name,
    Array.from({ length: attempts }, (_, index) => attempt(index, index + 1, { state: "error", number: index + 1 })),
    { failedForGood: true, exhausted }
  )

/** `charge` failed three times, so three steps below it could not start. */
const broken = run({
  state: "error",
  steps: [
    step("fetch", [attempt(0, 1)]),
    failed("charge", 3, true),
    step("ship", [], { dependsOn: ["charge"] }),
    step("mail", [], { dependsOn: ["ship"] }),
    step("report", [], { dependsOn: ["charge", "mail"] })
  ]
})

describe("ImpactScore", () => {
  it("scores a failed step by Tasker's formula", () => {
    // (3 × 5 + 3 × 15) × (2 + 0.5) + 3 × 3 + 10 + 20
    assert.deepStrictEqual(ImpactScore.scores(broken), [
      { stepName: "charge", score: 189, severity: "critical", downstream: 3, blocked: 3 }
    ])
  })

  it("scores steps that wait or were retried if none failed", () => {
    const waiting = run({
      state: "in_progress",
      endedAt: undefined,
      steps: [
        step("a", [attempt(0, 1, { state: "error" }), attempt(2, undefined, { number: 2 })]),
        step("b", [], { dependsOn: ["a"] }),
        step("c", [], { dependsOn: ["b"] })
      ]
    })
    // a: 2 × 5 + 2 × 15 + 2 × 3; b: (5 + 15) × 1.2; c: 0.
    assert.deepStrictEqual(
      ImpactScore.scores(waiting).map(({ score, severity, stepName }) => [stepName, score, severity]),
      [["a", 46, "medium"], ["b", 24, "medium"], ["c", 0, "low"]]
    )
  })

  it("takes other weights and thresholds", () => {
    const [charge] = ImpactScore.scores(broken, {
      blocked: 0,
      exhaustedRetry: 0,
      thresholds: { critical: 1000, high: 60, medium: 5 }
    })
    // (3 × 5) × 2.5 + 9 + 10, rounded.
    assert.deepInclude(charge, { score: 57, severity: "medium" })
  })

  it("summarises a run that failed and one that went well", () => {
    assert.deepStrictEqual(ImpactScore.summarize(broken), {
      totalSteps: 5,
      totalDependencies: 4,
      dependencyLevels: 4,
      criticalBottlenecks: 1,
      errorChains: 1,
      parallelismEfficiency: 0.4 / (4 / 3),
      overallImpact: "high",
      overallHealth: "critical"
    })
    const good = run({ steps: [step("a", [attempt(0, 5)]), step("b", [attempt(5, 10)], { dependsOn: ["a"] })] })
    assert.deepInclude(ImpactScore.summarize(good), {
      criticalBottlenecks: 0,
      errorChains: 0,
      parallelismEfficiency: 1,
      overallImpact: "none",
      overallHealth: "healthy"
    })
  })

  it("calls a run severe if most of its steps failed", () => {
    const steps = [failed("a", 1, false), failed("b", 1, false), step("c", [attempt(0, 1)])]
    assert.deepInclude(ImpactScore.summarize(run({ state: "error", steps })), {
      overallImpact: "severe",
      overallHealth: "warning"
    })
  })
})

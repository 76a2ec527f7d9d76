import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Bottlenecks from "../../src/performance/Bottlenecks.ts"
import type { RunRecord } from "../../src/performance/RunRecord.ts"
import { type Node, recordOf, seeded, withNode } from "../support/randomTasks.ts"
import { attempt, run, step } from "../support/runRecords.ts"

const unlimited = 100_000

const node = (name: string, millis: number, needs: ReadonlyArray<number> = [], failures = 0): Node => ({
  name,
  millis,
  failures,
  needs
})

/** An order whose steps take up to 40 % more or less than usual. Step 4, `price`, was made slow on purpose. */
const order = (seed: number): ReadonlyArray<Node> => {
  const random = seeded(seed)
  const about = (millis: number) => 2 * Math.round(millis * (0.3 + 0.4 * random()))
  return [
    node("fetch", about(400)),
    node("stock", about(900), [0]),
    node("address", about(700), [0]),
    node("tax", about(300), [2]),
    node("price", about(4000), [0]),
    node("charge", about(800), [1, 4], random() < 0.1 ? 1 : 0),
    node("label", about(600), [3, 1]),
    node("mail", about(200), [5, 6])
  ]
}

const seeds = Array.from({ length: 40 }, (_, seed) => seed)

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length

const recordsOf = (concurrency: number, nodesOf: (seed: number) => ReadonlyArray<Node> = order) =>
  Effect.forEach(seeds, (seed) => recordOf(nodesOf(seed), concurrency))

const makespan = (runs: ReadonlyArray<RunRecord>) => mean(runs.map(({ endedAt }) => endedAt!))

const many = (count: number, change: (index: number) => Partial<RunRecord>) =>
  Array.from({ length: count }, (_, index) => run({ id: `t-${index}`, ...change(index) }))

describe("Bottlenecks", () => {
  it.effect.each([unlimited, 2])(
    "ranks a step that was made slow first, with the gain of really halving it, with %s slots",
    (concurrency) =>
      Effect.gen(function*() {
        const runs = yield* recordsOf(concurrency)
        const [first] = Bottlenecks.analyze(runs).recommendations
        assert.deepInclude(first, { kind: "faster_step", taskName: "t", stepName: "price" })
        const halved = yield* recordsOf(concurrency, (seed) => {
          const nodes = order(seed)
          return withNode(nodes, 4, { millis: nodes[4]!.millis / 2 })
        })
        const measured = makespan(runs) - makespan(halved)
        assert.approximately(first!.gainSeconds, measured, 0.1 * measured)
        assert.approximately(first!.gainShare, measured / makespan(runs), 0.01)
        assert.strictEqual(first!.totalGainSeconds, first!.gainSeconds * 40)
        assert.deepInclude(first!.evidence, { runs: 40, simulatedRuns: 40 })
        assert.isTrue(first!.evidence.runIds.every((id) => runs.some((run) => run.id === id)))
      }),
    60_000
  )

  it.effect("measures what more slots would gain", () =>
    Effect.gen(function*() {
      const wide = (seed: number) => {
        const random = seeded(seed)
        return Array.from({ length: 8 }, (_, index) => node(`s${index}`, 500 + Math.round(random() * 200)))
      }
      const runs = yield* recordsOf(2, wide)
      const found = Bottlenecks.analyze(runs).recommendations[0]
      assert.deepInclude(found, { kind: "more_slots", stepName: undefined })
      const measured = makespan(runs) - makespan(yield* recordsOf(4, wide))
      assert.approximately(found!.gainSeconds, measured, 0.1 * measured)
      const [task] = Bottlenecks.analyze(runs).tasks
      assert.isAbove(task!.limitBoundShare, 0.5)
      assert.approximately(task!.parallelism.achieved, 2, 0.2)
      assert.approximately(task!.parallelism.possible, 7, 0.8)
    }), 60_000)

  it.effect("measures what fewer failures would gain, and by which error they came", () =>
    Effect.gen(function*() {
      const flaky = (seed: number) => [node("fetch", 100), node("charge", 400, [0], seed % 2)]
      const runs = yield* recordsOf(unlimited, flaky)
      const report = Bottlenecks.analyze(runs)
      const [found] = report.recommendations
      assert.deepInclude(found, { kind: "fewer_failures", stepName: "charge" })
      const measured = makespan(runs) -
        makespan(yield* recordsOf(unlimited, (seed) => withNode(flaky(seed), 1, { failures: 0 })))
      assert.approximately(found!.gainSeconds, measured, 0.001)
      assert.strictEqual(report.errors.length, 1)
      assert.deepInclude(report.errors[0], {
        stepName: "charge",
        errorType: "string",
        failures: 20,
        runs: 20,
        recoveredRuns: 20,
        recoveryShare: 1,
        timedOut: 0
      })
      assert.approximately(report.errors[0]!.lostSeconds, 20 * (0.4 + 0.7), 1e-6)
    }), 60_000)

  it("gives percentiles that are durations of real runs", () => {
    const runs = many(100, (index) => ({ endedAt: index + 1, steps: [step("a", [attempt(0, index + 1)])] }))
    const [task] = Bottlenecks.analyze(runs).tasks
    assert.deepStrictEqual(task?.makespan, {
      count: 100,
      sum: 5050,
      mean: 50.5,
      p50: 50,
      p95: 95,
      p99: 99,
      maximum: 100
    })
    assert.strictEqual(Bottlenecks.distribution([3]).p99, 3)
    assert.deepInclude(Bottlenecks.distribution([]), { count: 0, mean: 0, p50: 0 })
  })

  it("recommends nothing without enough runs, and says how many are missing", () => {
    const report = Bottlenecks.analyze(many(3, () => ({ steps: [step("a", [attempt(0, 10)])] })))
    assert.deepStrictEqual(report.recommendations, [])
    assert.deepStrictEqual(report.insufficient, [
      { taskName: "order", version: "1.0.0", runs: 3, needed: 20, text: "not enough runs: 3 of 20" }
    ])
    const enough = Bottlenecks.analyze(many(3, () => ({ steps: [step("a", [attempt(0, 10)])] })), { minimumRuns: 3 })
    assert.deepStrictEqual(enough.insufficient, [])
    assert.strictEqual(
      enough.recommendations[0]?.text,
      "Make step \"a\" of order 1.0.0 faster: at half its work a run takes 5 s less (50 %). It is on the critical path " +
        "of 100 % of 3 runs and works for 10 s (p95 10 s)."
    )
  })

  it("says nothing about no runs", () => {
    assert.deepStrictEqual(Bottlenecks.analyze([]), {
      runs: 0,
      from: undefined,
      until: undefined,
      tasks: [],
      steps: [],
      errors: [],
      blocking: [],
      queries: [],
      patterns: [],
      recommendations: [],
      insufficient: []
    })
  })

  it("keeps tasks and versions apart, and looks only at what it is asked for", () => {
    const runs = many(8, (index) => ({
      taskName: index % 2 === 0 ? "order" : "report",
      version: index < 4 ? "1.0.0" : "2.0.0",
      createdAt: index * 1000,
      steps: [step("a", [attempt(0, 10)])]
    }))
    const names = (options: Bottlenecks.Options) =>
      Bottlenecks.analyze(runs, options).tasks.map(({ runs, taskName, version }) =>
        `${taskName} ${version} ${runs.complete}`
      )
        .toSorted()
    assert.deepStrictEqual(names({}), ["order 1.0.0 2", "order 2.0.0 2", "report 1.0.0 2", "report 2.0.0 2"])
    assert.deepStrictEqual(names({ task: "order" }), ["order 1.0.0 2", "order 2.0.0 2"])
    assert.deepStrictEqual(names({ task: "order", version: "2.0.0" }), ["order 2.0.0 2"])
    assert.deepStrictEqual(names({ since: 7000 }), ["report 2.0.0 1"])
    assert.deepInclude(Bottlenecks.analyze(runs, { since: 2000 }), { runs: 6, from: 2000, until: 7000 })
    assert.strictEqual(Bottlenecks.analyze(runs, { most: 2 }).steps.length, 2)
  })

  it("finds the step that others wait for alone, and what a failure kept from starting", () => {
    const good = many(2, () => ({
      steps: [
        step("a", [attempt(0, 2)]),
        step("b", [attempt(0, 7)]),
        step("c", [attempt(7, 10)], { dependsOn: ["a", "b"] })
      ]
    }))
    const failed = run({
      id: "failed",
      state: "error",
      steps: [
        step("a", [attempt(0, 2)]),
        step("b", [attempt(0, 7, { state: "error", errorType: "Busy" })], { failedForGood: true }),
        step("c", [], { dependsOn: ["a", "b"] })
      ]
    })
    const { blocking, errors, steps } = Bottlenecks.analyze([...good, failed])
    assert.deepInclude(blocking[0], { stepName: "b", blockedSeconds: 10, blocks: ["c"], neverStarted: 1 })
    assert.deepInclude(errors[0], { stepName: "b", errorType: "Busy", recoveredRuns: 0, runIds: ["failed"] })
    // Tasker: (1 downstream × 5 + 1 blocked × 15) × 2 + 1 attempt × 3 + 10.
    assert.deepStrictEqual(steps.find(({ stepName }) => stepName === "b")?.impact, { score: 53, severity: "high" })
    assert.strictEqual(steps.find(({ stepName }) => stepName === "a")?.impact.score, 0)
    const weighted = Bottlenecks.analyze([...good, failed], { weights: { blocked: 40 } })
    // (1 × 5 + 1 × 40) × 2 + 3 + 10.
    assert.deepStrictEqual(weighted.steps.find(({ stepName }) => stepName === "b")?.impact, {
      score: 103,
      severity: "critical"
    })
  })

  it("counts the statements of a step, and what less time in SQL would gain", () => {
    const sql = { statements: 50, seconds: 8, waitSeconds: 0 }
    const { queries, recommendations } = Bottlenecks.analyze(
      many(20, () => ({ steps: [step("a", [attempt(0, 10, { sql })])] }))
    )
    assert.deepInclude(queries[0], { stepName: "a", secondsPerRun: 8, shareOfWork: 0.8 })
    assert.strictEqual(queries[0]?.statements.p95, 50)
    const found = recommendations.find(({ kind }) => kind === "fewer_queries")
    assert.approximately(found!.gainSeconds, 4, 1e-9)
    assert.include(found!.text, "SQL is 80 % of its work, with 50 statements in a run (p95 50).")
  })

  it("leaves out gains that are not worth a change", () => {
    const steps = [step("long", [attempt(0, 99)]), step("short", [attempt(99, 100)], { dependsOn: ["long"] })]
    const runs = many(20, () => ({ endedAt: 100, steps }))
    assert.deepStrictEqual(Bottlenecks.analyze(runs).recommendations.map(({ stepName }) => stepName), ["long"])
    assert.deepStrictEqual(
      Bottlenecks.analyze(runs, { minimumGain: 0 }).recommendations.map(({ stepName }) => stepName),
      ["long", "short"]
    )
  })

  it("simulates a part of the runs when they are many and large", () => {
    const steps = Array.from(
      { length: 500 },
      (_, index) => step(`s${index}`, [attempt(index, index + 1)], { dependsOn: index === 0 ? [] : [`s${index - 1}`] })
    )
    const runs = many(400, () => ({ endedAt: 500, steps }))
    const [first] = Bottlenecks.analyze(runs, { minimumGain: 0 }).recommendations
    assert.strictEqual(first?.evidence.runs, 400)
    assert.isBelow(first!.evidence.simulatedRuns, 400)
    assert.isAbove(first!.evidence.simulatedRuns, 20)
    assert.approximately(first!.gainSeconds, 0.5, 1e-6)
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as performance from "../../../src/cli/validate/expectPerformance.ts"

const limits = { p95: 1, errorRate: 0, slow: 1, mostSlow: 1 }

const runs = (durations: ReadonlyArray<number>, failed = 0) =>
  durations.map((durationSeconds, index) => ({ status: index < failed ? "error" : "complete", durationSeconds }))

const twenty = Array.from({ length: 20 }, (_, index) => (index + 1) / 20)

const failures = (...args: Parameters<typeof performance.judgeRuns>) =>
  performance.judgeRuns(...args).filter(({ outcome }) => outcome === "failed").map(({ check, found }) => [check, found])

describe("a load", () => {
  it("has percentiles that are values of its runs", () => {
    assert.strictEqual(performance.percentile(twenty, 0.95), 0.95)
    assert.strictEqual(performance.percentile([3, 1, 2], 0.5), 2)
    assert.strictEqual(performance.percentile([4], 0.95), 4)
    assert.isNaN(performance.percentile([], 0.95))
  })

  it("is good within its limits, and says its throughput", () => {
    assert.deepStrictEqual(failures(runs(twenty), 10, limits), [])
    assert.strictEqual(performance.judgeRuns(runs(twenty), 10, limits)[1]?.found, "2 runs in a second")
  })

  it("is not beyond them", () => {
    assert.deepStrictEqual(failures(runs(twenty.map((value) => value * 2), 2), 10, limits), [
      ["p95", "1.9 s"],
      ["error rate", "0.1"],
      ["slow runs", "11"]
    ])
    assert.deepStrictEqual(failures(runs(twenty, 2), 10, { ...limits, errorRate: 0.1 }), [])
  })
})

describe("the percentile of Prometheus", () => {
  const bounds = [0.1, 0.25, 0.5, 1, Infinity]
  const outcome = (ofTraces: number, ofPrometheus: number | undefined) =>
    performance.comparePercentiles("p95", bounds, ofTraces, ofPrometheus).outcome

  it("is in the bucket of the traces', or in a neighbour", () => {
    assert.strictEqual(outcome(0.3, 0.4), "ok")
    assert.strictEqual(outcome(0.3, 0.2), "ok")
    assert.strictEqual(outcome(0.3, 0.05), "failed")
    assert.strictEqual(outcome(0.05, 0.9), "failed")
    assert.strictEqual(outcome(0.3, undefined), "failed")
    assert.strictEqual(outcome(0.3, Number.NaN), "failed")
  })

  it("is read from the bounds of the exposition", () => {
    const bucket = (le: string) => ({ name: "a_bucket", labels: { le }, value: 1 })
    assert.deepStrictEqual(performance.boundsOf(["+Inf", "0.5", "0.1", "0.5"].map(bucket), "a"), [0.1, 0.5, Infinity])
  })
})

describe("the times of traces", () => {
  const failed = (...args: Parameters<typeof performance.compareDurations>) =>
    performance.compareDurations(...args).filter(({ outcome }) => outcome === "failed").map(({ check }) => check)

  it("are those of the task API", () => {
    assert.deepStrictEqual(failed([0.1, 2], [0.101, 2.01], 1, 1), [])
    assert.deepStrictEqual(failed([0.1, 2], [0.1], 1, 0), ["traces of the load", "p95 of traces"])
    assert.deepStrictEqual(failed([0.1, 2], [0.1, 2], 1, 0), ["slow traces"])
  })
})

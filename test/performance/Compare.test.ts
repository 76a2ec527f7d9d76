import { assert, describe, it } from "@effect/vitest"
import * as Compare from "../../src/performance/Compare.ts"
import { fisherTest, holm, logFactorials } from "../../src/performance/internal/fisherTest.ts"
import type { RunRecord } from "../../src/performance/RunRecord.ts"
import { seeded } from "../support/randomTasks.ts"
import { attempt, run, step } from "../support/runRecords.ts"

const pick = (random: () => number, values: ReadonlyArray<string>) => values[Math.floor(random() * values.length)]!

const millisPerHour = 3_600_000

/** Runs of 1000 orders with six regions, twenty instances, three versions, over a day; `affects` decides about each run. */
const thousand = (
  seed: number,
  affects: (run: RunRecord) => { readonly fails?: number; readonly slow?: number } = () => ({})
): ReadonlyArray<RunRecord> => {
  const random = seeded(seed)
  return Array.from({ length: 1000 }, (_, index) => {
    const before = run({
      id: `t-${index}`,
      tags: {
        region: pick(random, ["north", "east", "south", "west", "centre", "abroad"]),
        tenant: pick(random, ["a", "b", "c", "d"])
      },
      instance: `i-${Math.floor(random() * 20)}`,
      version: pick(random, ["1.0.0", "1.1.0", "2.0.0"]),
      createdAt: Math.floor(random() * 24) * millisPerHour
    })
    const { fails = 0.05, slow = 1 } = affects(before)
    return { ...before, state: random() < fails ? "error" : "complete", endedAt: (1 + random() + random()) * slow }
  })
}

const named = (differences: ReadonlyArray<Compare.Difference>) =>
  differences.map(({ affected, attribute, value }) => `${affected}: ${attribute} ${value}`)

describe("Compare", () => {
  it("finds the one instance whose runs are slow", () => {
    const found = Compare.compare(thousand(1, ({ instance }) => instance === "i-7" ? { slow: 1.5 } : {}))
    assert.deepStrictEqual(named(found), ["slow: instance i-7"])
    const [difference] = found
    assert.isBelow(difference!.probability, 0.001)
    assert.isAbove(
      difference!.withValue.affected / difference!.withValue.runs,
      3 * difference!.withoutValue.affected / difference!.withoutValue.runs
    )
    assert.strictEqual(difference!.runIds.length, 5)
  })

  it("finds the one tag whose runs fail", () => {
    const runs = thousand(2, ({ tags }) => tags["region"] === "abroad" ? { fails: 0.25 } : {})
    assert.deepStrictEqual(named(Compare.compare(runs)), ["failed: tag region abroad"])
  })

  it("finds a version, an hour and a type of error", () => {
    assert.deepStrictEqual(
      named(Compare.compare(thousand(3, ({ version }) => version === "2.0.0" ? { fails: 0.2 } : {}))),
      ["failed: version order 2.0.0"]
    )
    assert.deepStrictEqual(
      named(Compare.compare(thousand(4, ({ createdAt }) => createdAt === 3 * millisPerHour ? { slow: 2 } : {}))),
      ["slow: hour 3"]
    )
    const retried = thousand(5).map((each, index) =>
      index % 25 === 0
        ? {
          ...each,
          endedAt: each.endedAt! + 3,
          steps: [step("charge", [attempt(0, 1, { state: "error", errorType: "Busy" }), attempt(2, 3)])]
        }
        : each
    )
    assert.deepStrictEqual(named(Compare.compare(retried)), ["slow: error type Busy"])
  })

  it("finds each planted cause in at least 95 of 100 sets of runs", () => {
    let missed = 0
    for (let seed = 0; seed < 100; seed++) {
      const runs = seed % 2 === 0
        ? thousand(seed, ({ instance }) => instance === "i-3" ? { slow: 1.5 } : {})
        : thousand(seed, ({ tags }) => tags["tenant"] === "b" ? { fails: 0.18 } : {})
      const wanted = seed % 2 === 0 ? "slow: instance i-3" : "failed: tag tenant b"
      if (!named(Compare.compare(runs)).includes(wanted)) missed++
    }
    assert.isAtMost(missed, 5)
  })

  it("finds nothing in at least 95 % of 200 sets of 1000 runs without a cause", () => {
    const alarms = Array.from({ length: 200 }, (_, seed) => Compare.compare(thousand(9000 + seed)).length)
      .filter((count) => count > 0).length
    assert.isAtMost(alarms, 10)
  })

  it("does not take a small sample for a cause", () => {
    const runs = thousand(6, () => ({ fails: 0 })).map((each, index) =>
      index < 3 ? { ...each, state: "error" as const, tags: { region: "new" } } : each
    )
    // Three of three runs of the new region failed, and no other run. That is no chance; two of two would be.
    assert.deepStrictEqual(named(Compare.compare(runs)), ["failed: tag region new"])
    const two = runs.map((each, index) => index === 2 ? { ...each, state: "complete" as const } : each).slice(0, 20)
    assert.deepStrictEqual(named(Compare.compare(two)), [])
  })

  it("leaves out runs that go on or were cancelled, attributes that are ids, and values that all runs have", () => {
    const runs = thousand(7, () => ({ fails: 0.3 })).map((each, index) => ({
      ...each,
      tags: { order: `o-${index}`, site: "one" },
      ...(index % 10 === 0 ? { state: "cancelled" as const } : {}),
      ...(index % 10 === 1 ? { state: "in_progress" as const, endedAt: undefined } : {})
    }))
    assert.deepStrictEqual(named(Compare.compare(runs)).filter((name) => name.includes("tag")), [])
    assert.deepStrictEqual(Compare.compare([]), [])
    assert.deepStrictEqual(Compare.compare([run()]), [])
  })

  it("compares the runs of each task with each other, so that a slow task is no cause", () => {
    const mixed = thousand(8).map((each, index) =>
      index % 2 === 0 ? { ...each, taskName: "report", version: "9", endedAt: each.endedAt! * 100 } : each
    )
    assert.deepStrictEqual(named(Compare.compare(mixed)), [])
  })
})

describe("Fisher's exact test", () => {
  it("gives the probabilities of published examples", () => {
    // Fisher's tea tasting: 3 of 4 right has the probability 17/70, 4 of 4 has 1/70.
    const logs = logFactorials(24)
    assert.approximately(fisherTest({ both: 3, onlyFirst: 1, onlySecond: 1, neither: 3 }, logs), 17 / 70, 1e-12)
    assert.approximately(fisherTest({ both: 4, onlyFirst: 0, onlySecond: 0, neither: 4 }, logs), 1 / 70, 1e-12)
    assert.approximately(fisherTest({ both: 0, onlyFirst: 4, onlySecond: 4, neither: 0 }, logs), 1, 1e-12)
    // 9 of 10 against 3 of 14: the tail of the hypergeometric distribution, summed with binomial coefficients.
    assert.approximately(
      fisherTest({ both: 9, onlyFirst: 3, onlySecond: 1, neither: 11 }, logs),
      0.0013797280926,
      1e-10
    )
  })

  it("corrects by Holm's rule", () => {
    assert.deepStrictEqual(
      holm([0.01, 0.04, 0.03, 0.005]).map((value) => Number(value.toFixed(6))),
      [0.03, 0.06, 0.06, 0.02]
    )
    assert.deepStrictEqual(holm([]), [])
  })
})

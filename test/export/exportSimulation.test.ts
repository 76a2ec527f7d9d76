import { assert, describe, it } from "@effect/vitest"
import { runs } from "../support/runs.ts"
import { run } from "./exportSimulation.ts"

describe("instances with late, lost and repeated questions to their stores", () => {
  it("never have two leases with one number, a counter that falls, or a count that is lost or counted twice", () => {
    const seeds = Array.from({ length: runs(100) }, (_, seed) => seed)
    const outcomes = seeds.map((seed) => ({ seed, ...run(seed) }))
    assert.deepStrictEqual(outcomes.filter(({ problems }) => problems.length > 0).slice(0, 3), [])
    const sum = (of: "exports" | "lost" | "folds") => outcomes.reduce((all, outcome) => all + outcome[of], 0)
    // What is simulated has to happen.
    for (const what of ["exports", "lost", "folds"] as const) assert.isAbove(sum(what), seeds.length * 5, what)
  })
})

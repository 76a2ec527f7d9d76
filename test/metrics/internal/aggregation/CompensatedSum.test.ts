import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as CompensatedSum from "../../../../src/metrics/internal/aggregation/CompensatedSum.ts"

const Amounts = Schema.Array(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1e6 })))

const sumOf = (amounts: ReadonlyArray<number>): Float64Array => {
  const values = new Float64Array(CompensatedSum.size)
  for (const amount of amounts) CompensatedSum.add(values, 0, amount)
  return values
}

const merged = (sums: ReadonlyArray<Float64Array>): number => {
  const values = new Float64Array(CompensatedSum.size)
  for (const sum of sums) CompensatedSum.merge(values, 0, sum, 0)
  return CompensatedSum.read(values, 0)
}

describe("CompensatedSum", () => {
  it.prop("gives the same sum in whichever order sums are merged", [Schema.Array(Amounts)], ([all]) => {
    const sums = all.map(sumOf)
    const sum = merged(sums)
    assert.strictEqual(merged(sums.toReversed()), sum)
    assert.strictEqual(merged(sums.toSorted((left, right) => (left[1] ?? 0) - (right[1] ?? 0))), sum)
    return true
  }, { arbitrary: { runs: 1000 } })

  it("stays infinite", () => {
    const infinite = sumOf([1e308, 1e308])
    assert.strictEqual(CompensatedSum.read(infinite, 0), Infinity)
    assert.strictEqual(merged([infinite, sumOf([0.5])]), Infinity)
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as TimeSlice from "../../src/internal/TimeSlice.ts"
import * as TimeSlicedSort from "../../src/internal/timeSlicedSort.ts"

const byFirst = (left: readonly [number, number], right: readonly [number, number]) => left[0] - right[0]
const Pair = Schema.Tuple([Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })), Schema.Int])

describe("TimeSlicedSort", () => {
  it.prop("sorts as arrays do, and leaves equal items in their order", [Schema.Array(Pair)], ([pairs]) => {
    // Longer than what is sorted in one piece.
    const items = Array.from({ length: 60 }, () => pairs).flat()
    assert.deepStrictEqual(TimeSlice.runNow(TimeSlicedSort.sort(items, byFirst)), items.toSorted(byFirst))
  })

  it("can be paused, and asks late which items to keep", () => {
    const items = Array.from({ length: 3000 }, (_, index) => [index % 7, index] as const)
    let largest = 3000
    const work = TimeSlicedSort.sort(items, byFirst, ([, index]) => index < largest)
    assert.isFalse(work.next().done)
    largest = 2000
    assert.deepStrictEqual(TimeSlice.runNow(work), items.slice(0, 2000).toSorted(byFirst))
  })

  it("merges two sorted lists", () => {
    const merged = TimeSlicedSort.merge([1, 3, 3], [2, 3, 4], (left, right) => left - right)
    assert.deepStrictEqual(TimeSlice.runNow(merged), [1, 2, 3, 3, 3, 4])
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import { GrowingNumbers, type Reading } from "../../../../src/metrics/internal/store/SeriesNumbers.ts"

const stride = 4

/** A storage in which each series has its number in its last place. */
const filled = (count: number): GrowingNumbers => {
  const storage = new GrowingNumbers(stride)
  add(storage, count)
  return storage
}

const add = (storage: GrowingNumbers, count: number): void => {
  for (let index = 0; index < count; index++) {
    const base = storage.allocate()
    storage.values[base + stride - 1] = base / stride
  }
}

const numbersOf = (copy: Float64Array, count: number) =>
  Array.from({ length: count }, (_, index) => copy[index * stride + stride - 1])

describe("SeriesNumbers", () => {
  for (const count of [3, 2048, 20_000]) {
    it(`copies ${count} series as they are when it is asked, and leaves them so`, () => {
      const storage = filled(count)
      const reading: Reading = new Map()
      TimeSlice.runNow(storage.prepare(reading))
      storage.values[stride - 1] = 7
      const copy = storage.copy(reading)
      storage.values[stride - 1] = 8
      const expected = Array.from({ length: count }, (_, index) => index === 0 ? 7 : index)
      assert.deepStrictEqual(numbersOf(copy, count), expected)
      assert.deepStrictEqual(numbersOf(storage.copy(new Map()), count), [8, ...expected.slice(1)])
    })
  }

  it("copies series too that came after it was prepared", () => {
    const storage = filled(20_000)
    const reading: Reading = new Map()
    TimeSlice.runNow(storage.prepare(reading))
    add(storage, 1)
    assert.deepStrictEqual(
      numbersOf(storage.copy(reading), 20_001),
      Array.from({ length: 20_001 }, (_, index) => index)
    )
  })

  it("gets the memory of a large copy ready in small pieces of work", () => {
    const pieces = Array.from(filled(20_000).prepare(new Map()))
    assert.isAtLeast(pieces.length, 9)
  })
})

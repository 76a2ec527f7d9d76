import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as MetricDeclaration from "../../../../src/metrics/internal/model/MetricDeclaration.ts"
import { MetricStorage, strideOf } from "../../../../src/metrics/internal/store/MetricStorage.ts"
import * as ObservedValues from "../../../../src/metrics/internal/store/ObservedValues.ts"
import { GrowingNumbers } from "../../../../src/metrics/internal/store/SeriesNumbers.ts"

const make = () => {
  const declaration = MetricDeclaration.check(
    "gauge",
    { name: "pool_size", help: "Size.", attributes: ["pool"] },
    "here",
    true
  )
  const state = new MetricStorage({
    declaration,
    cardinalityLimit: 10_000,
    numbers: new GrowingNumbers(strideOf(declaration)),
    exemplars: undefined,
    nowMillis: () => 0,
    redact: (_, value) => value,
    misuse: () => {},
    registry: undefined,
    onOverflow: () => {}
  })
  const rows = (count: number) =>
    ObservedValues.copyOf(
      state,
      Array.from({ length: count }, (_, index) => ({ attributes: { pool: `${index}` }, value: 1 }))
    )
  return { state, rows, values: new ObservedValues.ObservedValues(state) }
}

describe("ObservedValues", () => {
  it.effect("stay gone where they end while an older reading of them is worked on", () =>
    Effect.sync(() => {
      const { rows, state, values } = make()
      const older = values.replace([rows(5000)])
      older.next()
      assert.isAbove(state.seriesCount, 0)
      TimeSlice.runNow(values.replace([]))
      TimeSlice.runNow(older)
      assert.strictEqual(state.seriesCount, 0)
    }))

  it.effect("are replaced in small pieces of work", () =>
    Effect.sync(() => {
      const { rows, values } = make()
      assert.isAtLeast(Array.from(values.replace([rows(5000)])).length, 10)
    }))
})

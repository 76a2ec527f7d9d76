import { assert, describe, it } from "@effect/vitest"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import { Series } from "../../../../src/metrics/internal/store/Series.ts"
import { SeriesOrder } from "../../../../src/metrics/internal/store/SeriesOrder.ts"

const seriesOf = (value: string | undefined): Series => new Series(0, value === undefined ? undefined : [value], {}, 0)

const orderOf = (...values: ReadonlyArray<string | undefined>) => {
  const order = new SeriesOrder()
  const added = values.map(seriesOf)
  for (const series of added) order.add(series)
  return { order, added }
}

const expire = (order: SeriesOrder, series: Series | undefined) => {
  if (series !== undefined) series.live = false
  order.expired()
}

const valuesOf = (read: ReadonlyArray<Series>) => read.map(({ values }) => values?.[0])
const read = (order: SeriesOrder) => valuesOf(TimeSlice.runNow(order.read()))

describe("SeriesOrder", () => {
  it("sorts by attribute values, the overflow series last, and goes on with what comes later", () => {
    const { order } = orderOf("b", undefined, "c", "a")
    assert.deepStrictEqual(read(order), ["a", "b", "c", undefined])
    order.add(seriesOf("bb"))
    assert.deepStrictEqual(read(order), ["a", "b", "bb", "c", undefined])
    assert.deepStrictEqual(read(order), ["a", "b", "bb", "c", undefined])
  })

  it("sorts more series than are sorted in one piece of work", () => {
    const values = Array.from({ length: 5000 }, (_, index) => `${(index * 7919) % 5000}`.padStart(4, "0"))
    assert.deepStrictEqual(read(orderOf(...values).order), values.toSorted())
  })

  it("leaves out what has expired, whether it was sorted before or not", () => {
    const { added, order } = orderOf("a", "b", "c")
    expire(order, added[0])
    assert.deepStrictEqual(read(order), ["b", "c"])
    expire(order, added[2])
    assert.deepStrictEqual(read(order), ["b"])
    expire(order, added[1])
    assert.deepStrictEqual(read(order), [])
  })

  it("gives what was there when reading began, and the rest to the next reading", () => {
    const { added, order } = orderOf("a", "c")
    assert.deepStrictEqual(read(order), ["a", "c"])
    order.add(seriesOf("b"))
    const reading = order.read()
    order.add(seriesOf("d"))
    expire(order, added[0])
    assert.deepStrictEqual(valuesOf(TimeSlice.runNow(reading)), ["a", "b", "c"])
    assert.deepStrictEqual(read(order), ["b", "c", "d"])
  })

  it("keeps what comes while two readings find that everything new has expired", () => {
    const { order } = orderOf("c")
    assert.deepStrictEqual(read(order), ["c"])
    const added = ["a", "b"].map(seriesOf)
    for (const series of added) order.add(series)
    const first = order.read()
    const second = order.read()
    for (const series of added) expire(order, series)
    order.add(seriesOf("d"))
    order.add(seriesOf("e"))
    assert.deepStrictEqual(valuesOf(TimeSlice.runNow(first)), ["c"])
    assert.deepStrictEqual(valuesOf(TimeSlice.runNow(second)), ["c"])
    assert.deepStrictEqual(read(order), ["c", "d", "e"])
  })

  it("gives each of two readings at once everything", () => {
    const { added, order } = orderOf("c", "a", "b")
    const first = order.read()
    expire(order, added[0])
    const second = order.read()
    assert.deepStrictEqual(valuesOf(TimeSlice.runNow(second)), ["a", "b"])
    assert.deepStrictEqual(valuesOf(TimeSlice.runNow(first)), ["a", "b"])
    assert.deepStrictEqual(read(order), ["a", "b"])
  })
})

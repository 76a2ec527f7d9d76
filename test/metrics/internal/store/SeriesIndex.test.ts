import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Series } from "../../../../src/metrics/internal/store/Series.ts"
import * as SeriesIndex from "../../../../src/metrics/internal/store/SeriesIndex.ts"

const indexOf = (keys: ReadonlyArray<string>) => {
  let made = 0
  const index = SeriesIndex.make({
    keys,
    hasRoom: () => true,
    redact: (_, value) => value,
    make: (values) => new Series(made++, values, {}, 0),
    onOverflow: () => {}
  })
  return { index, made: () => made }
}

const allKeys = ["route", "method", "status", "region", "tenant", "version"]

/** A new string each time, as programs make them. */
const fresh = (text: string): string => text.split("").join("")

const Digit = Schema.Literals([0, 1, 2, 3, 4, 5, 6])
const Action = Schema.Struct({
  values: Schema.Tuple([Digit, Digit, Digit, Digit, Digit, Digit]),
  isRemoval: Schema.Boolean
})

describe("SeriesIndex", () => {
  it.effect.prop(
    "finds series whose values have the same length, the same beginning and the same end",
    [Schema.Literals([1, 2, 3, 4])],
    ([count]) =>
      Effect.sync(() => {
        const keys = allKeys.slice(0, count)
        const { index, made } = indexOf(keys)
        const attributesOf = (number: number) =>
          Object.fromEntries(keys.map((key) => [key, `tenant-${String(number).padStart(5, "0")}-suffix`]))
        const all = Array.from({ length: 500 }, (_, number) => index.find(attributesOf(number)))
        assert.strictEqual(made(), 500)
        for (const [number, series] of all.entries()) assert.strictEqual(index.find(attributesOf(number)), series)
        for (const series of all.slice(0, 400)) index.remove(series)
        assert.strictEqual(index.find(attributesOf(499)), all[499])
        assert.notStrictEqual(index.find(attributesOf(0)), all[0])
      })
  )

  it.effect.prop(
    "finds the same series for equal values, whatever was added and removed before, with any number of keys",
    [Schema.Literals([1, 2, 3, 4, 5, 6]), Schema.Array(Action)],
    ([count, actions]) =>
      Effect.sync(() => {
        const keys = allKeys.slice(0, count)
        const { index } = indexOf(keys)
        const model = new Map<string, Series>()
        for (const { isRemoval, values } of actions) {
          const given = values.slice(0, count).map((digit) => "v".repeat(digit))
          const name = given.join(",")
          const known = model.get(name)
          if (isRemoval && known !== undefined) {
            index.remove(known)
            model.delete(name)
            continue
          }
          const attributes = Object.fromEntries(keys.map((key, position) => [key, fresh(given[position] as string)]))
          const found = index.find(attributes)
          assert.deepStrictEqual(found.values, given)
          if (known !== undefined) assert.strictEqual(found, known)
          model.set(name, found)
        }
        assert.deepStrictEqual(new Set(model.values()), index.all)
        for (const [name, series] of model) {
          assert.strictEqual(index.get(keys.toReversed(), name.split(",").toReversed()), series)
        }
      })
  )

  it.effect("keeps many series that differ in one attribute only apart, in whatever place it stands", () =>
    Effect.sync(() => {
      for (const differing of allKeys) {
        const { index, made } = indexOf(allKeys)
        const attributesOf = (number: number) =>
          Object.fromEntries(allKeys.map((key) => [key, key === differing ? `${key}-${number}` : "same"]))
        const all = Array.from({ length: 500 }, (_, number) => index.find(attributesOf(number)))
        assert.strictEqual(new Set(all).size, 500)
        all.forEach((series, number) => assert.strictEqual(index.find(attributesOf(number)), series))
        all.forEach((series) => index.remove(series))
        assert.strictEqual(index.all.size, 0)
        assert.strictEqual(index.find(attributesOf(0)).base, 500)
        assert.strictEqual(made(), 501)
      }
    }))

  it.effect("takes a number for the text that it becomes", () =>
    Effect.sync(() => {
      const { index } = indexOf(["status", "method"])
      const series = index.find({ status: "200", method: "GET" })
      assert.strictEqual(index.find({ status: 200, method: "GET" }), series)
    }))
})

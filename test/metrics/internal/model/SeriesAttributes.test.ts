import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "node:assert"
import { SeriesAttributes } from "../../../../src/metrics/internal/model/SeriesAttributes.ts"

describe("SeriesAttributes", () => {
  it("is a plain object in the order of the keys", () => {
    const attributes = SeriesAttributes.make(["kind", "site"], ["mail", "a"])
    deepStrictEqual(attributes, { kind: "mail", site: "a" })
    assert.deepStrictEqual(Object.entries(attributes), [["kind", "mail"], ["site", "a"]])
    assert.strictEqual(JSON.stringify(attributes), "{\"kind\":\"mail\",\"site\":\"a\"}")
    assert.deepStrictEqual(structuredClone(attributes), { kind: "mail", site: "a" })
    deepStrictEqual(SeriesAttributes.make([], []), {})
  })

  it("keeps keys that objects have a meaning for", () => {
    const keys = ["__proto__", "constructor", "toString", "#exposition"]
    const attributes = SeriesAttributes.make(keys, ["a", "b", "c", "d"])
    assert.deepStrictEqual(Object.keys(attributes), keys)
    assert.deepStrictEqual(Object.values(attributes), ["a", "b", "c", "d"])
    assert.strictEqual(Object.getPrototypeOf(attributes), Object.prototype)
  })

  it("renders once for each series", () => {
    let rendered = 0
    const render = (attributes: Readonly<Record<string, string>>) => `${++rendered} ${JSON.stringify(attributes)}`
    const one = SeriesAttributes.make(["kind"], ["mail"])
    const other = SeriesAttributes.make(["kind"], ["mail"])
    assert.strictEqual(SeriesAttributes.memo(one, render), "1 {\"kind\":\"mail\"}")
    assert.strictEqual(SeriesAttributes.memo(one, render), "1 {\"kind\":\"mail\"}")
    assert.strictEqual(SeriesAttributes.memo(other, render), "2 {\"kind\":\"mail\"}")
  })

  it("remembers an empty text too", () => {
    let rendered = 0
    const none = SeriesAttributes.make([], [])
    for (let round = 0; round < 2; round++) {
      SeriesAttributes.memo(none, () => {
        rendered++
        return ""
      })
    }
    assert.strictEqual(rendered, 1)
  })

  it("renders objects of other origin every time", () => {
    let rendered = 0
    const given = { kind: "mail" }
    for (let round = 0; round < 2; round++) SeriesAttributes.memo(given, () => `${++rendered}`)
    assert.strictEqual(rendered, 2)
    assert.strictEqual(SeriesAttributes.memo(Object.freeze({}), () => "frozen"), "frozen")
  })
})

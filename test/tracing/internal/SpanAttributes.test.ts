import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { SpanAttributes } from "../../../src/tracing/internal/SpanAttributes.ts"

const only = { a: { name: "a", isOnly: true }, b: { name: "b", isOnly: true }, c: { name: "c", isOnly: true } }

/** A change: a name by its one object or by another one, or the removal of the newest attribute but `a`. */
const Changes = Schema.Array(Schema.Struct({
  name: Schema.Literals(["a", "b", "c"]),
  kind: Schema.Literals(["only", "other", "drop", "read"]),
  value: Schema.Int
}))

/** A change: a text that is to be looked at, one that is not, a removal or a reading. */
const TextChanges = Schema.Array(Schema.Struct({
  name: Schema.Literals(["a", "b", "c"]),
  kind: Schema.Literals(["text", "done", "drop", "read"]),
  text: Schema.Literals(["x", "y"])
}))

describe("SpanAttributes", () => {
  it.prop("have the attributes of a Map, before and after it was read", [Changes], ([changes]) => {
    const attributes = new SpanAttributes()
    const model = new Map<string, unknown>()
    for (const { kind, name, value } of changes) {
      if (kind === "read") assert.deepStrictEqual([...attributes.map], [...model])
      else if (kind === "drop") {
        const newest = [...model.keys()].findLast((other) => other !== "a")
        assert.strictEqual(attributes.dropNewest(new Set(["a"])), newest !== undefined)
        if (newest !== undefined) model.delete(newest)
      } else {
        attributes.set(kind === "only" ? only[name] : { name, isOnly: false }, value)
        model.set(name, value)
      }
      assert.strictEqual(attributes.size, model.size)
      assert.strictEqual(attributes.has(name), model.has(name))
    }
    const listed: Array<[string, unknown]> = []
    attributes.forEach((value, name) => listed.push([name, value]))
    assert.deepStrictEqual(listed, [...model])
    assert.deepStrictEqual([...attributes.map], [...model])
  }, { arbitrary: { runs: 500 } })

  it.prop("give a text only as its name has it", [TextChanges], ([changes]) => {
    const attributes = new SpanAttributes()
    const model = new Map<string, unknown>()
    for (const { kind, name, text } of changes) {
      if (kind === "read") assert.deepStrictEqual([...attributes.map], [...model])
      else if (kind === "drop") {
        attributes.dropNewest(new Set())
        model.delete([...model.keys()].at(-1) ?? "")
      } else if (kind === "text") {
        attributes.setText({ name, isOnly: false, text: (text) => `(${text})` }, text)
        model.set(name, `(${text})`)
      } else {
        attributes.set({ name, isOnly: false }, text)
        model.set(name, text)
      }
    }
    const listed: Array<[string, unknown]> = []
    attributes.forEach((value, name) => listed.push([name, value]))
    assert.deepStrictEqual(listed, [...model])
  }, { arbitrary: { runs: 500 } })
})

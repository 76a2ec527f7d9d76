import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { issuesOf } from "../../src/internal/schemaIssues.ts"

const issuesIn = (schema: Schema.Codec<unknown>, input: unknown) =>
  Effect.map(
    Effect.flip(Schema.decodeUnknownEffect(schema, { errors: "all", onExcessProperty: "error" })(input)),
    ({ issue }) => issuesOf(issue)
  )

/** A schema whose rule repeats the value that it refuses, as rules of programs do. */
const Refusing = Schema.String.check(Schema.makeFilter((text: string) => `no place for ${text}`))
const words = (count: number) => "word ".repeat(count)

describe("issuesOf", () => {
  it.effect("names each mistake by its path and what was expected", () =>
    Effect.gen(function*() {
      const Order = Schema.Struct({ lines: Schema.Array(Schema.Struct({ quantity: Schema.Int })) })
      assert.deepStrictEqual(
        yield* issuesIn(Order as never, { lines: [{ quantity: 1 }, { quantity: "hunter2" }], note: "x" }),
        [
          { path: "note", message: "Expected no excess property" },
          { path: "lines.1.quantity", message: "Expected number" }
        ]
      )
    }))

  it.effect("leaves a message of at most 512 characters as it is", () =>
    Effect.gen(function*() {
      const text = "x".repeat(512 - "no place for ".length)
      assert.deepStrictEqual(yield* issuesIn(Refusing, text), [{ path: "", message: `no place for ${text}` }])
    }))

  it.effect("cuts a longer message between two words, so that no half of a secret is left", () =>
    Effect.gen(function*() {
      // The limit lies within the password.
      const [issue] = yield* issuesIn(Refusing, `${words(96)}postgres://user:hunter2@db ${words(20)}`)
      assert.strictEqual(issue?.message, `no place for ${words(96).trimEnd()}…`)
    }))

  it.effect("cuts a longer path between two words, and a single word of it", () =>
    Effect.gen(function*() {
      const Counts = Schema.Record(Schema.String, Schema.Int) as never
      const [secret] = yield* issuesIn(Counts, { [`${words(100)}postgres://user:hunter2@db`]: "x" })
      assert.strictEqual(secret?.path, `${words(100).trimEnd()}…`)
      const [long] = yield* issuesIn(Counts, { ["k".repeat(1000)]: "x" })
      assert.strictEqual(long?.path, `${"k".repeat(256)}…`)
      const [short] = yield* issuesIn(Counts, { ["k".repeat(512)]: "x" })
      assert.strictEqual(short?.path, "k".repeat(512))
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import { AttributeRules } from "../../../src/redaction/internal/keptAttributes.ts"
import * as Redaction from "../../../src/redaction/Redaction.ts"

const withPaths = Redaction.make({ paths: ["customer", "order.note"] })

/** Attributes as a span keeps them. */
const kept = (redaction: Redaction.Redaction, attributes: Readonly<Record<string, unknown>>) =>
  Effect.map(
    TelemetryConfig.make(),
    ({ tracing }) => new AttributeRules(tracing.limits, redaction).record(attributes).attributes
  )

describe("AttributeRules", () => {
  it.effect("masks a value that another attribute names", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* kept(Redaction.make({}), { name: "DB_PASSWORD", value: "hunter2", other: "hunter3" }),
        { name: "DB_PASSWORD", value: "[FILTERED]", other: "hunter3" }
      )
    }))

  it.effect.each(["text", 1234, true, ["text"], { name: "text" }])(
    "masks whatever stands at a path of one key: %j",
    (value) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* kept(withPaths, { customer: value, kept: 1 }), {
          customer: "[FILTERED]",
          kept: 1
        })
        assert.deepStrictEqual(withPaths.counts()["key"], undefined)
      })
  )

  it.effect("replaces the literals of SQL with and without paths", () =>
    Effect.gen(function*() {
      for (const redaction of [Redaction.make(), withPaths]) {
        assert.deepStrictEqual(
          yield* kept(redaction, { "db.query.text": "select * from t where name = 'secret' and id = 7" }),
          { "db.query.text": "select * from t where name = ? and id = ?" }
        )
      }
    }))
})

/**
 * What operators may change about a metric that a program declares.
 *
 * @internal
 */
import * as Schema from "effect/Schema"

const buckets = Schema.Array(Schema.Finite).check(
  Schema.isMinLength(1),
  Schema.makeFilter((bounds) =>
    bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] as number)) || "buckets ascend"
  )
)

export const MetricView = Schema.Struct({
  metric: Schema.NonEmptyString,
  deny: Schema.optionalKey(Schema.Boolean),
  rename: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[a-z][a-z0-9_]*$/))),
  keepAttributes: Schema.optionalKey(Schema.Array(Schema.NonEmptyString)),
  dropAttributes: Schema.optionalKey(Schema.Array(Schema.NonEmptyString)),
  buckets: Schema.optionalKey(buckets),
  cardinalityLimit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })))
})

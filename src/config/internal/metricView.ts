/**
 * What operators may change about a declared metric, and what is wrong with an
 * invalid view.
 */
import * as Schema from "effect/Schema"
import { nearestName, type Problem } from "./configProblem.ts"

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

export type MetricView = typeof MetricView.Type

type Field = keyof typeof MetricView.fields

const expected: Readonly<Record<Field, string>> = {
  metric: "the name of a metric, with * for any text",
  deny: "true or false",
  rename: "a name of lower-case letters, digits and _, with a letter first",
  keepAttributes: "a list of names of attributes",
  dropAttributes: "a list of names of attributes",
  buckets: "a list of ascending numbers, at least one",
  cardinalityLimit: "a whole number between 1 and 1000000"
}

const known = Object.keys(expected) as ReadonlyArray<Field>

const accepts = Object.fromEntries(
  known.map((field) => [field, Schema.is(MetricView.fields[field] as Schema.Codec<unknown>)])
)

/** The highest number of problems in a message. */
const mostProblems = 20

/** Names unknown keys, with the nearest known key, and the keys that have an invalid value. */
export const explain = (views: unknown): ReadonlyArray<Problem> =>
  !Array.isArray(views) ? [] : views.flatMap((view: unknown, index): ReadonlyArray<Problem> => {
    if (typeof view !== "object" || view === null || Array.isArray(view)) {
      return [{ at: `[${index}]`, rule: "expected a view with a metric", value: view }]
    }
    const missing = "metric" in view ? [] : [{ at: `[${index}]`, rule: "expected a view with a metric", value: view }]
    return [...missing, ...Object.entries(view).flatMap(([key, value]) => explainField(index, key, value))]
  }).slice(0, mostProblems)

const explainField = (index: number, key: string, value: unknown): ReadonlyArray<Problem> => {
  if (!isField(key)) {
    const nearest = nearestName(key, known)
    return [{
      at: `[${index}]`,
      rule: `unknown key ${JSON.stringify(key.slice(0, longestKey))}`,
      hint: nearest === undefined ? `known there: ${known.join(", ")}` : `the nearest known one is ${nearest}`
    }]
  }
  return accepts[key]?.(value) === true ? [] : [{ at: `[${index}].${key}`, rule: `expected ${expected[key]}`, value }]
}

const longestKey = 80

const isField = (key: string): key is Field => known.some((field) => field === key)

/**
 * Example payloads, made from the schema of an event.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as EventDefinition from "./EventDefinition.ts"

/** Gives an example of an event's payload that its schema accepts, the same one at every call. */
export const of = <D extends EventDefinition.Any>(
  definition: D
): Effect.Effect<EventDefinition.Payload<D>, Arbitrary.SampleError> =>
  Effect.forEach(
    Object.entries(definition.payload.fields),
    ([name, field]) => Effect.map(valueOf(name, field), (value) => [name, value] as const)
  ).pipe(
    Effect.map((fields): unknown => Object.fromEntries(fields)),
    // A field does not know the rules of the whole payload.
    Effect.flatMap((payload) =>
      Schema.is(definition.payload)(payload) ? Effect.succeed(payload) : sampled(definition.payload)
    ),
    Effect.map((payload) => payload as EventDefinition.Payload<D>)
  )

const seed = 42

const sampled = (schema: Schema.Constraint): Effect.Effect<unknown, Arbitrary.SampleError> =>
  Effect.map(
    Effect.suspend(() => Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 1, seed })),
    ([sample]) => sample
  )

const valueOf = (name: string, field: Schema.Constraint): Effect.Effect<unknown, Arbitrary.SampleError> => {
  const accepts = Schema.is(field)
  const found = candidates(name).find(accepts)
  return found === undefined ? sampled(field) : Effect.succeed(found)
}

/** Plain values, the most meaningful first. */
const candidates = (name: string): ReadonlyArray<unknown> => [
  name === "fromState" ? "pending" : name === "toState" ? "complete" : undefined,
  /id$/i.test(name) ? `${name}_123` : `example_${name}`,
  2.34,
  /count|total/i.test(name) ? 5 : 1,
  true,
  ["item1", "item2"]
]

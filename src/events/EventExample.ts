/**
 * Example payloads, made from the schema of an event.
 *
 * @since 0.1.0
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as EventDefinition from "./EventDefinition.ts"

/**
 * Gives an example of an event's payload that its schema accepts, the same one at
 * every call.
 *
 * **When to use**
 *
 * Use for documentation, or to try out a subscriber or a route.
 *
 * **Details**
 *
 * Ids and texts contain the name of their field, such as `taskId_123` and
 * `example_taskName`. If no plain value fits a field, the value is sampled from
 * the schema with a fixed seed. That fails if the schema accepts too few values.
 *
 * **Example** (A completed step)
 *
 * ```ts
 * import { EventCatalog, EventExample } from "tasker-telemetry"
 *
 * const payload = EventExample.of(EventCatalog.catalog["step.completed"])
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
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

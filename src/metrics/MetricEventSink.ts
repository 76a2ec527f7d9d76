/**
 * Turns published events into measurements.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { EventBus } from "../events/EventBus.ts"
import type * as EventMeasure from "./EventMeasure.ts"
import { ErrorTypes } from "./measures/ErrorTypes.ts"
import { runningMeasures } from "./measures/runningMeasures.ts"
import { stepMeasures } from "./measures/stepMeasures.ts"
import { loopMeasures, taskMeasures } from "./measures/taskMeasures.ts"
import { MetricStore } from "./MetricStore.ts"

/**
 * Declares the workflow metrics and registers the sink. Every event is measured:
 * sampling of traces and levels of logs have no influence here.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, EventBus | MetricStore> = Layer.effectDiscard(
  Effect.gen(function*() {
    const store = yield* MetricStore
    const errorTypes = new ErrorTypes()
    yield* register("metrics", [
      ...taskMeasures(store, errorTypes),
      ...loopMeasures(store),
      ...stepMeasures(store, errorTypes),
      ...yield* runningMeasures(store)
    ])
  })
)

/**
 * Measures events by rules of a program's own.
 *
 * **Gotchas**
 *
 * A program's own events go to trace and log by default: give those that are
 * measured a route with `metrics: true`.
 *
 * @param name the attribute `sink` of the counter of errors
 * @category layers
 * @since 0.1.0
 */
export const layerOf = (
  name: string,
  rules: (store: MetricStore["Service"]) => ReadonlyArray<EventMeasure.EventMeasure>
): Layer.Layer<never, never, EventBus | MetricStore> =>
  Layer.effectDiscard(Effect.flatMap(MetricStore, (store) => register(name, rules(store))))

const register = (
  name: string,
  rules: ReadonlyArray<EventMeasure.EventMeasure>
): Effect.Effect<void, never, EventBus | Scope.Scope> =>
  Effect.flatMap(EventBus, (bus) => {
    const measures = new Map<string, Array<EventMeasure.EventMeasure["record"]>>()
    for (const { event, record } of rules) {
      const before = measures.get(event)
      if (before === undefined) measures.set(event, [record])
      else before.push(record)
    }
    return bus.register({
      name,
      signal: "metrics",
      accepts: (event) => measures.has(event),
      handle: (envelope) => {
        for (const record of measures.get(envelope.name) ?? []) record(envelope.payload as never)
      }
    })
  })

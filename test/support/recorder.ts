/**
 * Runs tasks with a sink that writes every event down, under the test clock and without jitter.
 */
import { Clock, Context, type Duration, Effect, Layer, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as EventBus from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import { type CatalogEnvelope, type EnvelopeOf, isOfCatalog } from "../../src/events/EventEnvelope.ts"
import * as TaskStore from "../../src/workflow/TaskStore.ts"
import { quiet } from "./eventLoop.ts"
import * as TestTelemetry from "./TestTelemetry.ts"

export { quiet }

/** The events of a test, in the order in which they were published. */
export class Recorder extends Context.Service<Recorder, {
  readonly events: ReadonlyArray<CatalogEnvelope>
}>()("tasker-telemetry/test/support/Recorder") {
  static readonly layer: Layer.Layer<Recorder, never, EventBus.EventBus> = Layer.effect(
    Recorder,
    Effect.gen(function*() {
      const bus = yield* EventBus.EventBus
      const events: Array<CatalogEnvelope> = []
      yield* bus.register({
        name: "recorder",
        signal: "all",
        handle: (envelope) => {
          if (isOfCatalog(envelope)) events.push(envelope)
        }
      })
      return { events }
    })
  )
}

/** Waits in every operation, so that other fibers come in between, as with a store behind a network. */
export const layerYieldingStore = Layer.effect(
  TaskStore.TaskStore,
  Effect.map(TaskStore.TaskStore, (store) =>
    TaskStore.TaskStore.of({
      saveTask: (task, steps) => Effect.andThen(Effect.yieldNow, store.saveTask(task, steps)),
      updateTask: (task) => Effect.andThen(Effect.yieldNow, store.updateTask(task)),
      updateStep: (taskId, step) => Effect.andThen(Effect.yieldNow, store.updateStep(taskId, step)),
      get: (taskId) => Effect.andThen(Effect.yieldNow, store.get(taskId)),
      list: (options) => Effect.andThen(Effect.yieldNow, store.list(options)),
      search: (options) => Effect.andThen(Effect.yieldNow, store.search(options)),
      counts: Effect.andThen(Effect.yieldNow, store.counts)
    }))
).pipe(Layer.provide(TaskStore.layerMemory))

/** A runner with its store, its bus and a recorder of every event. */
export const layer = (options: TelemetryConfig.Options = {}, parts: {
  readonly store?: Layer.Layer<TaskStore.TaskStore>
} = {}) => TestTelemetry.layer(Layer.provideMerge(Recorder.layer, TestTelemetry.runner(parts.store)), options)

const ofStep = (event: CatalogEnvelope): string =>
  "stepName" in event.payload && event.payload.stepName !== undefined ? ` ${event.payload.stepName}` : ""

const states = (event: CatalogEnvelope): string =>
  "toState" in event.payload ? ` ${event.payload.fromState ?? "∅"}→${event.payload.toState}` : ""

/** `step.completed charge in_progress→complete`, or the name alone where there is no step and no transition. */
const lineOf = (event: CatalogEnvelope): string => `${event.name}${ofStep(event)}${states(event)}`

/** Every event as a line, see {@link lineOf}. */
export const lines = Effect.map(Recorder, ({ events }) => events.map(lineOf))

/** The events that are transitions of a task or a step, as lines. */
export const transitions = Effect.map(
  Recorder,
  ({ events }) => events.filter((event) => "toState" in event.payload).map(lineOf)
)

/** The events of one name. */
export const named = <Name extends EventCatalog.EventName>(name: Name) =>
  Effect.map(
    Recorder,
    ({ events }) => events.filter((event): event is EnvelopeOf<Name> & CatalogEnvelope => event.name === name)
  )

/** Encodes and decodes every payload with the schema of its event; gives the names of those that do not fit. */
export const misfits = Effect.map(Recorder, ({ events }) =>
  events.flatMap((event) => {
    const schema = EventCatalog.catalog[event.name].payload as Schema.Codec<unknown>
    const decoded = Schema.decodeUnknownOption(schema, { onExcessProperty: "error" })(event.payload)
    return Option.isSome(decoded) ? [] : [event.name]
  }))

/** When each event of a name happened, in seconds of the wall clock, by step. */
export const secondsOf = (name: EventCatalog.EventName) =>
  Effect.map(
    Recorder,
    ({ events }) =>
      events.filter((event) => event.name === name).map((event) => `${ofStep(event).trim()}@${event.time / 1000}`)
  )

/** Lets time pass, with everything done that happens before and after. */
export const advance = (duration: Duration.Input) =>
  quiet.pipe(Effect.andThen(TestClock.adjust(duration)), Effect.andThen(quiet))

/** The wall clock of the test in seconds. */
export const nowSeconds = Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000)

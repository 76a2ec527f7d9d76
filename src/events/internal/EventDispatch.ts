/**
 * Compiles a route for the registered sinks, once per event, so that publishing
 * costs one lookup.
 */
import type * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import { unexpectedValue } from "../../internal/expectEffect.ts"
import { callHandler, orElse } from "../../internal/guard.ts"
import type { EventEnvelope } from "../EventEnvelope.ts"
import type * as EventDefinition from "./EventDefinition.ts"
import * as EventRoute from "./EventRoute.ts"

/** See `EventBus.EventSink`. */
export interface Sink {
  readonly name: string
  readonly signal: EventRoute.EventSignal | "all" | "subscriber"
  readonly accepts?: ((name: string) => boolean) | undefined
  readonly impliesRoute?: boolean | undefined
  readonly handle: (
    envelope: EventEnvelope,
    fiber: Fiber.Fiber<unknown, unknown>,
    definition: EventDefinition.Any
  ) => void
}

export interface Dispatch {
  readonly definition: EventDefinition.Any
  /** Sinks that get every event. */
  readonly exact: ReadonlyArray<Sink>
  /** Sinks that get only the events that sampling and predicate keep. */
  readonly thinned: ReadonlyArray<Sink>
  readonly subscribers: ReadonlyArray<Sink>
  readonly samplingRate: number
  readonly when: ((envelope: never) => boolean) | undefined
}

export const compile = (
  definition: EventDefinition.Any,
  route: EventRoute.EventRoute,
  sinks: ReadonlyArray<Sink>,
  deniesMetrics = false
): Dispatch => {
  const wanted = sinks.filter((sink) => sink.accepts === undefined || sink.accepts(definition.name))
  const all = wanted.filter((sink) => sink.signal === "all")
  const of = (signal: EventRoute.EventSignal) =>
    EventRoute.reaches(route, signal) ? wanted.filter((sink) => sink.signal === signal) : []
  // A rule of the program that measures an event needs no route to metrics.
  const implied = (sink: Sink) =>
    sink.signal === "metrics" && sink.impliesRoute === true && route.enabled && !route.metrics && !deniesMetrics
  return {
    definition,
    exact: [...all, ...of("metrics"), ...wanted.filter(implied)],
    thinned: [...of("trace"), ...of("log")],
    subscribers: wanted.filter((sink) => sink.signal === "subscriber"),
    samplingRate: route.samplingRate,
    when: route.when
  }
}

/** Whether no sink or subscriber takes the event. */
export const isIdle = ({ exact, subscribers, thinned }: Dispatch): boolean =>
  exact.length === 0 && thinned.length === 0 && subscribers.length === 0

/** Hands an envelope to its sinks and subscribers. `onError` is called if a sink or the predicate throws. */
export const run = (
  dispatch: Dispatch,
  envelope: EventEnvelope,
  fiber: Fiber.Fiber<unknown, unknown>,
  onError: (sink: { readonly name: string }) => void
): void => {
  const { definition, exact, subscribers, thinned } = dispatch
  for (const sink of exact) callHandler(sink, envelope, fiber, definition, onError)
  if (thinned.length > 0 && isKept(dispatch, envelope, fiber, onError)) {
    for (const sink of thinned) callHandler(sink, envelope, fiber, definition, onError)
  }
  for (const sink of subscribers) callHandler(sink, envelope, fiber, definition, onError)
}

const predicate = { name: "predicate" }

/** Decides once per event; trace and log share the decision. */
const isKept = (
  { samplingRate, when }: Dispatch,
  envelope: EventEnvelope,
  fiber: Fiber.Fiber<unknown, unknown>,
  onError: (sink: { readonly name: string }) => void
): boolean => {
  if (when !== undefined) {
    const holds = orElse(() => {
      const given: unknown = when(envelope as never)
      // The event does not wait for a promise. A rejection without a handler would end the process.
      if (Predicate.isPromiseLike(given)) throw unexpectedValue("the predicate of a route", given, "true or false")
      return given as boolean
    }, () => {
      onError(predicate)
      return true
    })
    if (!holds) return false
  }
  return samplingRate >= 1 || (samplingRate > 0 && fiber.getRef(Random.Random).nextDoubleUnsafe() < samplingRate)
}

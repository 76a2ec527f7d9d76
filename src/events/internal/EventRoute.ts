/**
 * Which signals one event becomes, and under which conditions.
 *
 * @since 0.1.0
 */
import { quoteValue } from "../../redaction/internal/quoteValue.ts"
import type { EventEnvelope } from "../EventEnvelope.ts"

/**
 * How important an event is for operators.
 *
 * **Details**
 *
 * The configured `events.samplingRate` does not thin events of priority `high`
 * and `critical`. Only a rate of their own route does.
 *
 * @category models
 * @since 0.1.0
 */
export type EventPriority = "low" | "normal" | "high" | "critical"

/**
 * The route of an event.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventRoute<Envelope = never> {
  readonly metrics: boolean
  readonly trace: boolean
  readonly log: boolean
  /** Off: the event becomes no line, no span event and no measurement. Subscribers still get it. */
  readonly enabled: boolean
  /** Share, from 0 to 1, of events that go to trace and log, decided once per event. Metrics get every event. */
  readonly samplingRate: number
  readonly priority: EventPriority
  /** Only events for which it returns `true` go to trace and log. Metrics get every event. */
  readonly when: ((envelope: Envelope) => boolean) | undefined
}

/**
 * What an override changes of a route.
 *
 * @category models
 * @since 0.1.0
 */
export type RouteChange<Envelope> = { readonly [K in keyof EventRoute<Envelope>]?: EventRoute<Envelope>[K] | undefined }

/**
 * A signal an event may be routed to.
 *
 * @category models
 * @since 0.1.0
 */
export type EventSignal = "metrics" | "trace" | "log"

/**
 * Makes a route to the given signals. Unless `change` says otherwise, every event
 * goes there, with priority `normal`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const to = (signals: ReadonlyArray<EventSignal>, change: RouteChange<EventEnvelope> = {}): EventRoute =>
  apply({
    metrics: signals.includes("metrics"),
    trace: signals.includes("trace"),
    log: signals.includes("log"),
    enabled: true,
    samplingRate: 1,
    priority: "normal",
    when: undefined
  }, change)

/**
 * Changes a route. It throws a `RangeError` if the sampling rate is not from 0 to
 * 1.
 *
 * @category computations
 * @since 0.1.0
 */
export const apply = (route: EventRoute, change: RouteChange<never>): EventRoute => {
  const samplingRate = change.samplingRate ?? route.samplingRate
  if (typeof samplingRate !== "number" || !(samplingRate >= 0 && samplingRate <= 1)) {
    throw new RangeError(`expected a number from 0 to 1 at samplingRate, got ${quoteValue(samplingRate)}`)
  }
  return {
    metrics: change.metrics ?? route.metrics,
    trace: change.trace ?? route.trace,
    log: change.log ?? route.log,
    enabled: change.enabled ?? route.enabled,
    samplingRate,
    priority: change.priority ?? route.priority,
    when: change.when ?? route.when
  }
}

/**
 * The route of an event that goes to no signal.
 *
 * @category constants
 * @since 0.1.0
 */
export const ignored: EventRoute = to([], { enabled: false })

/**
 * Whether events of this route go to the signal at all.
 *
 * @category predicates
 * @since 0.1.0
 */
export const reaches = (route: EventRoute, signal: EventSignal): boolean => route.enabled && route[signal]

/** The signals that events of a route go to. */
export const signalsOf = (route: EventRoute): ReadonlyArray<EventSignal> =>
  (["metrics", "trace", "log"] as const).filter((signal) => reaches(route, signal))

/** Gives a route in words. */
export const format = (route: EventRoute): string => {
  const signals = signalsOf(route)
  const notes = [
    ...(route.samplingRate < 1 ? [`${(route.samplingRate * 100).toFixed(1)} % sampled`] : []),
    ...(route.when === undefined ? [] : ["conditional"]),
    ...(route.priority === "normal" ? [] : [`${route.priority} priority`])
  ]
  return `${signals.length === 0 ? "ignored" : signals.join(", ")}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`
}

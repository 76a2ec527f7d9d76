/**
 * The route table: which signals each event becomes. A table is immutable. It does not compile if an event of the
 * catalog has no route.
 *
 * **Details**
 *
 * A route is made in this order. First comes the default table, which gives trace and log to events of a program. Then
 * come the overrides, in their order. The configured `events.samplingRate` follows, unless an override gives a rate. At
 * last, `events.filtered` takes trace and log away. Rates and filters never change metrics. Subscribers have no routes.
 * They get every event that they ask for. If a program measures an event by a rule of its own, the event has a route to
 * metrics. An override with `metrics: false` or `enabled: false` takes it away.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as EventCatalog from "./EventCatalog.ts"
import type { EnvelopeOf, EventEnvelope } from "./EventEnvelope.ts"
import { customRoute, defaultRoutes } from "./internal/defaultRoutes.ts"
import type * as EventDefinition from "./internal/EventDefinition.ts"
import * as EventPattern from "./internal/EventPattern.ts"
import * as EventRoute from "./internal/EventRoute.ts"

export type { EventPriority, EventRoute, EventSignal, RouteChange } from "./internal/EventRoute.ts"

/**
 * A change of the routes of some events, made by {@link override}.
 *
 * @category models
 * @since 0.1.0
 */
export interface RouteOverride {
  /** A name, a domain as in `workflow.*`, or `*`. */
  readonly pattern: string
  readonly change: EventRoute.RouteChange<never>
}

/**
 * The routes in force.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventRouter {
  /** The route of an event, whether it is in the catalog or not. */
  readonly routeOf: (name: string) => EventRoute.EventRoute
  /** Whether an override takes the event's measurements away, including those by rules of the program. */
  readonly deniesMetrics: (name: string) => boolean
  /** Events with their routes: the catalog, then the given events of the program. */
  readonly entries: ReadonlyArray<{ readonly name: string; readonly route: EventRoute.EventRoute }>
}

/**
 * Overrides for the buses that are built in a region. `Telemetry.layer` sets them
 * from its `routes`.
 *
 * @category references
 * @since 0.1.0
 */
export const Overrides: Context.Reference<ReadonlyArray<RouteOverride>> = Context.Reference<
  ReadonlyArray<RouteOverride>
>("tasker-telemetry/events/EventRouter/Overrides", { defaultValue: () => [] })

/** The envelope that `when` gets for a name, a definition or a wildcard. */
type EnvelopeOn<E> = E extends EventCatalog.EventName | EventDefinition.Any ? EnvelopeOf<E> : EventEnvelope

/**
 * Changes the route of an event, of a definition, or of all events of a domain.
 *
 * **Details**
 *
 * It throws a `RangeError` if `samplingRate` is not from 0 to 1. If `when` throws or gives a promise, the error is
 * counted and the event is kept.
 *
 * **Example** (Less noise, one more counter)
 *
 * ```ts
 * import { EventRouter, Telemetry } from "tasker-telemetry"
 *
 * const TelemetryLayer = Telemetry.layer({}, {
 *   routes: [
 *     EventRouter.override("workflow.*", { enabled: false }),
 *     EventRouter.override("step.completed", { samplingRate: 0.1 }),
 *     EventRouter.override("step.failed", { when: ({ payload }) => payload.final })
 *   ]
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const override = <E extends EventCatalog.EventName | EventPattern.Wildcard | EventDefinition.Any>(
  event: E,
  change: EventRoute.RouteChange<EnvelopeOn<E>>
): RouteOverride => {
  const pattern = typeof event === "string" ? event : event.name
  EventRoute.apply(customRoute, change)
  return { pattern, change }
}

/**
 * Makes a route table.
 *
 * **Example** (What becomes a measurement)
 *
 * ```ts
 * import { EventRouter } from "tasker-telemetry"
 *
 * const router = EventRouter.make({ filtered: ["workflow.*"] })
 * const measured = router.entries.filter(({ route }) => route.metrics).map(({ name }) => name)
 * ```
 *
 * @param options `routes`: overrides; `filtered`: names and wildcards that become no span event and no log line;
 * `samplingRate`: rate, from 0 to 1, of events whose route has no smaller one; `events`: definitions of the program to
 * list in `entries`
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly routes?: ReadonlyArray<RouteOverride> | undefined
  readonly filtered?: ReadonlyArray<string> | undefined
  readonly samplingRate?: number | undefined
  readonly events?: ReadonlyArray<EventDefinition.Any> | undefined
} = {}): EventRouter => {
  const overrides = (options.routes ?? []).map(({ change, pattern }) => ({
    matches: EventPattern.compile(pattern),
    change
  }))
  const filters = (options.filtered ?? []).map(EventPattern.compile)
  const configured = options.samplingRate ?? 1

  const changesOf = (name: string) => overrides.flatMap(({ change, matches }) => matches(name) ? [change] : [])
  const deniesMetrics = (name: string): boolean =>
    changesOf(name).findLast(({ metrics }) => metrics !== undefined)?.metrics === false

  const routeOf = (name: string): EventRoute.EventRoute => {
    const standard = EventCatalog.isName(name) ? defaultRoutes[name] : customRoute
    const changes = changesOf(name)
    const changed = changes.reduce(EventRoute.apply, standard)
    const hasOwnRate = changes.some((change) => change.samplingRate !== undefined)
    const sampled = hasOwnRate || changed.priority === "high" || changed.priority === "critical"
      ? changed
      : EventRoute.apply(changed, { samplingRate: Math.min(configured, changed.samplingRate) })
    return filters.some((matches) => matches(name))
      ? EventRoute.apply(sampled, { trace: false, log: false })
      : sampled
  }

  const names = [...EventCatalog.names, ...(options.events ?? []).map(({ name }) => name)]
  return { routeOf, deniesMetrics, entries: names.map((name) => ({ name, route: routeOf(name) })) }
}

/**
 * How many events of a table go to which signal.
 */
interface RouterStats {
  readonly events: number
  readonly metrics: number
  readonly trace: number
  readonly log: number
  /** Routed to no signal. */
  readonly ignored: number
  /** Events that a rate below 1 or a predicate thins. */
  readonly thinned: number
  /** Of priority `high` or `critical`. */
  readonly highPriority: number
}

/**
 * Counts how many events of a table go to which signal.
 *
 * @category reflection
 * @since 0.1.0
 */
export const stats = ({ entries }: EventRouter): RouterStats => {
  const count = (holds: (route: EventRoute.EventRoute) => boolean) =>
    entries.reduce((total, { route }) => holds(route) ? total + 1 : total, 0)
  return {
    events: entries.length,
    metrics: count((route) => EventRoute.reaches(route, "metrics")),
    trace: count((route) => EventRoute.reaches(route, "trace")),
    log: count((route) => EventRoute.reaches(route, "log")),
    ignored: count((route) => EventRoute.signalsOf(route).length === 0),
    thinned: count((route) => route.enabled && (route.samplingRate < 1 || route.when !== undefined)),
    highPriority: count(({ priority }) => priority === "high" || priority === "critical")
  }
}

/**
 * Gives the table in words, one line per event:
 * `step.failed → metrics, trace, log`. A line names rate, predicate and priority
 * if they differ from the defaults.
 *
 * @category reflection
 * @since 0.1.0
 */
export const format = ({ entries }: EventRouter): string =>
  entries.map(({ name, route }) => `${name} → ${EventRoute.format(route)}`).join("\n")

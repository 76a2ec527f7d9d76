/**
 * The route table: which signals each event becomes. An immutable value; every
 * event of the catalog has a decision, or the table does not compile.
 *
 * **Details**
 *
 * A route is made of, in this order: the default table (trace and log for the
 * events of a program), the overrides in the order in which they are given, the
 * configured `events.samplingRate` where no override gives a rate, and last
 * `events.filtered`, which takes trace and log away. Rates and filters never touch metrics. Subscribers are not
 * routed: they get every event they ask for. A program's own rule that measures an event implies the route to
 * metrics, unless an override says `metrics: false` or `enabled: false`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as EventCatalog from "./EventCatalog.ts"
import type * as EventDefinition from "./EventDefinition.ts"
import type { EnvelopeFor, EnvelopeOf, EventEnvelope } from "./EventEnvelope.ts"
import * as EventRoute from "./EventRoute.ts"
import { customRoute, defaultRoutes } from "./internal/defaultRoutes.ts"
import * as EventPattern from "./internal/EventPattern.ts"

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
  /** Whether an override takes the event's measurements away, also those of a program's own rules. */
  readonly deniesMetrics: (name: string) => boolean
  /** Events with their routes: the catalog, then the events of the program that were given. */
  readonly entries: ReadonlyArray<{ readonly name: string; readonly route: EventRoute.EventRoute }>
}

/**
 * Overrides for the buses of a region; `Telemetry.layer` sets them from its
 * `routes`.
 *
 * @category references
 * @since 0.1.0
 */
export const Overrides: Context.Reference<ReadonlyArray<RouteOverride>> = Context.Reference<
  ReadonlyArray<RouteOverride>
>("tasker-telemetry/events/EventRouter/Overrides", { defaultValue: () => [] })

/** What `when` sees of an event that is given by its name, its definition or a wildcard. */
type EnvelopeOn<E> = E extends EventCatalog.EventName ? EnvelopeOf<E>
  : E extends EventDefinition.Any ? EnvelopeFor<E>
  : EventEnvelope

/**
 * Changes the route of an event, of a definition, or of all events of a domain.
 *
 * **Details**
 *
 * Throws a `RangeError` if `samplingRate` is not from 0 to 1. What `when` throws, and a promise in place of its answer,
 * is contained and counted, and the event is kept.
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
 * Makes the table.
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
 * Sentences about filters that no event can match: names of reserved domains
 * that are not in the catalog.
 *
 * @category computations
 * @since 0.1.0
 */
export const unknownFilters = (filtered: ReadonlyArray<string>): ReadonlyArray<string> =>
  filtered.flatMap((pattern) => {
    const domain = EventCatalog.domainOf(pattern)
    const isOurs = EventCatalog.reservedDomains.some((reserved) => reserved === domain)
    const isImpossible = pattern !== "*" && (isOurs || !pattern.includes("."))
    return isImpossible && !EventCatalog.names.some(EventPattern.compile(pattern))
      ? [`events.filtered names "${pattern}", which no event matches`]
      : []
  })

/**
 * How many events of a table go where.
 *
 * @category models
 * @since 0.1.0
 */
export interface RouterStats {
  readonly events: number
  readonly metrics: number
  readonly trace: number
  readonly log: number
  /** Routed to no signal. */
  readonly ignored: number
  /** Whose trace and log are thinned by a rate below 1 or by a predicate. */
  readonly thinned: number
  /** Of priority `high` or `critical`. */
  readonly highPriority: number
}

/**
 * How many events of the table go where.
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
    ignored: count((route) => signalsOf(route).length === 0),
    thinned: count((route) => route.enabled && (route.samplingRate < 1 || route.when !== undefined)),
    highPriority: count(({ priority }) => priority === "high" || priority === "critical")
  }
}

/**
 * The table in words, a line per event: `step.failed → metrics, trace, log`,
 * with rate, predicate and priority where they are not the usual ones.
 *
 * @category reflection
 * @since 0.1.0
 */
export const describe = ({ entries }: EventRouter): string =>
  entries.map(({ name, route }) => `${name} → ${describeRoute(route)}`).join("\n")

const signalsOf = (route: EventRoute.EventRoute): ReadonlyArray<EventRoute.EventSignal> =>
  (["metrics", "trace", "log"] as const).filter((signal) => EventRoute.reaches(route, signal))

/**
 * A route in words.
 *
 * @category reflection
 * @since 0.1.0
 */
export const describeRoute = (route: EventRoute.EventRoute): string => {
  const signals = signalsOf(route)
  const notes = [
    ...(route.samplingRate < 1 ? [`${(route.samplingRate * 100).toFixed(1)} % sampled`] : []),
    ...(route.when === undefined ? [] : ["conditional"]),
    ...(route.priority === "normal" ? [] : [`${route.priority} priority`])
  ]
  return `${signals.length === 0 ? "ignored" : signals.join(", ")}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`
}

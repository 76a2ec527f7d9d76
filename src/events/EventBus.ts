/**
 * The door through which every event passes: it stamps the envelope on the
 * caller's fiber, asks the route table once, and hands the envelope to the
 * built-in sinks.
 *
 * Publishing never fails, never waits and never throws. A sink that throws is
 * contained and counted, and the other sinks still get the event.
 *
 * **Gotchas**
 *
 * Sinks run now, in the order metrics, trace, log, on the publisher's fiber:
 * they see its context and must be quick.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Correlation from "../Correlation.ts"
import { contain } from "../internal/contain.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import type * as EventCatalog from "./EventCatalog.ts"
import type { EventEnvelope } from "./EventEnvelope.ts"
import * as EventRouter from "./EventRouter.ts"

/**
 * A consumer inside the library, called for every event routed to its signal.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventSink {
  readonly name: string
  /** The signal it produces; `all` sees every event. */
  readonly signal: keyof EventRouter.EventRoute | "all"
  readonly handle: (envelope: EventEnvelope, fiber: Fiber.Fiber<unknown, unknown>) => void
}

/**
 * The bus.
 *
 * @category services
 * @since 0.1.0
 */
export class EventBus extends Context.Service<EventBus, {
  /** Whether anything listens; publishers may skip making payloads where it is `false`. */
  readonly enabled: boolean
  /** Publishes an event of the catalog from the current fiber. */
  readonly publish: <Name extends EventCatalog.EventName>(
    name: Name,
    payload: EventCatalog.Payload<Name>
  ) => Effect.Effect<void>
  /** {@link publish} for code that already holds its fiber. */
  readonly publishUnsafe: <Name extends EventCatalog.EventName>(
    fiber: Fiber.Fiber<unknown, unknown>,
    name: Name,
    payload: EventCatalog.Payload<Name>
  ) => void
  /** Adds a sink until the scope closes. */
  readonly register: (sink: EventSink) => Effect.Effect<void, never, Scope.Scope>
}>()("tasker-telemetry/events/EventBus") {
  /**
   * A bus with the default routes.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<EventBus, never, SelfStatistics> = Layer.effect(
    EventBus,
    Effect.map(SelfStatistics, (statistics) => make(EventRouter.defaultRoutes, statistics))
  )

  /**
   * A bus that forgets everything it is told.
   *
   * @since 0.1.0
   */
  static readonly layerNoop: Layer.Layer<EventBus> = Layer.succeed(EventBus, {
    enabled: false,
    publish: () => Effect.void,
    publishUnsafe: () => {},
    register: () => Effect.void
  })
}

const signalOrder = ["all", "metrics", "trace", "log"] as const

const make = (routes: EventRouter.RouteTable, statistics: SelfStatistics["Service"]): EventBus["Service"] => {
  const countError = statistics.counter(
    "tasker_sink_errors_total",
    "Events a built-in sink could not handle.",
    ["sink"]
  )
  let sequence = 0
  let sinks: ReadonlyArray<EventSink> = []
  let byEvent = new Map<EventCatalog.EventName, ReadonlyArray<EventSink>>()

  const sinksOf = (name: EventCatalog.EventName): ReadonlyArray<EventSink> => {
    const known = byEvent.get(name)
    if (known !== undefined) return known
    const chosen = signalOrder.flatMap((signal) =>
      sinks.filter((sink) => sink.signal === signal && (signal === "all" || routes[name][signal]))
    )
    byEvent.set(name, chosen)
    return chosen
  }

  const publishUnsafe: EventBus["Service"]["publishUnsafe"] = (fiber, name, payload) => {
    const span = fiber.cache.span ?? undefined
    const envelope = {
      name,
      payload,
      time: fiber.getRef(Clock.Clock).currentTimeMillisUnsafe(),
      sequence: ++sequence,
      correlationId: fiber.getRef(Correlation.CorrelationId),
      traceId: span?.traceId,
      spanId: span?.spanId
    } as EventEnvelope
    for (const sink of sinksOf(name)) {
      contain(() => sink.handle(envelope, fiber), () => countError([sink.name]))
    }
  }

  return {
    enabled: true,
    publish: (name, payload) =>
      Effect.withFiber((fiber) => {
        publishUnsafe(fiber, name, payload)
        return Effect.void
      }),
    publishUnsafe,
    register: (sink) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          sinks = [...sinks, sink]
          byEvent = new Map()
        }),
        () =>
          Effect.sync(() => {
            sinks = sinks.toSpliced(sinks.lastIndexOf(sink), 1)
            byEvent = new Map()
          })
      )
  }
}

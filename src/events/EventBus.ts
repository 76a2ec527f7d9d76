/**
 * Publishes events. The bus makes the envelope on the caller's fiber, looks up
 * the compiled route once, and hands the envelope to the built-in sinks and to
 * the queues of subscribers.
 *
 * Publishing never fails, never waits and never throws. If a sink throws, the
 * error is counted, and the other sinks still get the event.
 *
 * **Gotchas**
 *
 * Sinks run at once, in the order metrics, trace, log, on the publisher's fiber.
 * They see its context and must be quick. Slow work belongs into a subscriber.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import * as Correlation from "../Correlation.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import { withDefault } from "../internal/withDefault.ts"
import { quote, quoteValue } from "../redaction/internal/quoteValue.ts"
import * as EventCatalog from "./EventCatalog.ts"
import type { EventEnvelope } from "./EventEnvelope.ts"
import * as EventRouter from "./EventRouter.ts"
import * as EventDefinition from "./internal/EventDefinition.ts"
import * as EventDispatch from "./internal/EventDispatch.ts"
import type { EventSignal } from "./internal/EventRoute.ts"

/**
 * A consumer inside the library, called for every event routed to its signal.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventSink {
  readonly name: string
  /**
   * The signal that the sink produces. A sink of `all` sees every event. A `subscriber` does too, after the other
   * sinks.
   */
  readonly signal: EventSignal | "all" | "subscriber"
  /** Tells whether the sink wants an event; called once per name. Without it, the sink gets all events. */
  readonly accepts?: ((name: string) => boolean) | undefined
  /**
   * Whether the sink needs no route to metrics: it gets every event that it accepts, unless an override denies that.
   */
  readonly impliesRoute?: boolean | undefined
  readonly handle: (
    envelope: EventEnvelope,
    fiber: Fiber.Fiber<unknown, unknown>,
    definition: EventDefinition.Any
  ) => void
}

/**
 * A queue that the bus fills.
 *
 * @category models
 * @since 0.1.0
 */
export interface SubscriptionOptions {
  /** Name of the subscriber; the attribute `subscriber` of the counters. */
  readonly name: string
  /** Number of events that it holds, at least 1; 1024 by default. A full queue drops new events and counts them. */
  readonly capacity?: number | undefined
  /** Tells by its name whether the subscriber wants an event; all by default. */
  readonly accepts?: ((name: string) => boolean) | undefined
  /** Called at once for each event that a full queue drops; nothing by default. It must be quick and not throw. */
  readonly onDrop?: (() => void) | undefined
}

/**
 * A queue of events that a subscriber takes from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subscription {
  readonly queue: Queue.Queue<EventEnvelope, Cause.Done>
  /** Counts an event that the subscriber could not handle. */
  readonly countError: () => void
}

/**
 * Publishes an event of the catalog by its name, or an event of a program by its
 * definition. It is one signature, because the compiler names the wrong field of
 * a payload only without overloads.
 */
interface Publish {
  <E extends EventCatalog.EventName | EventDefinition.Any>(
    event: E,
    payload: EventCatalog.Payload<E>
  ): Effect.Effect<void>
}

/** {@link Publish} for code that already holds its fiber. */
interface PublishUnsafe {
  <E extends EventCatalog.EventName | EventDefinition.Any>(
    fiber: Fiber.Fiber<unknown, unknown>,
    event: E,
    payload: EventCatalog.Payload<E>
  ): void
}

/**
 * The bus.
 *
 * @category services
 * @since 0.1.0
 */
export class EventBus extends Context.Service<EventBus, {
  /** Whether there may be a sink or subscriber. If it is `false`, a publisher need not make a payload. */
  readonly enabled: boolean
  /** The routes in force. */
  readonly router: EventRouter.EventRouter
  /** Publishes an event from the current fiber. */
  readonly publish: Publish
  /** {@link Publish} for code that already holds its fiber. */
  readonly publishUnsafe: PublishUnsafe
  /** Adds a sink until the scope closes. */
  readonly register: (sink: EventSink) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Gives a queue of the events published from now on. The queue ends when the scope or the bus closes. It dies with a
   * `RangeError` if the capacity is not a whole number of at least 1.
   */
  readonly subscribe: (options: SubscriptionOptions) => Effect.Effect<Subscription, never, Scope.Scope>
}>()("tasker-telemetry/events/EventBus") {
}

/**
 * A bus with the default routes, changed by `EventRouter.Overrides` and the
 * `events` group of the configuration.
 *
 * @since 0.1.0
 */
export const layer: Layer.Layer<EventBus> = Layer.effect(
  EventBus,
  Effect.gen(function*() {
    const { events } = yield* TelemetryConfig.Current
    const routes = yield* EventRouter.Overrides
    return make(EventRouter.make({ ...events, routes }), yield* SelfStatistics, yield* Effect.scope)
  })
).pipe(withDefault(SelfStatistics, SelfStatistics.layer))

/**
 * Discards every event.
 *
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<EventBus> = Layer.sync(EventBus, () => ({
  enabled: false,
  router: EventRouter.make(),
  publish: () => Effect.void,
  publishUnsafe: () => {},
  register: () => Effect.void,
  subscribe: () =>
    Effect.map(
      Effect.tap(Queue.bounded<EventEnvelope, Cause.Done>(1), Queue.end),
      (queue) => ({ queue, countError: () => {} })
    )
}))

/**
 * Publishes an event from the current fiber. Never fails and never waits.
 *
 * **Example** (An event of a program)
 *
 * ```ts
 * import * as Schema from "effect/Schema"
 * import { EventBus, EventCatalog } from "tasker-telemetry"
 *
 * const CartEmptied = EventCatalog.define("shop.cart_emptied", {
 *   description: "A customer emptied the cart.",
 *   fires: "once per click",
 *   payload: Schema.Struct({ items: Schema.Int })
 * })
 * const program = EventBus.publish(CartEmptied, { items: 3 })
 * ```
 *
 * @since 0.1.0
 */
export const publish = <E extends EventCatalog.EventName | EventDefinition.Any>(
  event: E,
  payload: EventCatalog.Payload<E>
): Effect.Effect<void, never, EventBus> => Effect.flatMap(EventBus, (bus) => bus.publish(event, payload))

/**
 * The events published from the moment the stream starts, through a bounded queue
 * of its own. A full queue drops new events, which count under the subscriber
 * `stream`. The stream ends when the bus closes, after the events that the queue
 * still has.
 *
 * **Example** (The first failure)
 *
 * ```ts
 * import * as Stream from "effect/Stream"
 * import { EventBus } from "tasker-telemetry"
 *
 * const firstFailure = EventBus.stream.pipe(
 *   Stream.filter((event) => event.name === "step.failed"),
 *   Stream.take(1),
 *   Stream.runCollect
 * )
 * ```
 *
 * @since 0.1.0
 */
export const stream: Stream.Stream<EventEnvelope, never, EventBus> = Stream.unwrap(
  Effect.map(
    Effect.flatMap(EventBus, (bus) => bus.subscribe({ name: "stream" })),
    ({ queue }) => Stream.fromQueue(queue)
  )
)

const defaultCapacity = 1024

const reserved: ReadonlySet<string> = new Set(EventCatalog.reservedDomains)

/** Whether a definition is in the catalog, or in a domain that is not reserved. */
const mayPublish = (definition: EventDefinition.Any): boolean =>
  EventCatalog.find(definition.name) === definition || !reserved.has(EventDefinition.domainOf(definition.name))

const make = (
  router: EventRouter.EventRouter,
  statistics: SelfStatistics["Service"],
  scope: Scope.Scope
): EventBus["Service"] => {
  const countError = statistics.counter(
    "tasker_sink_errors_total",
    "Events a built-in sink could not handle.",
    ["sink"]
  )
  const countDropped = statistics.counter(
    "tasker_subscriber_dropped_total",
    "Events a subscriber did not get because its queue was full or it was closed first.",
    ["subscriber", "reason"]
  )
  const countSubscriberError = statistics.counter(
    "tasker_subscriber_errors_total",
    "Events whose subscriber failed or died.",
    ["subscriber"]
  )
  const onError = (sink: { readonly name: string }) => countError([sink.name])
  let sequence = 0
  // A context never changes, so the bus reads it once for successive events of one context.
  let context: Fiber.Fiber<unknown, unknown>["context"] | undefined
  let clock: Clock.Clock
  let correlationId: string | undefined
  let sinks: ReadonlyArray<EventSink> = []
  // The catalog has a fixed number of names. A program's definition is forgotten when nothing refers to it any more.
  let byName = new Map<string, EventDispatch.Dispatch>()
  let byDefinition = new WeakMap<EventDefinition.Any, EventDispatch.Dispatch>()

  const change = (next: ReadonlyArray<EventSink>) => {
    sinks = next
    byName = new Map()
    byDefinition = new WeakMap()
  }
  const compile = (definition: EventDefinition.Any) =>
    EventDispatch.compile(
      definition,
      router.routeOf(definition.name),
      sinks,
      router.deniesMetrics(definition.name)
    )
  const dispatchOf = (event: string | EventDefinition.Any): EventDispatch.Dispatch | undefined => {
    if (typeof event === "string") {
      const known = byName.get(event)
      if (known !== undefined || !EventCatalog.isName(event)) return known
      const made = compile(EventCatalog.catalog[event])
      byName.set(event, made)
      return made
    }
    const known = byDefinition.get(event)
    if (known !== undefined || !mayPublish(event)) return known
    const made = compile(event)
    byDefinition.set(event, made)
    return made
  }

  const publishUnsafe = (
    fiber: Fiber.Fiber<unknown, unknown>,
    event: string | EventDefinition.Any,
    payload: unknown
  ): void => {
    const dispatch = dispatchOf(event)
    if (dispatch === undefined) return countError(["unknown event"])
    sequence++
    if (EventDispatch.isIdle(dispatch)) return
    if (fiber.context !== context) {
      context = fiber.context
      clock = fiber.getRef(Clock.Clock)
      correlationId = fiber.getRef(Correlation.CorrelationId)
    }
    const span = fiber.cache.span ?? undefined
    const envelope = {
      name: dispatch.definition.name,
      payload,
      time: clock.currentTimeMillisUnsafe(),
      sequence,
      correlationId,
      traceId: span?.traceId,
      spanId: span?.spanId
    } as EventEnvelope
    EventDispatch.run(dispatch, envelope, fiber, onError)
  }

  const register = (sink: EventSink) =>
    Effect.acquireRelease(
      Effect.sync(() => change([...sinks, sink])),
      () => Effect.sync(() => change(sinks.toSpliced(sinks.lastIndexOf(sink), 1)))
    )

  return {
    enabled: true,
    router,
    publish: (event: string | EventDefinition.Any, payload: unknown) =>
      Effect.withFiber((fiber) => {
        publishUnsafe(fiber, event, payload)
        return Effect.void
      }),
    publishUnsafe,
    register,
    subscribe: Effect.fnUntraced(function*({ accepts, capacity = defaultCapacity, name, onDrop }) {
      if (!Number.isSafeInteger(capacity) || capacity < 1) {
        return yield* Effect.die(
          new RangeError(
            `subscriber ${quote(name)}: expected a whole number of at least 1 at capacity, got ${quoteValue(capacity)}`
          )
        )
      }
      const queue = yield* Effect.acquireRelease(
        Queue.dropping<EventEnvelope, Cause.Done>(capacity),
        (queue) => {
          const left = Queue.sizeUnsafe(queue)
          if (left > 0) countDropped([name, "closed"], left)
          return Queue.shutdown(queue)
        }
      )
      // The bus may close before the subscriber. A queue without its subscriber is not kept.
      const life = yield* Effect.acquireRelease(Scope.fork(scope), Scope.close)
      yield* Scope.addFinalizer(life, Queue.end(queue))
      yield* register({
        name,
        signal: "subscriber",
        accepts,
        handle: (envelope) => {
          if (Queue.offerUnsafe(queue, envelope)) return
          countDropped([name, queue.state._tag === "Open" ? "full" : "closed"])
          onDrop?.()
        }
      })
      return { queue, countError: () => countSubscriberError([name]) }
    })
  }
}

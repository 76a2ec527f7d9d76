/**
 * Lets a program react to events. Each subscriber has a bounded queue and a fiber
 * of its own, so it can neither slow nor fail a publisher.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { durationOf } from "../config/internal/durationInput.ts"
import * as Correlation from "../Correlation.ts"
import { expectEffect } from "../internal/expectEffect.ts"
import { orElse } from "../internal/guard.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import { quote } from "../redaction/internal/quoteValue.ts"
import { EventBus } from "./EventBus.ts"
import type * as EventCatalog from "./EventCatalog.ts"
import type { EnvelopeOf, EventEnvelope } from "./EventEnvelope.ts"
import type * as EventDefinition from "./internal/EventDefinition.ts"
import * as EventPattern from "./internal/EventPattern.ts"

type Definitions = Readonly<Record<string, EventDefinition.Any>>
type None = Record<never, EventDefinition.Any>

type Domain<Name extends string> = Name extends `${infer First}.${string}` ? `${First}.*` : never

/**
 * The patterns that a subscriber may use: names of events, domains of known
 * events, `*`.
 */
type Pattern<Events extends Definitions = None> =
  | EventCatalog.EventName
  | (keyof Events & string)
  | Domain<EventCatalog.EventName | (keyof Events & string)>
  | "*"

/**
 * The envelope that a handler of a pattern gets.
 */
type EnvelopeMatching<P extends string, Events extends Definitions = None> =
  | {
    [Name in EventPattern.Matched<P, EventCatalog.EventName>]: EnvelopeOf<Name>
  }[EventPattern.Matched<P, EventCatalog.EventName>]
  | {
    [Name in EventPattern.Matched<P, keyof Events & string>]: EnvelopeOf<Events[Name]>
  }[EventPattern.Matched<P, keyof Events & string>]

/**
 * Handlers by pattern. Every handler whose pattern fits gets the event, in the
 * order in which they stand.
 *
 * @category models
 * @since 0.1.0
 */
export type Handlers<E, R, Events extends Definitions = None> = {
  readonly [P in Pattern<Events>]?: (event: EnvelopeMatching<P, Events>) => Effect.Effect<unknown, E, R>
}

/**
 * What the effects of handlers require.
 */
type Requirements<Given> = {
  [P in keyof Given]-?: NonNullable<Given[P]> extends (event: never) => Effect.Effect<unknown, unknown, infer R> ? R
    : never
}[keyof Given]

/**
 * A subscriber that lives as long as the layer.
 *
 * **Details**
 *
 * The subscriber handles events one after the other, in order, with the correlation id of their publisher. If a handler
 * fails, dies, ends its fiber or gives no Effect, the next handler goes on. Each failure counts in
 * `tasker_subscriber_errors_total`. The first one is logged, then at most one per minute, with the number of those left
 * out. A full queue drops new events, which count in `tasker_subscriber_dropped_total`. When the layer closes, the
 * subscriber still handles waiting events, within `drainTimeout`. Events that are left then count as dropped, and an
 * event that is being handled counts as failed.
 *
 * Routes do not matter: a subscriber gets every event that it asks for. The layer dies with a `RangeError` if
 * `capacity` is not a whole number of at least 1. A `drainTimeout` that is no duration throws a `RangeError`.
 *
 * **Example** (Telling people about failures)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { EventSubscriber } from "tasker-telemetry"
 *
 * const Pager = EventSubscriber.layer({
 *   "task.failed": ({ payload }) => Effect.logError(`${payload.taskName}: ${payload.errorMessage}`),
 *   "step.*": (event) => Effect.logDebug(event.payload.stepName)
 * }, { name: "pager" })
 * ```
 *
 * @param handlers by event name, domain as in `step.*`, or `*`
 * @param options `name`: attribute `subscriber` of the counters, `subscriber` by default; `capacity`: events the queue
 * holds, 1024 by default; `drainTimeout`: limit of the draining, 5 seconds by default; `events`: the program's own
 * events that may be subscribed to, from `EventCatalog.collect`
 * @category layers
 * @since 0.1.0
 */
export const layer = <
  const Given extends Handlers<unknown, unknown, NoInfer<Events>>,
  const Events extends Definitions = None
>(
  handlers: Given & { readonly [P in Exclude<keyof Given, Pattern<NoInfer<Events>>>]: never },
  options: {
    readonly name?: string | undefined
    readonly capacity?: number | undefined
    readonly drainTimeout?: DurationSuchAs<"5 seconds"> | undefined
    readonly events?: Events | undefined
  } = {}
): Layer.Layer<never, never, EventBus | Requirements<Given>> => {
  type R = Requirements<Given>
  const name = options.name ?? "subscriber"
  const drainTimeout = durationOf(
    options.drainTimeout ?? "5 seconds",
    `drainTimeout of subscriber ${quote(name)}`,
    "5 seconds"
  )
  const all = Object.entries(handlers).map(([pattern, handle]): Handler<R> => ({
    accepts: EventPattern.compile(pattern),
    handle: handle as Handler<R>["handle"]
  }))
  return Layer.effectDiscard(Effect.gen(function*() {
    const bus = yield* EventBus
    const { countError, queue } = yield* bus.subscribe({
      name,
      capacity: options.capacity,
      accepts: (event) => all.some(({ accepts }) => accepts(event))
    })
    // If a handler cannot be interrupted, a fiber of the scope would keep the scope open.
    const fiber = yield* Effect.forkDetach(handleEvents(queue, all, failureReport(name, countError), countError))
    yield* Effect.addFinalizer(() =>
      Effect.timeoutOption(Effect.andThen(Queue.end(queue), Fiber.await(fiber)), drainTimeout).pipe(
        Effect.andThen(Effect.timeoutOption(Fiber.interrupt(fiber), drainTimeout))
      )
    )
  }))
}

interface Handler<R> {
  readonly accepts: (name: string) => boolean
  readonly handle: (event: EventEnvelope) => Effect.Effect<unknown, unknown, R>
}

/** A handler without types may give any value. */
const call = <R>({ handle }: Handler<R>, event: EventEnvelope): Effect.Effect<unknown, unknown, R> =>
  orElse(
    () => expectEffect("the handler", handle(event)) as Effect.Effect<unknown, unknown, R>,
    (error) => Effect.die(error)
  )

/** The highest number of event names whose handlers are remembered. */
const mostRemembered = 1000

/** Gives the handlers of an event. */
const fittingOf = <R>(handlers: ReadonlyArray<Handler<R>>) => {
  const byName = new Map<string, ReadonlyArray<Handler<R>>>()
  return ({ name }: EventEnvelope): ReadonlyArray<Handler<R>> => {
    const known = byName.get(name)
    if (known !== undefined) return known
    const fitting = handlers.filter(({ accepts }) => accepts(name))
    if (byName.size < mostRemembered) byName.set(name, fitting)
    return fitting
  }
}

/**
 * Handlers run in place, because a fiber for each would cost time. But a handler may end the fiber without any
 * finalizer: it interrupts the fiber, or gives a value that is no Effect. So the progress is kept outside of the fiber,
 * and another fiber goes on from there.
 *
 * One loop handles all waiting events with the same correlation id, because a change of the context takes longer than
 * most handlers.
 */
const handleEvents = <R>(
  queue: Queue.Dequeue<EventEnvelope, Cause.Done>,
  handlers: ReadonlyArray<Handler<R>>,
  onFailure: (cause: Cause.Cause<unknown>) => Effect.Effect<void>,
  countError: () => void
): Effect.Effect<void, never, R> => {
  const handlersOf = fittingOf(handlers)
  let event: EventEnvelope | undefined
  let fitting: ReadonlyArray<Handler<R>> = []
  let next = 0
  let isHandling = false
  /** A failure that was not reported yet. */
  let failure: Cause.Cause<unknown> | undefined

  const begin = (taken: EventEnvelope): void => {
    event = taken
    fitting = handlersOf(taken)
    next = 0
  }
  /** Whether an event with this id has a handler left. Takes the events that wait. */
  const hasNext = (correlationId: string | undefined): boolean => {
    while (event !== undefined && event.correlationId === correlationId) {
      if (next < fitting.length) return true
      const taken = Queue.takeUnsafe(queue)
      if (taken !== undefined && Exit.isSuccess(taken)) begin(taken.value)
      else event = undefined
    }
    return false
  }
  const report = (cause: Cause.Cause<unknown>): Effect.Effect<Exit.Exit<void>> => {
    // Set before the report, because a logger may end the fiber, too.
    failure = undefined
    return Effect.as(Effect.ignoreCause(onFailure(cause)), Exit.void)
  }
  const handleNext = (): Effect.Effect<Exit.Exit<unknown, unknown>, never, R> => {
    if (failure !== undefined) return report(failure)
    isHandling = true
    return Effect.exit(call(fitting[next++] as Handler<R>, event as EventEnvelope))
  }
  const settle = (exit: Exit.Exit<unknown, unknown>): void => {
    isHandling = false
    if (Exit.isFailure(exit)) failure = exit.cause
  }
  const handleWaiting = Effect.suspend(() => {
    const id = event?.correlationId
    return Effect.provideService(
      Effect.whileLoop({ while: () => failure !== undefined || hasNext(id), body: handleNext, step: settle }),
      Correlation.CorrelationId,
      id
    )
  })
  const takeNext = Effect.flatMap(Queue.take(queue), (taken) => {
    begin(taken)
    return handleWaiting
  })
  const worker = Effect.suspend(() => event === undefined ? takeNext : handleWaiting).pipe(
    Effect.forever,
    Effect.ignore
  )
  return Effect.forkChild(worker).pipe(
    Effect.flatMap((fiber) =>
      Effect.onInterrupt(Fiber.await(fiber), () =>
        Effect.andThen(
          Fiber.interrupt(fiber),
          Effect.sync(() => {
            if (isHandling) countError()
          })
        ))
    ),
    Effect.tap((exit) =>
      Effect.sync(() => {
        if (Exit.isFailure(exit) && isHandling) settle(exit)
      })
    ),
    Effect.repeat({ while: Exit.isFailure }),
    Effect.asVoid
  )
}

const reportInterval = 60_000_000_000n

/** Counts every failure. Logs the first one, then at most one per interval. */
const failureReport = (name: string, countError: () => void) => {
  let next = 0n
  let leftOut = 0
  return (cause: Cause.Cause<unknown>): Effect.Effect<void> =>
    Clock.clockWith((clock) => {
      countError()
      const now = clock.monotonicTimeNanosUnsafe()
      if (next !== 0n && now < next) {
        leftOut++
        return Effect.void
      }
      const unreported = leftOut
      next = now + reportInterval
      leftOut = 0
      return Effect.logWarning("event subscriber failed", cause).pipe(
        Effect.annotateLogs({ subscriber: name, ...(unreported > 0 ? { failures_left_out: unreported } : {}) })
      )
    })
}

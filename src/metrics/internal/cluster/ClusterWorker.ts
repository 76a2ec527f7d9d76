/**
 * Sends the metrics of a worker process to its primary.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { FlushRegistry } from "../../../internal/FlushRegistry.ts"
import { guard } from "../../../internal/guard.ts"
import * as identifiers from "../../../internal/identifiers.ts"
import * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import * as ClusterMessage from "./ClusterMessage.ts"
import type { Channel, ProcessChannelsShape } from "./ProcessChannels.ts"

export interface Options {
  /** If no question comes for so long, the worker sends its snapshot. */
  readonly interval: Duration.Duration
  /** How long closing, or a flush, waits until a snapshot is sent. */
  readonly closing: Duration.Duration
}

/** Answers the parent process until the scope closes. Without a parent it does nothing. */
export const make = Effect.fnUntraced(function*(
  snapshot: Effect.Effect<MetricSnapshot>,
  channels: ProcessChannelsShape,
  options: Options
): Effect.fn.Return<void, never, Scope.Scope> {
  const channel = channels.parent()
  if (channel === undefined) return
  const context = yield* Effect.context<never>()
  const instance = yield* identifiers.alphanumeric(8)
  let reading = 0
  let hasEnded = false

  const piecesOfNow = Effect.flatMap(snapshot, (now) => TimeSlice.run(ClusterMessage.pieces(now)))

  const messagesOf = (pieces: ReadonlyArray<MetricSnapshot>, round: number, isLast: boolean) =>
    ClusterMessage.parts({ instance, reading: ++reading, round, isLast }, pieces)

  const oneReport = Semaphore.makeUnsafe(1)
  /** Sends a snapshot. One at a time, because mixed parts of two snapshots could not be read. */
  const report = (round: number, isLast: boolean): Effect.Effect<void> =>
    Effect.flatMap(
      piecesOfNow,
      (pieces) =>
        Effect.forEach(messagesOf(pieces, round, isLast), (message) => send(channel, message), { discard: true })
    ).pipe(oneReport.withPermits(1))

  const last = Effect.suspend(() => {
    hasEnded = true
    return report(0, true)
  })
  yield* Effect.addFinalizer(() =>
    last.pipe(
      Effect.timeoutOption(options.closing),
      Effect.ignoreCause({ log: "Warn", message: "the last metrics of this process were not sent" })
    )
  )
  // A process that ends by itself cannot run effects. But the messages that the channel takes at once arrive.
  yield* channels.atExit(() => {
    const pieces = hasEnded || !channel.connected ? undefined : Effect.runSyncExitWith(context)(piecesOfNow)
    if (pieces === undefined || Exit.isFailure(pieces)) return
    for (const message of messagesOf(pieces.value, 0, true)) sendUnsafe(channel, message, () => {})
  })
  const registry = Context.getOption(context, FlushRegistry)
  if (Option.isSome(registry)) {
    yield* registry.value.register(Effect.asVoid(Effect.timeoutOption(report(0, false), options.closing)))
  }

  // The primary asks again only after an answer, so only the newest question counts.
  const rounds = yield* Queue.sliding<number>(1)
  const answer = (round: number) =>
    Effect.ignoreCause(report(round, false), { log: "Warn", message: "the metrics of this process were not sent" })
  // The worker waits for a first question, because the parent may not listen.
  yield* Effect.flatMap(Queue.take(rounds), answer).pipe(
    Effect.andThen(
      Queue.take(rounds).pipe(
        Effect.timeoutOption(options.interval),
        Effect.flatMap((round) => answer(Option.getOrElse(round, () => 0))),
        Effect.forever
      )
    ),
    Effect.forkScoped
  )
  const onMessage = (message: unknown) => {
    const ours = ClusterMessage.read(message)
    if (typeof ours === "object" && ours.type === "ask") Queue.offerUnsafe(rounds, ours.round)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => channel.on("message", onMessage)),
    () => Effect.sync(() => channel.off("message", onMessage))
  )
  sendUnsafe(channel, ClusterMessage.hello(instance), () => {})
})

/** Waits until the message is sent. A message that cannot be sent is dropped. */
const send = (channel: Channel, message: ClusterMessage.Message): Effect.Effect<void> =>
  Effect.callback((resume) => sendUnsafe(channel, message, () => resume(Effect.void)))

const sendUnsafe = (channel: Channel, message: ClusterMessage.Message, onSent: () => void): void =>
  guard(() => channel.send(message, onSent), onSent)

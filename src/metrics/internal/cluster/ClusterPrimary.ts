/**
 * The primary process of a cluster, which has the metrics of all processes.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as JsonFormat from "../../JsonFormat.ts"
import type * as MetricMerge from "../../MetricMerge.ts"
import type { MetricSnapshot, NumberData } from "../../MetricSnapshot.ts"
import { clusterMetrics } from "../catalog/clusterMetrics.ts"
import { join } from "../combine/SnapshotParts.ts"
import * as ClusterAggregator from "./ClusterAggregator.ts"
import * as ClusterMessage from "./ClusterMessage.ts"
import { ClusterPeer } from "./ClusterPeer.ts"
import type { Channel } from "./ProcessChannels.ts"

export interface Options extends MetricMerge.Options {
  /** How long a scrape waits for the workers. */
  readonly timeout: Duration.Duration
}

export interface ClusterPrimary {
  /** The metrics of all processes. */
  readonly snapshot: Effect.Effect<MetricSnapshot>
  /** Adds a process. Gives a function that removes it. */
  readonly attach: (channel: Channel) => () => void
}

/** The primary of the context; `undefined` if there is none. */
export const Current: Context.Reference<ClusterPrimary | undefined> = Context.Reference(
  "tasker-telemetry/metrics/cluster/ClusterPrimary",
  { defaultValue: (): ClusterPrimary | undefined => undefined }
)

interface Member {
  readonly peer: ClusterPeer
  readonly detach: () => void
}

/** Arrivals from the workers, handled in order. */
type Arrival =
  | { readonly type: "part"; readonly peer: ClusterPeer; readonly part: ClusterMessage.Part }
  | { readonly type: "end"; readonly peer: ClusterPeer }
  /** A snapshot waits until all earlier arrivals are handled. */
  | { readonly type: "mark"; readonly reached: Deferred.Deferred<void> }

/** The highest number of characters of messages that wait. */
const maximumWaiting = 2 * ClusterMessage.maximumCharacters

const weightOf = ({ document }: ClusterMessage.Part): number => document.length + 1000

export const make = Effect.fnUntraced(function*(
  own: Effect.Effect<MetricSnapshot>,
  options: Options
): Effect.fn.Return<ClusterPrimary, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const startMillis = yield* Clock.currentTimeMillis
  const aggregator = yield* ClusterAggregator.make(own)
  const members = new Map<Channel, Member>()

  // --- Arrivals, one after the other ---

  const arrivals = yield* Queue.unbounded<Arrival>()
  let waiting = 0

  const arrive = (peer: ClusterPeer, part: ClusterMessage.Part): void => {
    const weight = weightOf(part)
    if (waiting + weight > maximumWaiting) take(peer, part, undefined)
    else {
      waiting += weight
      Queue.offerUnsafe(arrivals, { type: "part", peer, part })
    }
  }

  const take = (peer: ClusterPeer, part: ClusterMessage.Part, snapshot: MetricSnapshot | undefined) => {
    const taken = peer.take(part, snapshot)
    if (taken === "lost") aggregator.report("metrics of a worker process cannot be read and are left out")
    return typeof taken === "string" ? undefined : taken
  }

  const receive = Effect.fnUntraced(function*(peer: ClusterPeer, part: ClusterMessage.Part) {
    waiting -= weightOf(part)
    const decoded = yield* Effect.option(JsonFormat.decode(part.document))
    const parts = take(peer, part, Option.getOrUndefined(decoded))
    if (parts === undefined) return
    const source = peer.sourceOf(part.instance)
    yield* aggregator.replace(source, join(parts))
    if (part.isLast) yield* aggregator.remove(source)
    peer.settle(part)
  })

  const leave = (peer: ClusterPeer) =>
    Effect.andThen(Effect.forEach(peer.sources, aggregator.remove, { discard: true }), Effect.sync(() => peer.end()))

  const account = (arrival: Arrival): Effect.Effect<void> => {
    switch (arrival.type) {
      case "part":
        return receive(arrival.peer, arrival.part)
      case "end":
        return leave(arrival.peer)
      case "mark":
        return Effect.asVoid(Deferred.done(arrival.reached, Exit.void))
    }
  }

  yield* Queue.take(arrivals).pipe(
    Effect.flatMap(account),
    Effect.ignoreCause({ log: "Warn", message: "metrics of a worker process could not be added" }),
    Effect.andThen(Effect.yieldNow),
    Effect.forever,
    Effect.forkScoped
  )

  // --- Members ---

  let attached = 0

  const attach = (channel: Channel): () => void => {
    if (members.has(channel) || !channel.connected) return () => {}
    const peer = new ClusterPeer(channel, `${++attached}`)
    const onMessage = (message: unknown) => {
      const ours = ClusterMessage.read(message)
      if (ours === undefined) return
      if (ours === "another version") {
        aggregator.report("worker processes of another version are left out of the metrics")
      } else if (ours.type === "hello") peer.greet(ours.instance)
      else if (ours.type === "part") arrive(peer, ours)
    }
    const detach = () => {
      if (!members.delete(channel)) return
      channel.off("message", onMessage)
      channel.off("disconnect", detach)
      Queue.offerUnsafe(arrivals, { type: "end", peer })
    }
    members.set(channel, { peer, detach })
    channel.on("message", onMessage)
    // Messages always come before "disconnect". They may come after "exit".
    channel.on("disconnect", detach)
    peer.ask()
    return detach
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const { detach } of members.values()) detach()
    })
  )

  // --- Scrapes ---

  const round = Effect.suspend(() => {
    const asked = Array.from(members.values(), ({ peer }) => ({ peer, answer: peer.ask() }))
    const reached = Deferred.makeUnsafe<void>()
    Queue.offerUnsafe(arrivals, { type: "mark", reached })
    const answers = asked.map(({ answer }) => answer === undefined ? Effect.void : Deferred.await(answer))
    return Effect.all([...answers, Deferred.await(reached)], { concurrency: "unbounded", discard: true }).pipe(
      Effect.timeoutOption(options.timeout),
      Effect.andThen(Effect.sync(() => {
        for (const { answer, peer } of asked) if (answer !== undefined) peer.giveUp(answer)
      }))
    )
  })

  let current: Fiber.Fiber<void> | undefined
  const sharedRound = Effect.suspend(() =>
    current !== undefined && current.pollUnsafe() === undefined
      ? Effect.succeed(current)
      // The round goes on for other scrapes if the scrape that began it is interrupted.
      : Effect.tap(Effect.forkIn(round, scope), (fiber) =>
        Effect.sync(() => {
          current = fiber
        }))
  ).pipe(Effect.flatMap(Fiber.await))

  const snapshot = Effect.gen(function*() {
    yield* Effect.all([aggregator.readOwn, sharedRound], { concurrency: "unbounded", discard: true })
    return yield* aggregator.combine(metricsAbout(members.values(), startMillis), options)
  })

  return { snapshot, attach }
})

/** Metrics about the processes. */
const metricsAbout = (members: Iterable<Member>, startMillis: number): ReadonlyArray<NumberData> => {
  const missing = { hung: 0, unknown: 0 }
  let workers = 0
  for (const { peer } of members) {
    workers++
    if (peer.missing !== undefined) missing[peer.missing]++
  }
  const series = { startMillis, exemplars: [] }
  return [
    {
      ...clusterMetrics.workers,
      unit: undefined,
      series: [{ ...series, attributes: {}, value: workers }]
    },
    {
      ...clusterMetrics.missing,
      unit: undefined,
      series: Object.entries(missing).map(([reason, value]) => ({ ...series, attributes: { reason }, value }))
    }
  ]
}

/**
 * What an event costs its publisher: stamping the envelope, finding the route
 * and calling sinks that do nothing.
 */
import * as Effect from "effect/Effect"
import * as Suite from "./support/Suite.ts"

const events = "200000"
const dispatch = (route: string): Suite.Case => ({ file: "router-dispatch.ts", args: [route, events] })
const subscriber: Suite.Case = { file: "router-subscriber.ts", args: ["20000"] }

const handlers = (subscribers: string): Suite.Case => ({ file: "router-handlers.ts", args: [subscribers] })

const count = 7

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.gen(function*() {
  const [measured, everywhere, sampled, ignored, subscribed, one, five] = yield* Suite.rounds(
    [
      dispatch("measured"),
      dispatch("everywhere"),
      dispatch("sampled"),
      dispatch("ignored"),
      subscriber,
      handlers("1"),
      handlers("5")
    ],
    count
  )
  const oneNs = Suite.medianOf(one, "cpuNsPerEvent")
  const fiveNs = Suite.medianOf(five, "cpuNsPerEvent")
  const measuredNs = Suite.medianOf(measured, "nsPerEvent")
  return {
    suite: "router",
    rows: [
      { name: "to metrics alone", medianNs: measuredNs },
      { name: "to metrics, trace and log", medianNs: Suite.medianOf(everywhere, "nsPerEvent") },
      { name: "to metrics, a tenth to trace and log", medianNs: Suite.medianOf(sampled, "nsPerEvent") },
      { name: "to nobody", medianNs: Suite.medianOf(ignored, "nsPerEvent") },
      { name: "to one subscriber's queue", medianNs: Suite.medianOf(subscribed, "nsPerEvent") },
      { name: "handled by one EventSubscriber, CPU", medianNs: oneNs },
      { name: "handled by five EventSubscribers, CPU", medianNs: fiveNs }
    ],
    bars: [
      Suite.atMost("event to a sink of metrics that does nothing, ns", 150, measuredNs),
      Suite.atMost("event handled by one EventSubscriber, ns of CPU", 1500, oneNs),
      Suite.atMost("event handled by five EventSubscribers, ns of CPU", 5000, fiveNs)
    ]
  }
})

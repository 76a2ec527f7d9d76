/**
 * What an event costs its publisher: stamping the envelope, finding the route
 * and calling sinks that do nothing.
 */
import * as Effect from "effect/Effect"
import * as Suite from "./support/Suite.ts"

const events = "200000"
const dispatch = (route: string): Suite.Case => ({ file: "router-dispatch.ts", args: [route, events] })
const subscriber: Suite.Case = { file: "router-subscriber.ts", args: ["20000"] }

const count = 7

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.gen(function*() {
  const [measured, everywhere, sampled, ignored, subscribed] = yield* Suite.rounds(
    [dispatch("measured"), dispatch("everywhere"), dispatch("sampled"), dispatch("ignored"), subscriber],
    count
  )
  const measuredNs = Suite.medianOf(measured, "nsPerEvent")
  return {
    suite: "router",
    rows: [
      { name: "to metrics alone", medianNs: measuredNs },
      { name: "to metrics, trace and log", medianNs: Suite.medianOf(everywhere, "nsPerEvent") },
      { name: "to metrics, a tenth to trace and log", medianNs: Suite.medianOf(sampled, "nsPerEvent") },
      { name: "to nobody", medianNs: Suite.medianOf(ignored, "nsPerEvent") },
      { name: "to one subscriber's queue", medianNs: Suite.medianOf(subscribed, "nsPerEvent") }
    ],
    bars: [Suite.atMost("event to a sink of metrics that does nothing, ns", 150, measuredNs)]
  }
})

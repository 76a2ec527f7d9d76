/**
 * Shows the accounts of a signal as metrics.
 */
import type { SelfStatistics } from "../internal/SelfStatistics.ts"
import { dropReasons, type Ledger } from "./Ledger.ts"

/**
 * Declares the metrics of a signal, whose names begin with `tasker_<noun>_`.
 *
 * **Details**
 *
 * `ended + replayed = exported + sampled_out + pending + dropped` holds at each reading, where `pending` and `dropped`
 * are the sums over their attributes. All series exist from the start, so that a first loss is a rise and no new
 * series.
 */
export const observe = (
  statistics: SelfStatistics["Service"],
  noun: "spans",
  ledger: Ledger,
  queueSize: number
): void => {
  const counter = (name: string, help: string, value: () => number) =>
    statistics.observe({ type: "counter", name: `tasker_${noun}_${name}_total`, help, values: () => ({ "": value() }) })
  counter("ended", `All ${noun} that ended.`, () => ledger.ended)
  counter("exported", `All ${noun} that a receiver accepted.`, () => ledger.exported)
  counter("sampled_out", `Ended ${noun} that a sampler left out.`, () => ledger.sampledOut)
  counter("replayed", `All ${noun} of an earlier process that were sent by this one.`, () => ledger.replayed)
  statistics.observe({
    type: "counter",
    name: `tasker_${noun}_dropped_total`,
    help: `Ended ${noun} that were not delivered.`,
    attribute: "reason",
    values: () => Object.fromEntries(dropReasons.map((reason) => [reason, ledger.dropped[reason] ?? 0]))
  })
  statistics.observe({
    type: "upDownCounter",
    name: `tasker_${noun}_pending`,
    help: `Ended ${noun} whose delivery has not come to its end.`,
    attribute: "state",
    values: () => ({
      undecided: ledger.undecided,
      queued: ledger.queued,
      in_flight: ledger.inFlight,
      spooled: ledger.spooled
    })
  })
  statistics.observe({
    type: "upDownCounter",
    name: `tasker_${noun}_queue_capacity`,
    help: `Number of ${noun} that may be queued.`,
    values: () => ({ "": queueSize })
  })
}

/**
 * Shows the accounts of a signal as metrics.
 */
import type { SelfStatistics } from "../internal/SelfStatistics.ts"
import { dropReasons, type Ledger } from "./Ledger.ts"

/**
 * Declares the metrics of a signal: `tasker_spans_ended_total`, `tasker_log_records_ended_total` and others.
 *
 * **Details**
 *
 * `ended + replayed = exported + sampled_out + pending + dropped` holds at each reading, where `pending` and `dropped`
 * are the sums over their attributes. All series exist from the start, so that a first loss is a rise and no new
 * series.
 */
export const observe = (
  statistics: SelfStatistics["Service"],
  signal: "spans" | "log records",
  ledger: Ledger,
  queueSize: number
): void => {
  const prefix = `tasker_${signal.replace(" ", "_")}`
  const counter = (name: string, help: string, value: () => number) =>
    statistics.observe({ type: "counter", name: `${prefix}_${name}_total`, help, values: () => ({ "": value() }) })
  counter("ended", `All ${signal} that ended.`, () => ledger.ended)
  counter("exported", `All ${signal} that a receiver accepted.`, () => ledger.exported)
  counter("sampled_out", `Ended ${signal} that a sampler left out.`, () => ledger.sampledOut)
  counter(
    "replayed",
    `All ${signal} of an earlier process that this one has read from the spool.`,
    () => ledger.replayed
  )
  statistics.observe({
    type: "counter",
    name: `${prefix}_dropped_total`,
    help: `Ended ${signal} that were not delivered.`,
    attribute: "reason",
    values: () => Object.fromEntries(dropReasons.map((reason) => [reason, ledger.dropped[reason] ?? 0]))
  })
  statistics.observe({
    type: "upDownCounter",
    name: `${prefix}_pending`,
    help: `Ended ${signal} whose delivery has not come to its end.`,
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
    name: `${prefix}_queue_capacity`,
    help: `Number of ${signal} that may be queued.`,
    values: () => ({ "": queueSize })
  })
}

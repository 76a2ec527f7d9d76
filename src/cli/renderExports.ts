/**
 * Shows exports, a synchronisation, and the state of both as text.
 */
import type * as ExportReport from "../http/ExportReport.ts"
import { count, duration, printable, table, text } from "./TextTable.ts"

/** An export to a target, which may have failed. */
export type Export =
  | ExportReport.Exported
  | { readonly outcome: "failed"; readonly target: string; readonly message: string }

/** What `metrics export` shows. */
export const renderExported = (exports: ReadonlyArray<Export>): string =>
  exports.length === 0 ? "The service has no targets." : table(
    "Exports",
    ["TARGET", "OUTCOME", "SERIES", "BYTES", "TIME", "WHY"],
    exports.map((one) => [
      text(one.target),
      text(one.outcome),
      ...(one.outcome === "exported"
        ? [count(one.seriesCount), count(one.bytes), duration(one.durationSeconds), text("")]
        : [none, none, none, text(one.outcome === "skipped" ? whySkipped(one.reason) : one.message)])
    ])
  ).join("\n").trimEnd()

/** The cell of a number that there is not. */
const none = { text: "-", right: true }

const whySkipped = (reason: string): string => reason === "lease_held" ? "another instance exports to it" : reason

/** What `metrics sync` shows. */
export const renderSynced = (synced: ExportReport.Synced): string =>
  synced.outcome === "not_shared"
    ? "The service shares no metrics with other instances."
    : `${synced.outcome}: ${synced.metricsCount} metrics with ${synced.seriesCount} series of all instances (${
      printable(synced.strategy)
    }), ${duration(synced.durationSeconds).text}`

/** What `metrics status` shows. */
export const renderStatus = ({ formats, instances, lock, targets }: ExportReport.Status): string =>
  [
    ...(targets.length === 0 ? ["No targets.", ""] : table(
      "Targets",
      ["TARGET", "FORMAT", "STATE", "EXPORTS", "FAILURES", "SKIPPED", "LAST SUCCESS", "LAST FAILURE", "NEXT EXPORT"],
      targets.map((target) => [
        text(target.name),
        text(target.format),
        text(target.state),
        count(target.exports),
        count(target.failures),
        count(target.skipped),
        text(target.lastSuccess ?? "-"),
        text(target.lastFailure?.message ?? "-"),
        text(target.timing === undefined ? "-" : `${target.timing.export}, ${target.timing.reason}`)
      ])
    )),
    ...(instances === undefined ? ["Instances: none, the program shares no metrics."] : [
      `Instances: ${instances.strategy}, ${instances.state}; ${printable(instances.reason)}`,
      ...(instances.problem === null ? [] : [`  ${printable(instances.problem)}`]),
      ...instances.instances.map(({ id, written }) => `  ${printable(id)}, last written ${printable(written)}`)
    ]),
    lock === undefined
      ? "Leases: none, each instance exports."
      : `Leases: ${lock.strategy}; ${printable(lock.reason)}`,
    `Formats: ${Object.keys(formats).toSorted().map(printable).join(", ")}`
  ].join("\n").trimEnd()

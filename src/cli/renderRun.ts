/**
 * Shows what one run waits for as text, and the critical path of an ended run.
 */
import type * as AnalyticsReport from "../http/AnalyticsReport.ts"
import { duration, durationText, printable, table, text } from "./TextTable.ts"

/** Gives the whole output. */
export const renderRun = (run: AnalyticsReport.Run): string =>
  [
    printable(`${run.taskName} ${run.version}, run ${run.runId}: ${run.state}`) +
    (run.errorType === undefined ? "" : ` with ${printable(run.errorType)}`) +
    (run.waits[0]?._tag === "Ended"
      ? `, took ${durationText(run.ageSeconds)}`
      : `, created ${durationText(run.ageSeconds)} ago`),
    printable(run.sentence),
    "",
    ...ids(run),
    ...waits(run),
    ...path(run)
  ].join("\n").trimEnd()

const ids = ({ correlationId, instance, traceId }: AnalyticsReport.Run): ReadonlyArray<string> => {
  const known = [["correlation id", correlationId], ["trace", traceId], ["instance", instance]] as const
  const lines = known.flatMap(([name, id]) => id === undefined ? [] : [`${name}: ${printable(id)}`])
  return lines.length === 0 ? [] : [...lines, ""]
}

type Wait = AnalyticsReport.Run["waits"][number]

const waits = ({ waits }: AnalyticsReport.Run) =>
  table(
    "What it waits for, the most important first",
    ["STEP", "FOR", "SINCE", "DETAILS"],
    waits.filter(({ _tag }) => _tag !== "Ended").map((wait) => {
      const { details = "", since, what } = describe(wait)
      return [
        text("stepName" in wait ? wait.stepName : "-"),
        text(what),
        text(since === undefined ? "-" : durationText(since)),
        text(details)
      ]
    })
  )

interface Described {
  readonly what: string
  readonly since?: number
  readonly details?: string
}

const describe = (wait: Wait): Described => {
  switch (wait._tag) {
    case "DeadRunner":
      return {
        what: wait.hasEnded ? "a runner that has ended" : "a runner that is silent",
        since: wait.silentSeconds,
        details: `${wait.instance === undefined ? "" : `${wait.instance}, `}last seen at ${wait.since}`
      }
    case "Elsewhere":
      return {
        what: wait.silentSeconds === undefined ? "another process" : "another process, which lives",
        since: wait.quietSeconds,
        details: wait.instance ?? ""
      }
    case "Work":
      return { what: "its work", since: wait.seconds, details: `attempt ${wait.attempt}` }
    case "Lock":
      return {
        what: "a lock",
        since: wait.seconds,
        details: wait.lock + (wait.heldBy.length === 0 ? "" : `, held by ${wait.heldBy.join(", ")}`)
      }
    case "Backoff":
      return {
        what: "its next attempt",
        details: `${durationText(wait.remainingSeconds)} left, until ${wait.until}` +
          (wait.errorType === undefined ? "" : `, after ${wait.errorType}`)
      }
    case "Slot":
      return { what: "a slot", since: wait.seconds, details: `held by ${wait.heldBy.join(", ")}` }
    case "Start":
      return { what: "its start", since: wait.seconds }
    case "Dependency":
      return { what: "other steps", details: wait.on.join(", ") }
    case "Failed":
      return { what: "nothing: it can never start", details: `failed: ${wait.on.join(", ")}` }
    case "Created":
      return { what: "the start of the run", since: wait.seconds }
    case "Ended":
    case "End":
      return { what: "the end of the run" }
    case "Nothing":
      return { what: "nothing: the run is stuck", since: wait.seconds }
  }
}

const path = ({ criticalPath }: AnalyticsReport.Run): ReadonlyArray<string> =>
  criticalPath === undefined ? [] : [
    `Critical path: ${printable(criticalPath.path.join(" → "))}`,
    "",
    ...table(
      "Where the time went",
      ["STEP", "ON THE PATH", "WORK", "QUEUE", "RETRY", "BACK-OFF", "SLACK"],
      criticalPath.steps.map((step) => [
        text(step.name),
        text(step.critical ? "yes" : ""),
        duration(step.workSeconds),
        duration(step.queueSeconds),
        duration(step.retrySeconds),
        duration(step.backoffSeconds),
        duration(step.slackSeconds)
      ])
    )
  ]

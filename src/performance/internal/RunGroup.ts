/**
 * The ended runs of one version of a task, with their analyses.
 */
import * as CriticalPath from "../CriticalPath.ts"
import type { RunRecord } from "../RunRecord.ts"

export interface AnalysedRun {
  readonly run: RunRecord
  readonly path: CriticalPath.CriticalPath
}

export interface RunGroup {
  readonly taskName: string
  readonly version: string
  /** Every ended run. */
  readonly runs: ReadonlyArray<RunRecord>
  readonly completed: ReadonlyArray<AnalysedRun>
  /** Sum of the makespans of the completed runs. */
  readonly makespanSeconds: number
}

export const groupRuns = (runs: ReadonlyArray<RunRecord>): ReadonlyArray<RunGroup> =>
  [...Map.groupBy(runs, ({ taskName, version }) => JSON.stringify([taskName, version])).values()].map((ofGroup) => {
    const completed = ofGroup.filter(({ state }) => state === "complete")
      .map((run): AnalysedRun => ({ run, path: CriticalPath.analyze(run) }))
    const first = ofGroup[0] as RunRecord
    return {
      taskName: first.taskName,
      version: first.version,
      runs: ofGroup,
      completed,
      makespanSeconds: completed.reduce((sum, { path }) => sum + path.makespanSeconds, 0)
    }
  })

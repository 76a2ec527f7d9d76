/**
 * The ended runs of one version of a task, with their analyses.
 */
import type * as TimeSlice from "../../internal/TimeSlice.ts"
import * as CriticalPath from "../CriticalPath.ts"
import * as ImpactScore from "../ImpactScore.ts"
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
  /** The steps of the completed runs by their names. */
  readonly steps: ReadonlyMap<string, ReadonlyArray<CriticalPath.StepOnPath>>
  /** The scores of the steps of every ended run. */
  readonly impacts: ReadonlyArray<ReadonlyArray<ImpactScore.StepImpact>>
}

/** Groups runs by task and version, and analyses each. */
export function* groupRuns(
  runs: ReadonlyArray<RunRecord>,
  weights: Partial<ImpactScore.Weights> = {}
): TimeSlice.Work<ReadonlyArray<RunGroup>> {
  const groups: Array<RunGroup> = []
  const byVersion = Map.groupBy(runs, ({ taskName, version }) => JSON.stringify([taskName, version]))
  for (const ofVersion of byVersion.values()) groups.push(yield* groupOf(ofVersion, weights))
  return groups
}

function* groupOf(
  runs: ReadonlyArray<RunRecord>,
  weights: Partial<ImpactScore.Weights>
): TimeSlice.Work<RunGroup> {
  const completed: Array<AnalysedRun> = []
  const steps = new Map<string, Array<CriticalPath.StepOnPath>>()
  const impacts: Array<ReadonlyArray<ImpactScore.StepImpact>> = []
  let makespanSeconds = 0
  for (const run of runs) {
    impacts.push(yield* ImpactScore.work(run, weights))
    yield
    if (run.state !== "complete") continue
    const path = yield* CriticalPath.work(run)
    completed.push({ run, path })
    makespanSeconds += path.makespanSeconds
    for (const step of path.steps) {
      const known = steps.get(step.name)
      if (known === undefined) steps.set(step.name, [step])
      else known.push(step)
    }
    yield
  }
  const { taskName, version } = runs[0] as RunRecord
  return { taskName, version, runs, completed, makespanSeconds, steps, impacts }
}

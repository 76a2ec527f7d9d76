/**
 * Computes where the time of a run went: per step, on the critical path, in SQL.
 */
import { Conventions } from "tasker-telemetry"
import type { TaskSnapshot } from "tasker-telemetry/workflow/TaskStore"
import type { SpanData } from "./Recorder.ts"

const { Attribute, SpanName } = Conventions

export interface StepTime {
  readonly name: string
  readonly state: string
  readonly attempts: number
  readonly queueMs: number
  readonly workMs: number
  readonly backoffMs: number
  /** Whether the run would have ended earlier if this step had been faster. */
  readonly critical: boolean
}

export interface TimeSpent {
  readonly totalMs: number
  readonly steps: ReadonlyArray<StepTime>
  /** Steps of the critical path, in the order in which they ran. */
  readonly criticalPath: ReadonlyArray<string>
  /** Work and back-off of the steps on the critical path. The loop takes the rest of the time. */
  readonly criticalMs: number
  readonly sql: { readonly statements: number; readonly ms: number }
}

const toMs = (seconds: number) => seconds * 1000

/** Gives the end of the last attempt of each step. Spans are exact. Without spans, the record is used. */
const endsOf = (task: TaskSnapshot, spans: ReadonlyArray<SpanData>): ReadonlyMap<string, bigint> => {
  const ends = new Map<string, bigint>()
  for (const { endedAt, name } of task.steps) {
    if (endedAt !== undefined) ends.set(name, BigInt(Math.round(endedAt * 1e6)))
  }
  const exact = new Map<string, bigint>()
  for (const span of spans) {
    if (span.name !== SpanName.step) continue
    const name = String(span.attributes.get(Attribute.stepName))
    const known = exact.get(name)
    if (known === undefined || span.endTimeNanos > known) exact.set(name, span.endTimeNanos)
  }
  return exact.size > 0 ? exact : ends
}

/** Goes back from the step that ended last, each time to the dependency that ended last. */
const criticalPathOf = (task: TaskSnapshot, ends: ReadonlyMap<string, bigint>): ReadonlyArray<string> => {
  const dependencies = new Map(task.steps.map((step) => [step.name, step.dependsOn]))
  const last = (names: ReadonlyArray<string>) =>
    names.filter((name) => ends.has(name)).reduce<string | undefined>(
      (latest, name) => latest === undefined || ends.get(name)! > ends.get(latest)! ? name : latest,
      undefined
    )
  const path: Array<string> = []
  for (let name = last([...ends.keys()]); name !== undefined; name = last(dependencies.get(name) ?? [])) {
    path.unshift(name)
  }
  return path
}

export const timeSpent = (task: TaskSnapshot, spans: ReadonlyArray<SpanData>): TimeSpent => {
  const criticalPath = criticalPathOf(task, endsOf(task, spans))
  const steps = task.steps.map((step): StepTime => ({
    name: step.name,
    state: step.state,
    attempts: step.attempts,
    queueMs: toMs(step.queueSeconds),
    workMs: toMs(step.workSeconds),
    backoffMs: toMs(step.backoffSeconds),
    critical: criticalPath.includes(step.name)
  }))
  const statements = spans.filter((span) => span.attributes.has("db.query.text"))
  return {
    totalMs: toMs(task.durationSeconds ?? 0),
    steps,
    criticalPath,
    criticalMs: steps.reduce((sum, step) => step.critical ? sum + step.workMs + step.backoffMs : sum, 0),
    sql: {
      statements: statements.length,
      ms: statements.reduce((sum, span) => sum + Number(span.endTimeNanos - span.startTimeNanos) / 1e6, 0)
    }
  }
}

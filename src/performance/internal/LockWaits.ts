/**
 * Knows which steps wait for a lock now. Monitors that know locks are its sources, and a program can tell of its own
 * ones.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { WorkflowContext } from "../../Correlation.ts"
import type { LockWait } from "../Why.ts"

/** A wait of a step, from an instant of the monotonic clock on. */
export interface Waiting {
  readonly workflow: WorkflowContext
  readonly lock: string
  readonly sinceNanos: bigint
  readonly heldBy: ReadonlyArray<string>
}

/** Gives the waits of the steps of a run. */
export type Source = (taskId: string) => Effect.Effect<ReadonlyArray<Waiting>>

/** The most waits that programs tell of at the same time. Further ones are not known. */
const mostTold = 10_000

export class LockWaits {
  private readonly sources = new Set<Source>()
  private readonly told = new Map<string, Set<Waiting>>()
  private count = 0

  /** Adds a source until the given function is called. */
  addSource(source: Source): () => void {
    this.sources.add(source)
    return () => void this.sources.delete(source)
  }

  /** Adds a wait until the given function is called. */
  add(waiting: Waiting): () => void {
    if (this.count >= mostTold) return () => {}
    const { taskId } = waiting.workflow
    const ofRun = this.told.get(taskId) ?? new Set()
    this.told.set(taskId, ofRun)
    ofRun.add(waiting)
    this.count++
    return () => {
      if (!ofRun.delete(waiting)) return
      this.count--
      if (ofRun.size === 0) this.told.delete(taskId)
    }
  }

  /** The locks that steps of a run wait for, one for each step: the one that it has waited for the longest. */
  of(taskId: string): Effect.Effect<ReadonlyArray<LockWait>> {
    return Effect.gen({ self: this }, function*() {
      const found = yield* Effect.forEach(this.sources, (source) => source(taskId), { concurrency: "unbounded" })
      return longestOf([...this.told.get(taskId) ?? [], ...found.flat()], yield* Clock.monotonicTimeNanos)
    })
  }
}

const longestOf = (all: ReadonlyArray<Waiting>, nowNanos: bigint): ReadonlyArray<LockWait> => {
  const longest = new Map<string, Waiting>()
  for (const waiting of all) {
    const { stepName } = waiting.workflow
    if (stepName === undefined) continue
    const known = longest.get(stepName)
    if (known === undefined || waiting.sinceNanos < known.sinceNanos) longest.set(stepName, waiting)
  }
  return Array.from(longest, ([stepName, { heldBy, lock, sinceNanos }]) => ({
    stepName,
    lock,
    seconds: Math.max(0, Number(nowNanos - sinceNanos) / 1e9),
    heldBy
  }))
}

/** The waits that `RunRecords` looks at; `undefined` where no runs are recorded. */
export const Current: Context.Reference<LockWaits | undefined> = Context.Reference<LockWaits | undefined>(
  "tasker-telemetry/performance/internal/LockWaits/Current",
  { defaultValue: () => undefined }
)

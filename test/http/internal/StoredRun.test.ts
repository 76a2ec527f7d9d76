import { assert, describe, it } from "@effect/vitest"
import * as StoredRun from "../../../src/http/internal/StoredRun.ts"
import * as Why from "../../../src/performance/Why.ts"
import type * as TaskStore from "../../../src/workflow/TaskStore.ts"

const start = 1_000_000

const step = (name: string, change: Partial<TaskStore.StepRecord> = {}): TaskStore.StepRecord => ({
  id: `t-1/${name}`,
  name,
  dependsOn: [],
  state: "pending",
  attempts: 0,
  maximumAttempts: 3,
  queueSeconds: 0,
  workSeconds: 0,
  backoffSeconds: 0,
  startedAt: undefined,
  endedAt: undefined,
  nextAttemptAt: undefined,
  error: undefined,
  ...change
})

const stored = (
  steps: ReadonlyArray<TaskStore.StepRecord>,
  change: Partial<TaskStore.TaskSnapshot> = {}
): TaskStore.TaskSnapshot => ({
  id: "t-1",
  name: "order",
  namespace: "shop",
  version: "1.0.0",
  correlationId: "c-1",
  state: "in_progress",
  createdAt: start,
  startedAt: start + 1000,
  endedAt: undefined,
  durationSeconds: undefined,
  error: undefined,
  steps,
  ...change
})

const done = { state: "complete", attempts: 1, startedAt: start + 1000, endedAt: start + 4000 } as const
const error = { type: "Busy", message: "no" }

/** What the run waits for, so many seconds after its creation. */
const waits = (snapshot: Parameters<typeof StoredRun.recordOf>[0], seconds: number) => {
  const run = StoredRun.recordOf(snapshot)
  return Why.explain(run, StoredRun.surroundingsOf(run, start + seconds * 1000, true)).waits
}

describe("A stored run", () => {
  it("waits for what its steps do", () => {
    const steps = [
      step("load", done),
      step("charge", { dependsOn: ["load"], state: "in_progress", attempts: 2, startedAt: start + 6000 }),
      step("mail", { dependsOn: ["charge"] })
    ]
    assert.deepStrictEqual(waits({ ...stored(steps), instance: "i-4" }, 26), [
      { _tag: "Elsewhere", instance: "i-4", quietSeconds: 20 },
      { _tag: "Work", stepName: "charge", attempt: 2, seconds: 20 },
      { _tag: "Dependency", stepName: "mail", on: ["charge"] }
    ])
  })

  it("waits for a back-off until the time that the store has, and its runner is dead a minute later", () => {
    const steps = [step("charge", {
      state: "error",
      attempts: 1,
      startedAt: start + 1000,
      endedAt: start + 4000,
      nextAttemptAt: start + 30_000,
      error
    })]
    assert.deepStrictEqual(waits(stored(steps), 10), [
      { _tag: "Elsewhere", instance: undefined, quietSeconds: 6 },
      { _tag: "Backoff", stepName: "charge", errorType: "Busy", remainingSeconds: 20, until: start + 30_000 }
    ])
    assert.deepStrictEqual(waits(stored(steps), 90), [
      { _tag: "DeadRunner", instance: undefined, hasEnded: false, silentSeconds: 86, since: start + 4000 }
    ])
  })

  it("waits for its start until the time that the store has, and its runner is dead a minute later", () => {
    const waiting = stored([step("charge")], {
      state: "pending",
      startedAt: undefined,
      scheduledFor: start + 600_000,
      instance: "i-4"
    })
    assert.deepStrictEqual(waits(waiting, 500), [{ _tag: "Created", seconds: 500 }])
    assert.deepStrictEqual(waits(waiting, 610), [
      { _tag: "Elsewhere", instance: "i-4", quietSeconds: 10 },
      { _tag: "Created", seconds: 610 }
    ])
    assert.strictEqual(waits(waiting, 660)[0]?._tag, "DeadRunner")
  })

  it("has steps that are ready, and wait for a slot where the store has the limit", () => {
    const steps = [
      step("load", done),
      step("long", { state: "in_progress", attempts: 1, startedAt: start + 1000 }),
      step("charge", { dependsOn: ["load"] })
    ]
    assert.deepStrictEqual(waits(stored(steps), 9)[2], { _tag: "Start", stepName: "charge", seconds: 5 })
    assert.deepStrictEqual(waits({ ...stored(steps), concurrency: 1 }, 9)[2], {
      _tag: "Slot",
      stepName: "charge",
      seconds: 5,
      heldBy: ["long"]
    })
  })

  it("is stuck behind a step that failed for good", () => {
    const steps = [
      step("charge", { state: "error", attempts: 3, startedAt: start + 1000, endedAt: start + 4000, error }),
      step("mail", { dependsOn: ["charge"] })
    ]
    const run = StoredRun.recordOf(stored(steps))
    assert.deepInclude(run.steps[0], { failedForGood: true, exhausted: true, settledAt: 4 })
    assert.deepStrictEqual(waits(stored(steps), 20).slice(1), [
      { _tag: "Nothing", seconds: 16 },
      { _tag: "Failed", stepName: "mail", on: ["charge"] }
    ])
  })

  it("keeps its duration, its tags and its steps without attempts when it has ended", () => {
    const run = StoredRun.recordOf(
      stored([step("load", done), step("skipped", { state: "complete", endedAt: start + 2000 })], {
        state: "complete",
        endedAt: start + 4000,
        durationSeconds: 3.9,
        tags: { region: "eu" }
      })
    )
    assert.deepInclude(run, { state: "complete", endedAt: 3.9, tags: { region: "eu" }, startedAt: 1, changedAt: 4 })
    assert.deepStrictEqual(run.steps.map(({ attempts, skipped }) => [attempts.length, skipped]), [[1, false], [
      0,
      true
    ]])
    assert.deepStrictEqual(waits(stored([], { state: "complete", endedAt: start }), 5), [
      { _tag: "Ended", state: "complete" }
    ])
  })
})

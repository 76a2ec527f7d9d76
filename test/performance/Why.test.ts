import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Schema } from "effect"
import type { RunRecord } from "../../src/performance/RunRecord.ts"
import * as RunRecords from "../../src/performance/RunRecords.ts"
import * as Why from "../../src/performance/Why.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as StepError from "../../src/workflow/StepError.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import { layer } from "../support/randomTasks.ts"
import * as recorder from "../support/recorder.ts"
import { attempt, run, step } from "../support/runRecords.ts"

const tags = (why: Why.Why) => why.waits.map(({ _tag }) => _tag)

const fetch = Step.make("fetch", { run: () => Effect.sleep("10 seconds") })
const charge = Step.make("charge", {
  dependsOn: [fetch],
  retry: { maximumAttempts: 3, delays: ["40 seconds"] },
  run: ({ attempt }) =>
    attempt === 1 ? Effect.fail(new StepError.RetryableError({ message: "busy" })) : Effect.sleep("5 seconds")
})
const Order = Task.make("order", {
  input: Schema.Void,
  steps: [fetch, charge, Step.make("mail", { dependsOn: [charge], run: () => Effect.void })]
})

describe("Why", () => {
  it.effect("follows a run through its waits", () =>
    Effect.gen(function*() {
      const records = yield* RunRecords.RunRecords
      const { fiber, taskId } = yield* TaskRunner.start(Order, undefined)
      const why = Effect.gen(function*() {
        const record = Option.getOrThrow(yield* records.get(taskId))
        return Why.explain(record, { now: Option.getOrUndefined(yield* records.age(taskId)) })
      })
      yield* recorder.advance("4 seconds")
      const working = yield* why
      assert.deepStrictEqual(working.waits, [
        { _tag: "Work", stepName: "fetch", attempt: 1, seconds: 4 },
        { _tag: "Dependency", stepName: "charge", on: ["fetch"] },
        { _tag: "Dependency", stepName: "mail", on: ["charge"] }
      ])
      assert.strictEqual(working.sentence, "Step \"fetch\" has run for 4 s; 2 steps wait behind.")
      yield* recorder.advance("16 seconds")
      const backingOff = yield* why
      assert.deepStrictEqual(backingOff.waits[0], {
        _tag: "Backoff",
        stepName: "charge",
        errorType: "RetryableError",
        remainingSeconds: 30,
        until: 50_000
      })
      assert.strictEqual(
        backingOff.sentence,
        "Step \"charge\" failed with RetryableError and is tried again in 30 s, at 1970-01-01T00:00:50.000Z; " +
          "1 step waits behind."
      )
      yield* recorder.advance("31 seconds")
      assert.deepStrictEqual((yield* why).waits[0], { _tag: "Work", stepName: "charge", attempt: 2, seconds: 1 })
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* why).sentence, "The run has ended in the state complete and waits for nothing.")
    }).pipe(Effect.provide(layer(12))))

  it.effect("names the steps that hold the slots", () =>
    Effect.gen(function*() {
      const records = yield* RunRecords.RunRecords
      const step = (name: string) => Step.make(name, { run: () => Effect.sleep("10 seconds") })
      const task = Task.make("t", { input: Schema.Void, steps: [step("a"), step("b"), step("c"), step("d")] })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("3 seconds")
      const why = Why.explain(Option.getOrThrow(yield* records.get(taskId)), { now: 3 })
      assert.deepStrictEqual(tags(why), ["Work", "Work", "Slot", "Slot"])
      assert.deepStrictEqual(why.waits[2], { _tag: "Slot", stepName: "c", seconds: 3, heldBy: ["a", "b"] })
      assert.strictEqual(why.sentence, "Step \"a\" has run for 3 s; 3 other steps run or wait, too.")
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
    }).pipe(Effect.provide(layer(2))))

  it("takes a process without a sign of life for the reason", () => {
    const unfinished = run({
      state: "in_progress",
      endedAt: undefined,
      instance: "i-4",
      steps: [step("a", [attempt(0, undefined)])]
    })
    assert.deepStrictEqual(tags(Why.explain(unfinished, { silentSeconds: 59 })), ["Work"])
    const why = Why.explain(unfinished, { silentSeconds: 300 })
    assert.deepStrictEqual(why.waits, [
      {
        _tag: "DeadRunner",
        instance: "i-4",
        hasEnded: false,
        silentSeconds: 300,
        since: unfinished.createdAt - 290_000
      }
    ])
    const since = new Date(unfinished.createdAt - 290_000).toISOString()
    assert.strictEqual(
      why.sentence,
      `The runner (i-4) gave no sign of life for 5 min, since ${since}, so nothing runs the run.`
    )
    assert.deepStrictEqual(tags(Why.explain(unfinished, { silentSeconds: 6, deadAfterSeconds: 5 })), ["DeadRunner"])
  })

  it("takes a runner that has ended for the reason, however short ago that was", () => {
    const why = Why.explain(run({ state: "in_progress", endedAt: undefined }), { runnerEnded: true, silentSeconds: 3 })
    assert.deepStrictEqual(why.waits, [
      { _tag: "DeadRunner", instance: undefined, hasEnded: true, silentSeconds: 3, since: run().createdAt + 7000 }
    ])
    assert.strictEqual(why.sentence, "The runner has ended, but the run has not: its last sign of life is 3 s old.")
  })

  describe("of a run of another process", () => {
    const other = (steps: ReadonlyArray<RunRecord["steps"][number]>, change: Partial<RunRecord> = {}) =>
      run({ state: "in_progress", endedAt: undefined, changedAt: 10, instance: "i-4", steps, ...change })
    const explain = (record: RunRecord, now: number) => Why.explain(record, { now, elsewhere: true })

    it("says what the record says, and how old that is", () => {
      const why = explain(other([step("a", [attempt(4, undefined)])]), 310)
      assert.deepStrictEqual(why.waits, [
        { _tag: "Elsewhere", instance: "i-4", quietSeconds: 300 },
        { _tag: "Work", stepName: "a", attempt: 1, seconds: 306 }
      ])
      assert.strictEqual(
        why.sentence,
        "This process does not run it, i-4 does or did, and its record has not changed for 5 min. By the record: " +
          "Step \"a\" has run for 5 min."
      )
    })

    it("takes the runner for dead once something is due for a minute and has not started", () => {
      const backingOff = other([
        step("a", [attempt(0, 10, { state: "error", errorType: "Busy" })], { settledAt: undefined, backoffUntil: 40 })
      ])
      assert.deepStrictEqual(tags(explain(backingOff, 99)), ["Elsewhere", "Backoff"])
      assert.deepStrictEqual(explain(backingOff, 100).waits, [
        {
          _tag: "DeadRunner",
          instance: "i-4",
          hasEnded: false,
          silentSeconds: 90,
          since: backingOff.createdAt + 10_000
        }
      ])
      const ready = other([step("a", [attempt(0, 10)]), step("b", [], { dependsOn: ["a"], readyAt: 10 })])
      assert.deepStrictEqual(tags(explain(ready, 69)), ["Elsewhere", "Start"])
      assert.deepStrictEqual(tags(explain(ready, 70)), ["DeadRunner"])
      const created = other([], { state: "pending", startedAt: undefined, changedAt: 0 })
      assert.deepStrictEqual(tags(explain(created, 59)), ["Elsewhere", "Created"])
      assert.deepStrictEqual(tags(explain(created, 60)), ["DeadRunner"])
      assert.deepStrictEqual(
        tags(Why.explain(ready, { now: 16, elsewhere: true, deadAfterSeconds: 5 })),
        ["DeadRunner"]
      )
    })

    it("believes a heartbeat more than the record", () => {
      const ready = other([step("b", [], { readyAt: 10 })])
      assert.deepStrictEqual(tags(Why.explain(ready, { now: 16, elsewhere: true, silentSeconds: 61 })), ["DeadRunner"])
      const why = Why.explain(ready, { now: 300, elsewhere: true, silentSeconds: 4 })
      assert.deepStrictEqual(why.waits[0], {
        _tag: "Elsewhere",
        instance: "i-4",
        quietSeconds: 290,
        silentSeconds: 4
      })
      assert.strictEqual(
        why.sentence,
        "i-4 runs it, and gave a sign of life 4 s ago. By the record: " +
          "Step \"b\" has been ready for 5 min and starts in a moment."
      )
    })

    it("names the process of the heartbeat where the record names none, and takes a time that is none", () => {
      const ready = other([], { instance: undefined })
      const why = Why.explain(ready, { now: 16, elsewhere: true, silentSeconds: Infinity, instance: "i-5" })
      assert.strictEqual(
        why.sentence,
        "The runner (i-5) gave no sign of life for Infinity min, since an unknown time, so nothing runs the run."
      )
    })

    it("has nothing to add once the run has ended", () => {
      assert.deepStrictEqual(tags(explain(run(), 1000)), ["Ended"])
    })
  })

  it("does not ask for the runner of a run that has ended", () => {
    assert.deepStrictEqual(tags(Why.explain(run(), { runnerEnded: true, silentSeconds: 1000 })), ["Ended"])
  })

  it("puts a lock before anything else that goes on, with what holds it", () => {
    const unfinished = run({
      state: "in_progress",
      endedAt: undefined,
      steps: [step("a", [attempt(0, undefined)]), step("b", [attempt(2, undefined)])]
    })
    const why = (wait: Omit<Why.LockWait, "stepName">) =>
      Why.explain(unfinished, { now: 7, locks: [{ stepName: "b", ...wait }, { stepName: "gone", lock: "x" }] })
    const known = why({ lock: "a connection to shop", seconds: 4, heldBy: ["step \"a\"", "step \"x\" of run t-7"] })
    assert.deepStrictEqual(tags(known), ["Lock", "Work"])
    assert.deepStrictEqual(known.waits[0], {
      _tag: "Lock",
      stepName: "b",
      lock: "a connection to shop",
      seconds: 4,
      heldBy: ["step \"a\"", "step \"x\" of run t-7"]
    })
    assert.strictEqual(
      known.sentence,
      "Step \"b\" has waited for 4 s for a connection to shop, held by step \"a\", step \"x\" of run t-7; " +
        "1 other step runs or waits, too."
    )
    assert.match(why({ lock: "orders" }).sentence, /^Step "b" has waited for 5 s for orders; /)
  })

  it("says that a run is stuck, once nothing has gone on for a while", () => {
    const stuck = run({
      state: "in_progress",
      endedAt: undefined,
      steps: [
        step("a", [attempt(0, 2, { state: "error" })], { failedForGood: true }),
        step("b", [], { dependsOn: ["a"] })
      ]
    })
    assert.deepStrictEqual(tags(Why.explain(stuck, { now: 11 })), ["End", "Failed"])
    const why = Why.explain(stuck, { now: 40 })
    assert.deepStrictEqual(why.waits, [
      { _tag: "Nothing", seconds: 30 },
      { _tag: "Failed", stepName: "b", on: ["a"] }
    ])
    assert.strictEqual(
      why.sentence,
      "Nothing has run and nothing has been due for 30 s: the run is stuck; 1 step waits behind."
    )
  })

  it("tells a run that has not started, and a step that starts in a moment", () => {
    const created = run({ state: "pending", startedAt: undefined, endedAt: undefined, changedAt: 0 })
    assert.strictEqual(
      Why.explain(created, { now: 8 }).sentence,
      "The run was created 8 s ago and has not started."
    )
    const ready = run({ state: "in_progress", endedAt: undefined, steps: [step("a", [], { readyAt: 9 })] })
    assert.strictEqual(Why.explain(ready).sentence, "Step \"a\" has been ready for 1 s and starts in a moment.")
  })
})

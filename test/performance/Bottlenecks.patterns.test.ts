/**
 * What a report says about patterns of SQL: findings with their runs, and recommendations with what they gain.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Bottlenecks from "../../src/performance/Bottlenecks.ts"
import type { AttemptRecord, QueryPattern, RunRecord } from "../../src/performance/RunRecord.ts"
import { type Node, recordOf } from "../support/randomTasks.ts"
import { attempt, run, step } from "../support/runRecords.ts"

const pattern = (change: Partial<QueryPattern> = {}): QueryPattern => ({
  kind: "repeated_query",
  summary: "SELECT orders",
  count: 40,
  totalSeconds: 4,
  elapsedSeconds: 4,
  ...change
})

/** Runs of ten seconds: `load` works for six, `mail` for four behind it. */
const runs = (
  change: (index: number) => Partial<AttemptRecord>,
  ofMail: (index: number) => Partial<AttemptRecord> = () => ({})
): ReadonlyArray<RunRecord> =>
  Array.from({ length: 20 }, (_, index) =>
    run({
      id: `t-${index}`,
      steps: [
        step("load", [attempt(0, 6, change(index))]),
        step("mail", [attempt(6, 10, ofMail(index))], { dependsOn: ["load"] })
      ]
    }))

const found = (records: ReadonlyArray<RunRecord>, kind: Bottlenecks.Recommendation["kind"]) =>
  Bottlenecks.analyze(records).recommendations.find((recommendation) => recommendation.kind === kind)

describe("one statement many times", () => {
  it("is a finding of its step, with the runs that it cost most", () => {
    const { patterns } = Bottlenecks.analyze(
      runs((index) => index < 6 ? { patterns: [pattern({ count: 40 + index, totalSeconds: index })] } : {})
    )
    assert.strictEqual(patterns.length, 1)
    assert.deepInclude(patterns[0], {
      taskName: "order",
      version: "1.0.0",
      stepName: "load",
      kind: "repeated_query",
      summary: "SELECT orders",
      attempts: 6,
      runs: 6,
      totalSeconds: 15,
      runIds: ["t-5", "t-4", "t-3", "t-2", "t-1"]
    })
    assert.deepInclude(patterns[0]?.count, { p50: 42, maximum: 45 })
  })

  it("is worth the time of all of them but one, where the step is on the critical path", () => {
    const every = found(runs(() => ({ patterns: [pattern()] })), "one_query")
    assert.approximately(every?.gainSeconds ?? 0, 4 * 39 / 40, 1e-9)
    assert.deepInclude(every?.evidence.numbers, { patternShare: 1, patternRuns: 20, countP50: 40, totalSeconds: 80 })
    assert.strictEqual(
      every?.text,
      "Let step \"load\" of order 1.0.0 ask once in place of 40 times (\"SELECT orders\"): a run then takes 3.9 s less " +
        "(39 %). It asks 40 times (p95 40) in 100 % of 20 runs."
    )
    const half = found(runs((index) => index % 2 === 0 ? { patterns: [pattern()] } : {}), "one_query")
    assert.approximately(half?.gainSeconds ?? 0, 2 * 39 / 40, 1e-9)
    assert.isTrue(half?.evidence.runIds.every((id) => Number(id.slice(2)) % 2 === 0))
  })

  it("is worth nothing beside the critical path", () => {
    const records = Array.from({ length: 20 }, (_, index) =>
      run({
        id: `t-${index}`,
        steps: [step("long", [attempt(0, 10)]), step("side", [attempt(0, 5, { patterns: [pattern()] })])]
      }))
    assert.isUndefined(found(records, "one_query"))
    assert.strictEqual(Bottlenecks.analyze(records).patterns[0]?.stepName, "side")
  })

  it("counts statements at the same time once, and no more than the work of the attempt", () => {
    const together = found(runs(() => ({ patterns: [pattern({ totalSeconds: 40, elapsedSeconds: 1 })] })), "one_query")
    assert.approximately(together?.gainSeconds ?? 0, 39 / 40, 1e-9)
    const more = found(runs(() => ({ patterns: [pattern({ totalSeconds: 90, elapsedSeconds: 90 })] })), "one_query")
    assert.approximately(more?.gainSeconds ?? 0, 6, 1e-9)
  })

  it("is found in runs that failed and in attempts that were repeated", () => {
    const failed = run({
      id: "failed",
      state: "error",
      steps: [step("load", [
        attempt(0, 1, { state: "error", patterns: [pattern()] }),
        attempt(2, 3, { number: 2, state: "error", patterns: [pattern()] })
      ])]
    })
    assert.deepInclude(Bottlenecks.analyze([failed]).patterns[0], { attempts: 2, runs: 1, totalSeconds: 8 })
  })

  it.effect("gains what runs really gain without the time of the statements", () =>
    Effect.gen(function*() {
      const nodes = (millis: number): ReadonlyArray<Node> => [
        { name: "load", millis, failures: 0, needs: [] },
        { name: "other", millis: 4500, failures: 0, needs: [] },
        { name: "mail", millis: 1000, failures: 0, needs: [0, 1] }
      ]
      const slow = yield* recordOf(nodes(6000), 12)
      const fast = yield* recordOf(nodes(6000 - 3900), 12)
      const records = Array.from({ length: 20 }, (_, index): RunRecord => ({
        ...slow,
        id: `t-${index}`,
        steps: slow.steps.map((step) =>
          step.name === "load"
            ? { ...step, attempts: step.attempts.map((attempt) => ({ ...attempt, patterns: [pattern()] })) }
            : step
        )
      }))
      const measured = (slow.endedAt ?? 0) - (fast.endedAt ?? 0)
      assert.approximately(found(records, "one_query")?.gainSeconds ?? 0, measured, 0.05 * measured)
    }))
})

describe("very many rows", () => {
  it("are worth half of the time of their statement", () => {
    const rows = pattern({ kind: "many_rows", count: 50_000, totalSeconds: 3, elapsedSeconds: 3 })
    const recommended = found(runs(() => ({ patterns: [rows] })), "fewer_rows")
    assert.approximately(recommended?.gainSeconds ?? 0, 1.5, 1e-9)
    assert.include(recommended?.text, "It reads 50000 rows (p95 50000) in 100 % of 20 runs.")
  })
})

describe("transactions", () => {
  const blocking = pattern({ kind: "blocking_transaction", summary: "", count: 1, totalSeconds: 2, elapsedSeconds: 2 })
  const waits = (waitSeconds: number) => () => ({ sql: { statements: 1, seconds: 3, waitSeconds } })

  it("that others wait for are worth the wait of the other steps", () => {
    const recommended = found(runs(() => ({ patterns: [blocking] }), waits(2)), "shorter_transactions")
    assert.approximately(recommended?.gainSeconds ?? 0, 2, 1e-9)
    assert.deepInclude(recommended, { stepName: "load" })
    assert.strictEqual(
      recommended?.text,
      "Make the transactions of step \"load\" of order 1.0.0 shorter: if no other step waits for their connection, a " +
        "run takes 2 s less (20 %). Others wait for them in 100 % of 20 runs, 40 s together."
    )
  })

  it("are worth no more than others waited for them", () => {
    const recommended = found(runs(() => ({ patterns: [blocking] }), waits(3)), "shorter_transactions")
    assert.approximately(recommended?.gainSeconds ?? 0, 2, 1e-9)
  })

  it("that are idle are findings, and no recommendation while nobody waits", () => {
    const idle = pattern({ kind: "idle_in_transaction", summary: "", count: 3, totalSeconds: 5, elapsedSeconds: 5 })
    const report = Bottlenecks.analyze(runs(() => ({ patterns: [idle] })))
    assert.deepInclude(report.patterns[0], { kind: "idle_in_transaction", totalSeconds: 100 })
    assert.deepStrictEqual(report.recommendations.filter(({ kind }) => kind !== "faster_step"), [])
  })
})

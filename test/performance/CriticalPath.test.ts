import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as CriticalPath from "../../src/performance/CriticalPath.ts"
import { type Node, randomNodes, recordOf, seeded, withNode } from "../support/randomTasks.ts"
import { attempt, run, step } from "../support/runRecords.ts"

const unlimited = 100_000

/** The longest path through the graph, by memoised recursion on the durations alone. */
const longestPath = (nodes: ReadonlyArray<Node>) => {
  const known = new Map<number, { readonly millis: number; readonly path: ReadonlyArray<string> }>()
  const to = (index: number): { readonly millis: number; readonly path: ReadonlyArray<string> } => {
    const found = known.get(index)
    if (found !== undefined) return found
    const node = nodes[index] as Node
    const before = node.needs.map(to).toSorted((a, b) => b.millis - a.millis)[0] ?? { millis: 0, path: [] }
    const own = { millis: before.millis + node.millis, path: [...before.path, node.name] }
    known.set(index, own)
    return own
  }
  return nodes.map((_, index) => to(index)).toSorted((a, b) => b.millis - a.millis)[0]!
}

const node = (name: string, seconds: number, needs: ReadonlyArray<number> = [], failures = 0): Node => ({
  name,
  millis: seconds * 1000,
  failures,
  needs
})

/** Fails for a step that is not in the analysis. */
const stepOf = (path: CriticalPath.CriticalPath, name: string): CriticalPath.StepOnPath => {
  const found = path.steps.find((step) => step.name === name)
  assert.isDefined(found)
  return found
}

const sumOf = ({ spent }: CriticalPath.CriticalPath) =>
  spent.queueSeconds + spent.workSeconds + spent.retrySeconds + spent.backoffSeconds + spent.otherSeconds

describe("CriticalPath", () => {
  it.effect("is the longest path of 500 random graphs that run without a limit", () =>
    Effect.gen(function*() {
      for (let seed = 0; seed < 500; seed++) {
        const nodes = randomNodes(seeded(seed), 25)
        const found = CriticalPath.analyze(yield* recordOf(nodes, unlimited))
        const expected = longestPath(nodes)
        assert.strictEqual(Math.round(found.makespanSeconds * 1000), expected.millis, `seed ${seed}`)
        assert.deepStrictEqual(found.path, expected.path, `seed ${seed}`)
        assert.approximately(found.spent.workSeconds, expected.millis / 1000, 1e-6)
        for (const step of found.steps) {
          if (step.critical) assert.approximately(step.slackSeconds, 0, 1e-6)
          else assert.isAbove(step.slackSeconds, 1e-6, `seed ${seed}: ${step.name}`)
        }
      }
    }), 120_000)

  it.effect("leaves as much slack as a step may take longer, and no more", () =>
    Effect.gen(function*() {
      for (let seed = 0; seed < 40; seed++) {
        const random = seeded(seed)
        const nodes = randomNodes(random, 12)
        const path = CriticalPath.analyze(yield* recordOf(nodes, unlimited))
        const index = Math.floor(random() * nodes.length)
        const { name, slackSeconds } = path.steps[index] as CriticalPath.StepOnPath
        const longer = (by: number) =>
          longestPath(withNode(nodes, index, { millis: nodes[index]!.millis + Math.round(slackSeconds * 1000) + by }))
            .millis
        assert.strictEqual(longer(0), Math.round(path.makespanSeconds * 1000), `seed ${seed}: ${name}`)
        assert.strictEqual(longer(1), Math.round(path.makespanSeconds * 1000) + 1, `seed ${seed}: ${name}`)
      }
    }))

  it.effect(
    "predicts a run with a step halved within 5 % of the run itself, with and without a limit",
    () =>
      Effect.gen(function*() {
        let compared = 0
        for (let seed = 0; seed < 120; seed++) {
          const random = seeded(1000 + seed)
          const nodes = randomNodes(random, 14, true).map((each) => ({ ...each, millis: each.millis * 2 }))
          const concurrency = [1, 2, 3, unlimited][seed % 4] as number
          const record = yield* recordOf(nodes, concurrency)
          const index = Math.floor(random() * nodes.length)
          const { makespanSeconds } = CriticalPath.whatIf(record, nodes[index]!.name, "half")
          const real = yield* recordOf(withNode(nodes, index, { millis: nodes[index]!.millis / 2 }), concurrency)
          assert.approximately(makespanSeconds, real.endedAt!, 0.05 * real.endedAt!, `seed ${seed}`)
          compared++
        }
        assert.strictEqual(compared, 120)
      }),
    120_000
  )

  it.effect("predicts a run without the retries of a step within 5 % of the run itself", () =>
    Effect.gen(function*() {
      let compared = 0
      for (let seed = 0; seed < 80; seed++) {
        const random = seeded(5000 + seed)
        const nodes = randomNodes(random, 14, true)
        const index = nodes.findIndex(({ failures }) => failures > 0)
        if (index < 0) continue
        const concurrency = [1, 2, 3, unlimited][seed % 4] as number
        const record = yield* recordOf(nodes, concurrency)
        const { makespanSeconds } = CriticalPath.whatIf(record, nodes[index]!.name, "once")
        const real = yield* recordOf(withNode(nodes, index, { failures: 0 }), concurrency)
        assert.approximately(makespanSeconds, real.endedAt!, 0.05 * real.endedAt!, `seed ${seed}`)
        compared++
      }
      assert.isAbove(compared, 40)
    }), 120_000)

  it.effect("says where the time went, and its parts are the makespan", () =>
    Effect.gen(function*() {
      const record = yield* recordOf([node("a", 2), node("b", 3, [0], 1), node("c", 1, [0]), node("d", 1, [1, 2])], 1)
      const path = CriticalPath.analyze(record)
      assert.deepStrictEqual(path.path, ["a", "b", "d"])
      // b fails at 5 and c runs until 6, so b runs again until 9, and d until 10.
      assert.strictEqual(path.makespanSeconds, 10)
      assert.approximately(path.spent.workSeconds, 6, 1e-9)
      assert.approximately(path.spent.retrySeconds, 3, 1e-9)
      assert.approximately(path.spent.backoffSeconds, 0.7, 1e-9)
      assert.approximately(path.spent.queueSeconds, 0.3, 1e-9)
      assert.approximately(sumOf(path), 10, 1e-9)
      assert.approximately(stepOf(path, "c").queueSeconds, 3, 1e-9)
    }))

  it.effect("tells how long the limit held steps back, and what parallelism was possible", () =>
    Effect.gen(function*() {
      const nodes = [node("a", 2), node("b", 2), node("c", 2), node("d", 2, [0, 1, 2])]
      const limited = CriticalPath.analyze(yield* recordOf(nodes, 1)).parallelism
      assert.deepStrictEqual(limited, { achieved: 1, possible: 2, limitBoundSeconds: 4 })
      const free = CriticalPath.analyze(yield* recordOf(nodes, 12)).parallelism
      assert.deepStrictEqual(free, { achieved: 2, possible: 2, limitBoundSeconds: 0 })
    }))

  it.effect("gains nothing from a step with slack, a step that is not there, or a retry that was not", () =>
    Effect.gen(function*() {
      const record = yield* recordOf([node("a", 2), node("b", 8)], unlimited)
      assert.deepStrictEqual(
        CriticalPath.whatIfs(record, [
          { stepName: "a", change: "half" },
          { stepName: "z", change: "half" },
          { stepName: "b", change: "once" },
          { stepName: "b", change: "half" }
        ]).map(({ gainSeconds, makespanSeconds }) => [gainSeconds, makespanSeconds]),
        [[0, 8], [0, 8], [0, 8], [4, 4]]
      )
    }))

  it.effect("ends at a step that failed for good, and leaves out what could not start", () =>
    Effect.gen(function*() {
      const record = yield* recordOf([node("a", 1), node("b", 2, [0], 9), node("c", 5, [1])], unlimited)
      const path = CriticalPath.analyze(record)
      assert.strictEqual(record.state, "error")
      assert.deepStrictEqual(path.path, ["a", "b"])
      assert.deepStrictEqual(path.steps.map(({ name }) => name), ["a", "b"])
      assert.approximately(sumOf(path), record.endedAt!, 1e-9)
      assert.approximately(CriticalPath.whatIf(record, "b", "half").gainSeconds, 3, 1e-9)
    }))

  it("counts a step that was resolved by hand up to its resolution", () => {
    const failed = attempt(0, 2, { state: "error", errorType: "Busy" })
    const record = run({
      steps: [
        step("a", [failed], { state: "resolved_manually", settledAt: 7 }),
        step("b", [], { state: "resolved_manually", settledAt: 3 }),
        step("c", [attempt(7, 10)], { dependsOn: ["a", "b"] })
      ]
    })
    const path = CriticalPath.analyze(record)
    assert.deepStrictEqual(path.path, ["a", "c"])
    assert.strictEqual(CriticalPath.whatIf(record, "c", "half").makespanSeconds, 8.5)
    assert.strictEqual(CriticalPath.whatIf(record, "a", "half").makespanSeconds, 9)
    assert.strictEqual(CriticalPath.whatIf(record, "b", "half").gainSeconds, 0)
  })
})

/**
 * What the orchestrator costs: how close a run comes to its critical path,
 * whether the cost of a step depends on the size of its task, and whether
 * anything stays behind after a run.
 */
import * as Effect from "effect/Effect"
import * as Suite from "./support/Suite.ts"

const makespan: Suite.Case = { file: "workflow-makespan.ts", args: ["1000", "64", "10", "200"] }
const fresh: Suite.Case = { file: "workflow-makespan.ts", args: ["1000", "64", "10", "0"] }
const small: Suite.Case = { file: "workflow-cpu.ts", args: ["100", "100"] }
const large: Suite.Case = { file: "workflow-cpu.ts", args: ["10000", "1"] }
const heap: Suite.Case = { file: "workflow-heap.ts", args: ["1000", "10000", "10"] }

const longRounds = 3
const shortRounds = 5

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.gen(function*() {
  const [spans, freshSpans, ones, thousands] = yield* Suite.rounds([makespan, fresh, small, large], shortRounds)
  const [heaps] = yield* Suite.rounds([heap], longRounds)
  const smallNs = Suite.medianOf(ones, "cpuNsPerStep")
  const largeNs = Suite.medianOf(thousands, "cpuNsPerStep")
  const ideal = Suite.medianOf(spans, "idealNs")
  const growth = Suite.medianOf(heaps, "growthBytes") / 1e6
  return {
    suite: "workflow",
    rows: [
      {
        name: "random graph, 1000 steps of 10 ms, concurrency 64",
        medianNs: Suite.medianOf(spans, "makespanNs"),
        note: `critical path + work ÷ concurrency: ${(ideal / 1e6).toFixed(0)} ms`
      },
      {
        name: "the same in a process that has run no task before",
        medianNs: Suite.medianOf(freshSpans, "makespanNs")
      },
      { name: "CPU per step, tasks of 100 steps", medianNs: smallNs },
      { name: "CPU per step, task of 10 000 steps", medianNs: largeNs },
      {
        name: "CPU per step, tasks of 10 steps, bounded store",
        medianNs: Suite.medianOf(heaps, "cpuNsPerStep"),
        note: `heap after task 1000: ${(Suite.medianOf(heaps, "earlyBytes") / 1e6).toFixed(1)} MB`
      }
    ],
    bars: [
      Suite.atMost("makespan ÷ (critical path + work ÷ concurrency)", 1.3, Suite.medianOf(spans, "ratio")),
      Suite.atMost(
        "the same in a process that has run no task before",
        1.3,
        Suite.medianOf(freshSpans, "ratio")
      ),
      Suite.atMost("CPU per step: 10 000 steps ÷ 100 steps", 1.5, largeNs / smallNs),
      Suite.atMost("heap growth from task 1000 to task 10 000, MB", 5, growth)
    ]
  }
})

/**
 * Tasks with random graphs and durations, and their records.
 */
import { Effect, Fiber, Layer, Schema } from "effect"
import type { RunRecord } from "../../src/performance/RunRecord.ts"
import * as RunRecords from "../../src/performance/RunRecords.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "./recorder.ts"

/** A generator of numbers from 0 to below 1, the same for the same seed (mulberry32). */
export const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

/** A step by its work in milliseconds and the positions of the steps that it waits for. */
export interface Node {
  readonly name: string
  readonly millis: number
  readonly failures: number
  readonly needs: ReadonlyArray<number>
}

/** Up to `most` steps of up to ten seconds. Each needs up to three earlier ones; with `failures`, some fail at first. */
export const randomNodes = (random: () => number, most: number, failures = false): ReadonlyArray<Node> =>
  Array.from({ length: 1 + Math.floor(random() * most) }, (_, index) => ({
    name: `s${index}`,
    millis: 1 + Math.floor(random() * 10_000),
    failures: failures && random() < 0.2 ? 1 + Math.floor(random() * 2) : 0,
    needs: [...new Set(Array.from({ length: Math.floor(random() * 4) }, () => Math.floor(random() * index)))]
      .filter((other) => other < index)
  }))

type StepOfTest = Step.Step<string, unknown, unknown, never, void>

const taskOf = (nodes: ReadonlyArray<Node>, name = "t") => {
  const steps: Array<StepOfTest> = []
  for (const node of nodes) {
    steps.push(Step.make(node.name, {
      dependsOn: node.needs.map((other) => steps[other] as StepOfTest),
      retry: { maximumAttempts: 3, delays: ["700 millis", "1900 millis"] },
      run: ({ attempt }): Effect.Effect<unknown, string> =>
        Effect.andThen(Effect.sleep(node.millis), attempt <= node.failures ? Effect.fail("not yet") : Effect.void)
    }))
  }
  return Task.make(name, { input: Schema.Void, steps })
}

export const layer = (concurrency: number) =>
  RunRecords.layer.pipe(Layer.provideMerge(recorder.layer({ execution: { concurrency } })))

/** Runs a task under the test clock and gives its record. */
export const recordOf = (nodes: ReadonlyArray<Node>, concurrency: number): Effect.Effect<RunRecord> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.exit(TaskRunner.run(taskOf(nodes), undefined)))
    yield* recorder.advance("1 day")
    yield* Fiber.join(fiber)
    const records = yield* RunRecords.RunRecords
    return (yield* records.ended).at(-1) as RunRecord
  }).pipe(Effect.provide(layer(concurrency), { local: true }))

/** Replaces one node. */
export const withNode = (nodes: ReadonlyArray<Node>, index: number, change: Partial<Node>): ReadonlyArray<Node> =>
  nodes.map((node, position) => position === index ? { ...node, ...change } : node)

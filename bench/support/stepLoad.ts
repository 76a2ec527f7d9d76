/** What every case of the suite of overhead does: tasks of ten steps in a row, each of which computes for a fixed time. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Step, Task } from "tasker-telemetry"
import { answer, costOf } from "./answer.ts"
import { median } from "./Suite.ts"

export const stepsPerTask = 10

export const stepNames = Array.from({ length: stepsPerTask }, (_, index) => `step_${index}`)

const table = new Int32Array(1 << 11)
for (let index = 0; index < table.length; index++) table[index] = Math.imul(index, 2_654_435_761)

const kept = new Int32Array(1)

/** Computes over 8 kB, as work does that moves other things out of the caches of the processor. */
const compute = (iterations: number): number => {
  let mixed = kept[0] as number
  for (let index = 0; index < iterations; index++) {
    const place = (mixed ^ index) & (table.length - 1)
    mixed = (Math.imul(mixed ^ (table[place] as number), 2_246_822_519) + 1) | 0
    table[place] = mixed
  }
  kept[0] = mixed
  return mixed
}

/** The work of a step, which changes between batches. */
export class StepWork {
  readonly effect: Effect.Effect<number> = Effect.sync(() => compute(this.iterations))
  iterations = 0
}

const calibrations = 5

/** How many iterations take one microsecond of the processor's time, which the system counts in steps of some ms. */
export const iterationsPerMicro = (): number => {
  const iterations = 20_000_000
  const figures: Array<number> = []
  for (let round = 0; round < calibrations; round++) {
    const before = process.cpuUsage()
    compute(iterations)
    const { system, user } = process.cpuUsage(before)
    figures.push(iterations / (user + system))
  }
  return median(figures)
}

/** The graphs that are measured: every step after the one before, or eight steps between a first and a last one. */
export type Graph = "chain" | "fan-out"

/** The positions of the steps that a step waits for. */
const dependenciesOf = (graph: Graph, index: number): ReadonlyArray<number> => {
  if (index === 0) return []
  if (graph === "chain") return [index - 1]
  return index === stepsPerTask - 1 ? Array.from({ length: stepsPerTask - 2 }, (_, number) => number + 1) : [0]
}

/** The task of a graph. */
export const taskOf = (graph: Graph, work: Effect.Effect<number>) => {
  const steps: Array<Step.Step<string, number, never, never, unknown>> = []
  for (const [index, name] of stepNames.entries()) {
    const dependsOn = dependenciesOf(graph, index).map((number) => steps[number] as Step.Any)
    steps.push(Step.make(name, { dependsOn, run: () => work }))
  }
  return Task.make("process_order", { input: Schema.Struct({ orderId: Schema.String }), steps })
}

/** The same graph as a program without this package: as a person writes it with Effect. */
export const programOf = (
  graph: Graph,
  work: Effect.Effect<number>
): (input: { readonly orderId: string }) => Effect.Effect<Readonly<Record<string, number>>> => {
  if (graph === "chain") {
    return Effect.fnUntraced(function*() {
      const results: Record<string, number> = {}
      for (const name of stepNames) results[name] = yield* work
      return results
    })
  }
  const [first = "", ...others] = stepNames
  const last = others.pop() as string
  return Effect.fnUntraced(function*() {
    const results: Record<string, number> = { [first]: yield* work }
    const values = yield* Effect.forEach(others, () => work, { concurrency: 12 })
    others.forEach((name, index) => results[name] = values[index] as number)
    results[last] = yield* work
    return results
  })
}

/** What a batch does. */
export interface Load {
  readonly graph: Graph
  /** What a step computes, as iterations and as the time that they should take. */
  readonly iterations: number
  readonly micros: number
  readonly tasks: number
}

/** The steps around which the compiler works are warm after so many, which compute nothing. */
const warmUpTasks = 400

/**
 * Answers with the cost of a step. `batch` runs tasks, whose steps do the work, and sends everything.
 *
 * The same iterations take some percent more in one process than in another. So each process also measures them alone,
 * and the figure of a step has the wanted time in place of theirs.
 */
export const answerSteps = (
  work: StepWork,
  batch: (load: Pick<Load, "graph" | "tasks">) => Promise<unknown>
): Promise<void> =>
  answer(async (line) => {
    const load = JSON.parse(line) as Load
    const steps = load.tasks * stepsPerTask
    work.iterations = load.iterations
    const alone = await costOf(steps, () => {
      for (let step = 0; step < steps; step++) Effect.runSync(work.effect)
    })
    const whole = await costOf(steps, () => batch(load))
    return { cpuNs: whole.cpuNs - alone.cpuNs + load.micros * 1000 }
  }, async () => {
    await batch({ graph: "fan-out", tasks: warmUpTasks / 4 })
    await batch({ graph: "chain", tasks: warmUpTasks })
    return {}
  })

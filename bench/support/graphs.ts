/**
 * Tasks for measuring: random graphs from a fixed seed.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Step, Task } from "tasker-telemetry"

/** A small generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

interface TaskOptions {
  readonly name: string
  readonly count: number
  readonly work: Effect.Effect<void>
}

type AnyStep = Step.Step<string, void, never, never, unknown>

const taskOf = (
  { count, name, work }: TaskOptions,
  dependenciesOf: (steps: ReadonlyArray<AnyStep>) => Iterable<AnyStep>
) => {
  const steps: Array<AnyStep> = []
  for (let index = 0; index < count; index++) {
    steps.push(Step.make(`step_${index}`, { dependsOn: [...dependenciesOf(steps)], run: () => work }))
  }
  return Task.make(name, { input: Schema.Struct({}), steps })
}

/** A task of `count` steps; each depends on up to `most` random earlier ones. */
export const randomTask = (options: TaskOptions & { readonly most: number; readonly seed: number }) => {
  const random = seeded(options.seed)
  return taskOf(options, (steps) => {
    const wanted = steps.length === 0 ? 0 : Math.floor(random() * (options.most + 1))
    return new Set(Array.from({ length: wanted }, () => steps[Math.floor(random() * steps.length)] as AnyStep))
  })
}

/** A task of steps in a row. */
export const chainTask = (options: TaskOptions) => taskOf(options, (steps) => steps.slice(-1))

/** A task of one step, and all others after it. */
export const fanOutTask = (options: TaskOptions) => taskOf(options, (steps) => steps.slice(0, 1))

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

/** A task of `count` steps; each depends on up to `most` random earlier ones within reach. */
export const randomTask = (options: {
  readonly name: string
  readonly count: number
  readonly most: number
  readonly seed: number
  readonly work: Effect.Effect<void>
}) => {
  const random = seeded(options.seed)
  const steps: Array<Step.Step<string, void, never, never, unknown>> = []
  for (let index = 0; index < options.count; index++) {
    const wanted = index === 0 ? 0 : Math.floor(random() * (options.most + 1))
    const dependsOn = new Set<Step.Any>()
    for (let number = 0; number < wanted; number++) {
      const dependency = steps[Math.floor(random() * index)]
      if (dependency !== undefined) dependsOn.add(dependency)
    }
    steps.push(Step.make(`step_${index}`, { dependsOn: [...dependsOn], run: () => options.work }))
  }
  return Task.make(options.name, { input: Schema.Struct({}), steps })
}

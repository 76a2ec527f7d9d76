/** What every library records in the suite of metrics: the same names, attribute values and measurements. */
import { setCount } from "./measure.ts"

export const keys = ["task", "step", "status"] as const
export const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
export const help = "Steps of tasks."
export const counterName = "bench_steps_total"
export const histogramName = "bench_step_seconds"

export type Attributes = { readonly [Key in (typeof keys)[number]]: string }

const statusNames = ["complete", "error", "cancelled", "resolved_manually"]

/** Distinct attribute sets, with names as long as those of real tasks and steps: 5 steps in 4 states for each task. */
export const attributeSets = (count: number): ReadonlyArray<Attributes> =>
  Array.from({ length: count }, (_, index) => ({
    task: `process_order_${Math.floor(index / 20)}`,
    step: `charge_payment_${Math.floor(index / 4) % 5}`,
    status: statusNames[index % 4] as string
  }))

/** A measurement; as many in turn as there are bounds reach every bucket but the last. */
export const durationOf = (index: number): number => (bounds[index % bounds.length] as number) * 0.9

const sets = attributeSets(setCount)

/** Attribute values of set `n` at `[n]`, from which each call makes a fresh object. */
export const tasks = sets.map(({ task }) => task)
export const steps = sets.map(({ step }) => step)
export const statuses = sets.map(({ status }) => status)

/** Measurements that reach every bucket, one for each set. */
export const durations = sets.map((_, index) => durationOf(index))

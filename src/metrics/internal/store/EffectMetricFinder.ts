/**
 * What others have in Effect's metric registry.
 *
 * @internal
 */
import type * as Metric from "effect/Metric"
import type * as Cooperation from "../../../internal/Cooperation.ts"
import * as EffectRegistry from "./EffectRegistry.ts"

type Metadata = Metric.MetricRegistry extends ReadonlyMap<string, infer Value> ? Value : never

export interface Options {
  readonly registry: Metric.MetricRegistry
  /** How many metrics of the registry are ours. */
  readonly countOurs: () => number
}

/** Metrics that are looked at in one piece of work; most of them are ours. */
const piece = 1024

/**
 * Finds the metrics of others. Most of a registry is ours, and a look at all of it takes as long as writing it: it is
 * taken only where there are more metrics than before, or fewer, or where one of others has gone.
 */
export const finder = ({ countOurs, registry }: Options): () => Cooperation.Work<ReadonlyArray<Metadata>> => {
  let all = -1
  let ours = -1
  let found: ReadonlyArray<readonly [key: string, metadata: Metadata]> = []
  return function*() {
    const isCurrent = registry.size === all && countOurs() === ours &&
      found.every(([key, metadata]) => registry.get(key) === metadata)
    if (isCurrent) return found.map(([, metadata]) => metadata)
    const before = [registry.size, countOurs()] as const
    const others: Array<readonly [key: string, metadata: Metadata]> = []
    const metrics = registry.entries()
    while (moveOthers(metrics, others)) yield
    // All at once, as a reading may be interrupted or have company.
    found = others
    all = before[0]
    ours = before[1]
    return others.map(([, metadata]) => metadata)
  }
}

/**
 * Adds those of others among the next metrics; says whether there may be more. Apart from the generator, whose loops
 * make an object for each step.
 */
const moveOthers = (
  metrics: Iterator<readonly [key: string, metadata: Metadata]>,
  others: Array<readonly [key: string, metadata: Metadata]>
): boolean => {
  for (let seen = 0; seen < piece; seen++) {
    const { done, value } = metrics.next()
    if (done === true) return false
    if (!EffectRegistry.isOurs(value[1])) others.push(value)
  }
  return true
}

/**
 * Choices that are the same for the same seed.
 */
import { seeded } from "../randomTasks.ts"

export interface Choices {
  /** A whole number from 0 to below the limit. */
  readonly below: (limit: number) => number
  /** Whether something with this probability happens. */
  readonly happens: (probability: number) => boolean
  readonly oneOf: <A>(items: ReadonlyArray<A>) => A
  readonly several: <A>(most: number, make: () => A) => ReadonlyArray<A>
  /** One of the makers, by their weights. */
  readonly weighted: <A>(makers: ReadonlyArray<readonly [weight: number, make: () => A]>) => A
}

export const choices = (seed: number): Choices => {
  const next = seeded(seed)
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    happens: (probability) => next() < probability,
    oneOf: (items) => items[below(items.length)]!,
    several: (most, make) => Array.from({ length: below(most + 1) }, make),
    weighted: (makers) => {
      let left = next() * makers.reduce((sum, [weight]) => sum + weight, 0)
      const chosen = makers.find(([weight]) => (left -= weight) < 0)
      return (chosen ?? makers[0]!)[1]()
    }
  }
}

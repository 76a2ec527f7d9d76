/**
 * What is to be said once about a cluster.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { MergeConflict } from "../../MetricMerge.ts"

/** Sentences that are remembered; names in them come from other processes. */
const most = 1000

export class ClusterReports {
  readonly #known = new Set<string>()
  #waiting: Array<string> = []

  /** Has something said with the next logging, unless it has been said. */
  add(sentence: string): void {
    if (this.#known.has(sentence) || this.#known.size >= most) return
    this.#known.add(sentence)
    this.#waiting.push(sentence)
  }

  addConflict({ difference, name }: MergeConflict): void {
    this.add(`metric "${name}" has not the same ${difference} in all processes; those that differ are left out`)
  }

  /** Says what is new, with the loggers of whoever runs it. */
  readonly log: Effect.Effect<void> = Effect.suspend(() => {
    const sentences = this.#waiting
    this.#waiting = []
    return Effect.forEach(sentences, (sentence) => Effect.logWarning(sentence), { discard: true })
  })
}

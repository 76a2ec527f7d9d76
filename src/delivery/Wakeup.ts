/**
 * Tells waiting fibers that something has changed. A change between the look and the wait is not missed.
 */
import * as Effect from "effect/Effect"

export class Wakeup {
  /** Number of changes. A fiber reads it before it looks at what it waits for. */
  version = 0
  readonly #waiting = new Set<() => void>()

  wake(): void {
    this.version++
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resume of waiting) resume()
  }

  /** Waits until the version is no longer `seen`. */
  after(seen: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (this.version !== seen) return resume(Effect.void)
      const wake = () => resume(Effect.void)
      this.#waiting.add(wake)
      return Effect.sync(() => this.#waiting.delete(wake))
    })
  }
}

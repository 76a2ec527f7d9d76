/**
 * The last durations of an operation, and the threshold that they teach.
 */
import { type Distribution, distributionOf, quantileOf } from "./distribution.ts"

/** Number of durations that are kept. */
const windowSize = 512

/** After so many further durations, the percentile is computed again. */
const refreshAfter = 32

export class RecentDurations {
  private readonly values: Array<number> = []
  private next = 0
  private p99 = 0
  private stale = refreshAfter

  add(seconds: number): void {
    this.values[this.next] = seconds
    this.next = (this.next + 1) % windowSize
    this.stale++
  }

  /** The 99th percentile times the factor; `undefined` for fewer values than the minimum. */
  threshold(factor: number, minimumSamples: number): number | undefined {
    if (this.values.length < Math.min(minimumSamples, windowSize)) return undefined
    if (this.stale >= refreshAfter) {
      this.p99 = quantileOf(this.values.toSorted((a, b) => a - b), 0.99)
      this.stale = 0
    }
    return this.p99 * factor
  }

  distribution(): Distribution {
    return distributionOf(this.values)
  }
}

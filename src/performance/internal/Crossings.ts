/**
 * Decides which crossings of a threshold get an event of their own: the first
 * one. Those that follow within the quiet period are summed up at its end. As
 * long as there are further ones, another period follows.
 */

/** The crossings of a period, with the worst of them. */
export interface Summary<A> {
  readonly worst: A
  readonly occurrences: number
}

export class Crossings<A> {
  private isQuiet = false
  private worst: A | undefined
  private occurrences = 0
  private readonly isWorse: (a: A, b: A) => boolean

  constructor(isWorse: (a: A, b: A) => boolean) {
    this.isWorse = isWorse
  }

  /** Whether the crossing gets an event. If it does, a quiet period begins, which the caller ends. */
  add(crossing: A): boolean {
    if (!this.isQuiet) {
      this.isQuiet = true
      return true
    }
    this.occurrences++
    if (this.worst === undefined || this.isWorse(crossing, this.worst)) this.worst = crossing
    return false
  }

  /** Ends a period. If there is a summary, the next period has begun. */
  endPeriod(): Summary<A> | undefined {
    const { occurrences, worst } = this
    this.worst = undefined
    this.occurrences = 0
    this.isQuiet = worst !== undefined
    return worst === undefined ? undefined : { worst, occurrences }
  }
}

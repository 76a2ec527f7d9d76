/**
 * Counts what runs at the same time: measured operations, and attempts of steps.
 *
 * An operation inside of another one, or inside of a step, is a part of it. The
 * two do not count as others for each other.
 */

/** Something that runs. */
export interface Activity {
  readonly parent: Activity | undefined
  /** Activities that ran when it started, without those that it is a part of. */
  readonly othersAtStart: number
  /** Number of all activities that had started by then, itself included. */
  readonly number: number
  /** Activities that have started as parts of it. */
  parts: number
  ended: boolean
}

export class Overlaps {
  private active = 0
  private started = 0

  begin(parent: Activity | undefined): Activity {
    let around = 0
    for (let outer = parent; outer !== undefined; outer = outer.parent) {
      outer.parts++
      if (!outer.ended) around++
    }
    const othersAtStart = this.active - around
    this.active++
    return { parent, othersAtStart, number: ++this.started, parts: 0, ended: false }
  }

  /** Ends an activity, and gives the number of others that ran at the same time. */
  end(activity: Activity): number {
    if (activity.ended) return 0
    activity.ended = true
    this.active--
    return activity.othersAtStart + this.started - activity.number - activity.parts
  }
}

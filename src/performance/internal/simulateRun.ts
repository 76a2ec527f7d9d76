/**
 * Simulates the scheduler of the task runner on known durations: steps start in
 * the order in which they became ready, as many as there are free slots, and a
 * batch is no barrier.
 */
import type * as TimeSlice from "../../internal/TimeSlice.ts"

/** A step of the simulation. Durations are seconds. */
export interface SimulatedStep {
  /** Positions of the steps that it waits for. */
  readonly dependsOn: ReadonlyArray<number>
  /** How long each attempt holds its slot, at least one. */
  readonly work: ReadonlyArray<number>
  /** The waits between the attempts, without a slot: one less than attempts. */
  readonly backoff: ReadonlyArray<number>
  /** A wait without a slot after the last attempt. */
  readonly after: number
  /** Whether its dependants may start when it has ended. */
  readonly satisfies: boolean
  /** It ends at this time in any case, and takes no slot: a person resolved it. */
  readonly endsAt: number | undefined
}

/** What the simulation found. Instants are seconds since the start. */
export interface Simulation {
  readonly makespan: number
  /** For each step, when it ended; `undefined` if it never started. */
  readonly ends: ReadonlyArray<number | undefined>
}

/** Moments that are handled in one piece of work. */
const piece = 1024

/** @param concurrency highest number of attempts at the same time; `Infinity` for no limit */
export function* simulation(
  steps: ReadonlyArray<SimulatedStep>,
  concurrency: number
): TimeSlice.Work<Simulation> {
  const dependants: Array<Array<number>> = steps.map(() => [])
  steps.forEach(({ dependsOn }, index) => dependsOn.forEach((needed) => dependants[needed]?.push(index)))
  const missing = steps.map(({ dependsOn }) => dependsOn.length)
  const attempts = steps.map(() => 0)
  const ends: Array<number | undefined> = steps.map(() => undefined)
  const moments = new Moments()
  const ready: Array<number> = []
  let head = 0
  let running = 0
  let makespan = 0
  let handled = 0

  const makeReady = (index: number): void => {
    if ((steps[index] as SimulatedStep).endsAt === undefined) ready.push(index)
  }
  const end = (index: number, time: number): void => {
    ends[index] = time
    makespan = Math.max(makespan, time)
    if (!(steps[index] as SimulatedStep).satisfies) return
    for (const dependant of dependants[index] ?? []) {
      missing[dependant] = (missing[dependant] as number) - 1
      if (missing[dependant] === 0) makeReady(dependant)
    }
  }
  const startReady = (now: number): void => {
    while (running < concurrency && head < ready.length) {
      const index = ready[head++] as number
      running++
      moments.add(now + ((steps[index] as SimulatedStep).work[attempts[index] as number] ?? 0), index, attemptEnds)
    }
  }
  const endAttempt = (index: number, now: number): void => {
    const step = steps[index] as SimulatedStep
    running--
    const attempt = (attempts[index] as number) + 1
    attempts[index] = attempt
    if (attempt < step.work.length) moments.add(now + (step.backoff[attempt - 1] ?? 0), index, backoffEnds)
    else if (step.after > 0) moments.add(now + step.after, index, stepEnds)
    else end(index, now)
  }

  steps.forEach(({ dependsOn, endsAt }, index) => {
    if (endsAt !== undefined) moments.add(endsAt, index, stepEnds)
    else if (dependsOn.length === 0) makeReady(index)
  })
  startReady(0)
  while (moments.size > 0) {
    const now = moments.firstTime
    // All that happens at one time happens before the next steps start.
    while (moments.size > 0 && moments.firstTime === now) {
      const { index, kind } = moments.take()
      if (++handled % piece === 0) yield
      if (kind === attemptEnds) endAttempt(index, now)
      else if (kind === backoffEnds) makeReady(index)
      else end(index, now)
    }
    startReady(now)
  }
  return { makespan, ends }
}

const attemptEnds = 0
const backoffEnds = 1
const stepEnds = 2

interface Moment {
  readonly time: number
  readonly order: number
  readonly index: number
  readonly kind: number
}

/** A binary heap of moments, by time and then by the order in which they were added. */
class Moments {
  private readonly heap: Array<Moment> = []
  private added = 0

  get size(): number {
    return this.heap.length
  }

  get firstTime(): number {
    return (this.heap[0] as Moment).time
  }

  add(time: number, index: number, kind: number): void {
    const { heap } = this
    const moment: Moment = { time, order: this.added++, index, kind }
    let position = heap.length
    heap.push(moment)
    while (position > 0) {
      const parent = (position - 1) >> 1
      if (!isBefore(moment, heap[parent] as Moment)) break
      heap[position] = heap[parent] as Moment
      position = parent
    }
    heap[position] = moment
  }

  take(): Moment {
    const { heap } = this
    const first = heap[0] as Moment
    const last = heap.pop() as Moment
    if (heap.length === 0) return first
    let position = 0
    for (;;) {
      let child = 2 * position + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Moment, heap[child] as Moment)) child++
      if (!isBefore(heap[child] as Moment, last)) break
      heap[position] = heap[child] as Moment
      position = child
    }
    heap[position] = last
    return first
  }
}

const isBefore = (a: Moment, b: Moment): boolean => a.time < b.time || (a.time === b.time && a.order < b.order)

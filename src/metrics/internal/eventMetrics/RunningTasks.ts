/**
 * The runs that have started and not ended: how long the oldest of each task
 * has been running, and how many execution slots are taken.
 *
 * It follows events, as every workflow metric does, so that the workflow room need
 * not know of metrics.
 *
 * @internal
 */

/** Runs whose start is kept. Beyond that, the oldest run is still known unless all kept runs have ended. */
const mostRuns = 10_000

export class RunningTasks {
  /** For each task its runs in the order of their starts, by the monotonic clock. */
  readonly #starts = new Map<string, Map<string, bigint>>()
  /** Runs in the background, which have a slot from before they start. */
  readonly #background = new Set<string>()
  readonly #mostInBackground: number
  readonly #nowNanos: () => bigint
  #known = 0
  #runs = 0
  #attempts = 0

  constructor(options: {
    /** The runner takes no more than that. */
    readonly mostInBackground: number
    readonly nowNanos: () => bigint
  }) {
    this.#mostInBackground = options.mostInBackground
    this.#nowNanos = options.nowNanos
  }

  enqueued(taskId: string): void {
    if (this.#background.size < this.#mostInBackground) this.#background.add(taskId)
  }

  started(task: string, taskId: string): void {
    this.#runs++
    if (this.#known === mostRuns) return
    const starts = this.#starts.get(task) ?? new Map<string, bigint>()
    this.#starts.set(task, starts)
    starts.set(taskId, this.#nowNanos())
    this.#known++
  }

  ended(task: string, taskId: string): void {
    this.#runs--
    this.#background.delete(taskId)
    const starts = this.#starts.get(task)
    if (starts?.delete(taskId) !== true) return
    this.#known--
    if (starts.size === 0) this.#starts.delete(task)
  }

  attemptStarted(): void {
    this.#attempts++
  }

  attemptEnded(): void {
    this.#attempts--
  }

  /** Runs in progress. */
  get runs(): number {
    return this.#runs
  }

  /** Runs in the background. */
  get background(): number {
    return this.#background.size
  }

  /** Attempts of steps in progress. */
  get attempts(): number {
    return this.#attempts
  }

  /** Seconds since the start of the oldest run of each task that has one. */
  oldest(): ReadonlyArray<{ readonly task: string; readonly seconds: number }> {
    const now = this.#nowNanos()
    return Array.from(this.#starts, ([task, starts]) => {
      const [first = now] = starts.values()
      return { task, seconds: Number(now - first) / 1e9 }
    })
  }
}

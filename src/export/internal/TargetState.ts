/**
 * What is known about a target between two exports.
 */
import * as Semaphore from "effect/Semaphore"
import type { ExportTarget } from "../ExportTarget.ts"
import type { CompiledStrategy } from "./compiledStrategy.ts"
import type { Timing } from "./exportTiming.ts"
import { Thresholds } from "./Thresholds.ts"

/**
 * The state of a target.
 *
 * @category models
 * @since 0.1.0
 */
export interface TargetStatus {
  readonly name: string
  /** `none` if the target takes the metrics themselves. */
  readonly format: string
  /** `unused` before the first export; `failing` if the last export failed, and no other instance exports since. */
  readonly state: "unused" | "working" | "failing"
  readonly exports: number
  readonly failures: number
  /** Exports that another instance did. */
  readonly skipped: number
  /** Failures since the last success, or since another instance exports. */
  readonly consecutiveFailures: number
  /** When the last export succeeded, in milliseconds since the epoch. */
  readonly lastSuccessMillis: number | undefined
  readonly lastFailure: { readonly timeMillis: number; readonly message: string } | undefined
  /** The last decision of `beforeExpiry`; `undefined` without it. */
  readonly timing: Timing | undefined
}

export class TargetState {
  readonly target: ExportTarget
  readonly strategy: CompiledStrategy
  readonly thresholds: Thresholds
  readonly oneAtATime = Semaphore.makeUnsafe(1)
  /** The buffer of the last body. Making and forgetting a large one for each export would cost more than writing. */
  #room = new Uint8Array(0)
  #exports = 0
  #failures = 0
  #skipped = 0
  #consecutiveFailures = 0
  #lastSuccessMillis: number | undefined
  /** Whether another instance did the last export. */
  #isElsewhere = false
  #lastFailure: TargetStatus["lastFailure"]
  #timing: Timing | undefined

  constructor(target: ExportTarget, strategy: CompiledStrategy) {
    this.target = target
    this.strategy = strategy
    this.thresholds = new Thresholds(strategy)
  }

  /** Gives the buffer away. An export that hangs may still read from it. */
  takeRoom(): Uint8Array<ArrayBuffer> {
    const room = this.#room
    this.#room = new Uint8Array(0)
    return room
  }

  giveRoom(room: Uint8Array<ArrayBuffer>): void {
    this.#room = room
  }

  get lastSuccessMillis(): number | undefined {
    return this.#lastSuccessMillis
  }

  /**
   * The last success as metrics show it: none while another instance exports, which shows its own. An old one of this
   * instance would look like a target that gets nothing.
   */
  get shownSuccessMillis(): number | undefined {
    return this.#isElsewhere ? undefined : this.#lastSuccessMillis
  }

  get isFailing(): boolean {
    return this.#consecutiveFailures > 0
  }

  /** Gives the number of failures that this success ends. */
  succeeded(timeMillis: number): number {
    const before = this.#consecutiveFailures
    this.#exports++
    this.#consecutiveFailures = 0
    this.#isElsewhere = false
    this.#lastSuccessMillis = timeMillis
    return before
  }

  /** Tells whether the exports of the target begin to fail. */
  failed(timeMillis: number, message: string): boolean {
    this.#failures++
    this.#isElsewhere = false
    this.#lastFailure = { timeMillis, message }
    this.thresholds.failed()
    return this.#consecutiveFailures++ === 0
  }

  /** Another instance exports: whether that fails is no longer known here. */
  skipped(): void {
    this.#skipped++
    this.#consecutiveFailures = 0
    this.#isElsewhere = true
  }

  planned(timing: Timing): void {
    this.#timing = timing
  }

  status(): TargetStatus {
    return {
      name: this.target.name,
      format: this.target.format ?? "none",
      state: this.isFailing ? "failing" : this.#exports > 0 ? "working" : "unused",
      exports: this.#exports,
      failures: this.#failures,
      skipped: this.#skipped,
      consecutiveFailures: this.#consecutiveFailures,
      lastSuccessMillis: this.#lastSuccessMillis,
      lastFailure: this.#lastFailure,
      timing: this.#timing
    }
  }
}

/**
 * What the monitor measures about operations.
 */
import type { Distribution } from "./distribution.ts"

/**
 * How an operation ended.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "success" | "failure" | "interruption"

/**
 * A measured operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface Measurement {
  readonly operation: string
  readonly outcome: Outcome
  /** Low-cardinality type of the failure. */
  readonly errorType: string | undefined
  /** By the monotonic clock. */
  readonly durationSeconds: number
  /** Whom the figures below belong to. */
  readonly confidence: "exclusive" | "shared" | "unknown"
  /** Number of other operations and steps that ran at the same time. */
  readonly overlapping: number
  /** Processor time of the process. This and what follows is `undefined` if the process is not measured. */
  readonly cpuSeconds: number | undefined
  /** Share of the time in which the event loop was busy, 0 to 1. */
  readonly eventLoopUtilization: number | undefined
  /** Change of the memory in the heap; negative after a garbage collection. */
  readonly heapBytes: number | undefined
  /** Change of the memory of array buffers. */
  readonly arrayBufferBytes: number | undefined
  /** Garbage collections that were seen meanwhile. */
  readonly collections: number | undefined
}

/**
 * What is known about an operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface OperationSummary {
  readonly operation: string
  /** Ended operations by their outcome. */
  readonly outcomes: Readonly<Record<Outcome, number>>
  /** The last 512 durations, in seconds. */
  readonly durations: Distribution
  /** How often it took longer than its threshold. */
  readonly slow: number
  /** How often it ran alone and held more new memory than its threshold. */
  readonly spikes: number
  /** The last and the longest measurement; `undefined` for operations of workflows. */
  readonly last: Measurement | undefined
  readonly longest: Measurement | undefined
}

/**
 * Reads what the process has used so far: processor time, event loop, memory. The
 * runtime provides the probe; without one, operations are timed and nothing else.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * What the process has used since its start, and the memory in use now.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading {
  /** Processor time of all threads, user and system, in seconds. */
  readonly cpuSeconds: number
  /** Time in which the event loop of the thread was busy, in seconds. */
  readonly activeSeconds: number
  /** Time in which it waited for events, in seconds. */
  readonly idleSeconds: number
  /** Memory in use in the heap of the thread. */
  readonly heapBytes: number
  /** Memory of array buffers and of other objects outside of the heap. */
  readonly arrayBufferBytes: number
  /** Garbage collections that have been seen. One of the present turn of the event loop is seen in the next turn. */
  readonly collections: number
}

/**
 * A profile of the processor that is being taken.
 *
 * @category models
 * @since 0.1.0
 */
export interface Profile {
  /** Ends the profile. The result is the path of its file, or `undefined` if it is not kept. */
  readonly end: (keep: boolean) => string | undefined
}

/**
 * The probe.
 *
 * @category models
 * @since 0.1.0
 */
export interface Probe {
  readonly read: () => Reading
  /** The memory that collections have freed since so many of them had been seen, also those of the present turn. */
  readonly freedSince: (collections: number) => number
  /** Begins a profile; `undefined` if another one is being taken or profiles are off. */
  readonly profile: (operation: string) => Profile | undefined
}

/**
 * The probe of the runtime, none by default.
 *
 * @category references
 * @since 0.1.0
 */
export const ProcessProbe: Context.Reference<Probe | undefined> = Context.Reference<Probe | undefined>(
  "tasker-telemetry/performance/ProcessProbe",
  { defaultValue: () => undefined }
)

/**
 * How late the event loop is and how busy, in windows.
 *
 * Percentiles belong to a window. If every reading began a new one, two readers,
 * such as a pair of Prometheus servers, would take the values from each other.
 * So a window lasts at least {@link shortestWindow}, and every reader gets the last
 * whole window.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ELDHistogram, type EventLoopUtilization, monitorEventLoopDelay, performance } from "node:perf_hooks"

/** In nanoseconds. */
const shortestWindow = 10_000_000_000n

/**
 * Period of the timer whose lateness is measured, in milliseconds. At 10 ms an
 * idle process takes half a percent of a processor for it, at this one less than
 * a tenth of a percent, and a loop that is held up for longer is still seen each
 * time.
 */
const period = 100

/** In nanoseconds. Of the first window one is told before it is whole; to compute it takes half a millisecond. */
const shortestPreview = 1_000_000_000n

const nanosPerMilli = 1e6
const nanosPerSecond = 1e9

export type DelayKey = "min" | "max" | "mean" | "stddev" | "p50" | "p90" | "p99"

export interface Window {
  /** Seconds; `undefined` before the timer has fired. */
  readonly delay: Readonly<Record<DelayKey, number>> | undefined
  readonly utilization: number
}

/** Starts measuring until the scope closes; gives what reads the last whole window, or the first one so far. */
export const observe = (nowNanos: () => bigint): Effect.Effect<() => Window, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const histogram = monitorEventLoopDelay({ resolution: period })
        histogram.enable()
        return histogram
      }),
      (histogram) => Effect.sync(() => histogram.disable())
    ),
    (histogram) => reader(histogram, nowNanos)
  )

const reader = (histogram: ELDHistogram, nowNanos: () => bigint): () => Window => {
  let last: Window | undefined
  let startNanos = nowNanos()
  let startUtilization = performance.eventLoopUtilization()
  let preview: Window | undefined
  let previewNanos = startNanos
  return () => {
    const now = nowNanos()
    if (now - startNanos < shortestWindow) {
      if (last !== undefined) return last
      if (preview?.delay === undefined || now - previewNanos >= shortestPreview) {
        preview = windowOf(histogram, startUtilization)
        previewNanos = now
      }
      return preview
    }
    last = windowOf(histogram, startUtilization)
    histogram.reset()
    startNanos = now
    startUtilization = performance.eventLoopUtilization()
    return last
  }
}

const windowOf = (histogram: ELDHistogram, since: EventLoopUtilization): Window => ({
  delay: histogram.count === 0 ? undefined : {
    min: lateness(histogram.min),
    max: lateness(histogram.max),
    mean: lateness(histogram.mean),
    stddev: histogram.stddev / nanosPerSecond,
    p50: lateness(histogram.percentile(50)),
    p90: lateness(histogram.percentile(90)),
    p99: lateness(histogram.percentile(99))
  },
  utilization: performance.eventLoopUtilization(since).utilization
})

/** Node gives the time between two firings; what is beyond the period is lateness. */
const lateness = (nanos: number): number => Math.max(0, nanos - period * nanosPerMilli) / nanosPerSecond

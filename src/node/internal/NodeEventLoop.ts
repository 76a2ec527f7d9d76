/**
 * Measures delay and utilisation of the event loop, in windows.
 *
 * A percentile needs a window. If each reading began a new window, two readers,
 * such as two Prometheus servers, would split the values between them. So a
 * window lasts at least {@link shortestWindow}, and every reader gets the last
 * whole window.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ELDHistogram, type EventLoopUtilization, monitorEventLoopDelay, performance } from "node:perf_hooks"

/** In nanoseconds. */
const shortestWindow = 10_000_000_000n

/**
 * Period of the timer that measures the delay, in milliseconds. At 10 ms, an idle
 * process takes half a percent of a processor for the timer. At 100 ms it takes
 * less than a tenth of a percent. A longer delay of the loop is still seen each
 * time.
 */
const period = 100

/**
 * In nanoseconds. Before the first window is whole, a reading gets a preview, at most this old. To compute one takes
 * half a millisecond.
 */
const shortestPreview = 1_000_000_000n

const nanosPerMilli = 1e6
const nanosPerSecond = 1e9

export type DelayKey = "min" | "max" | "mean" | "stddev" | "p50" | "p90" | "p99"

export interface Window {
  /** Seconds; `undefined` before the timer has fired. */
  readonly delay: Readonly<Record<DelayKey, number>> | undefined
  readonly utilization: number
}

/**
 * Measures until the scope closes. Gives a function that reads the last whole window, or a preview of the first one.
 */
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

/** Node measures the time between two firings. The delay is the part above the period. */
const lateness = (nanos: number): number => Math.max(0, nanos - period * nanosPerMilli) / nanosPerSecond

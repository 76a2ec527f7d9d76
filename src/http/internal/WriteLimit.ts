/**
 * Limits how many requests of one client may change something.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import * as JsonResponse from "./JsonResponse.ts"

/** Counts a write of a client. Fails with the answer if the client has none left. */
export type WriteLimit = (client: string) => Effect.Effect<void, HttpServerResponse>

/** The limit that all routes under a prefix share. */
export const Shared: Context.Reference<WriteLimit | undefined> = Context.Reference<WriteLimit | undefined>(
  "tasker-telemetry/http/internal/WriteLimit/Shared",
  { defaultValue: () => undefined }
)

const minute = 60e9

interface Bucket {
  /** Writes that the client has left. */
  left: number
  /** When `left` was counted, in nanoseconds. */
  at: bigint
}

/**
 * Gives the shared limit, or makes one of the option `http.writesPerMinute`. A client may use the writes of a minute at
 * once. The monotonic clock counts, so a machine that sets its time back lets writes through as before.
 */
export const make: Effect.Effect<WriteLimit> = Effect.gen(function*() {
  const shared = yield* Shared
  if (shared !== undefined) return shared
  const { http: { writesPerMinute: limit } } = yield* TelemetryConfig.Current
  if (limit === 0) return () => Effect.void
  // The names of clients are as few as the tokens, so the buckets stay few.
  const buckets = new Map<string, Bucket>()
  return (client) =>
    Effect.flatMap(Clock.monotonicTimeNanos, (now) => {
      const bucket = buckets.get(client) ?? { left: limit, at: now }
      bucket.left = Math.min(limit, bucket.left + Number(now - bucket.at) * limit / minute)
      bucket.at = now
      buckets.set(client, bucket)
      // A write that is back up to rounding is back.
      if (bucket.left < 1 - 1e-9) return Effect.fail(exceeded(limit, (1 - bucket.left) * 60 / limit))
      bucket.left -= 1
      return Effect.void
    })
})

/** @param wait seconds until the client has a write again */
const exceeded = (limit: number, wait: number): HttpServerResponse =>
  JsonResponse.json(429, {
    error: "too_many_writes",
    message: "the client changed more than http.writesPerMinute allows; wait as Retry-After says",
    limit
  }, { "retry-after": String(Math.max(1, Math.ceil(wait - 1e-6))) })

/**
 * Limits how many requests of one client may change something.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import * as JsonResponse from "./JsonResponse.ts"

/** Counts a write of a client. Fails with the answer if the client has none left. */
export type WriteLimit = (client: string) => Effect.Effect<void, HttpServerResponse>

const window = Duration.minutes(1)

/** Makes the limit of the option `http.writesPerMinute`. A client may use the writes of a minute at once. */
export const make: Effect.Effect<WriteLimit> = Effect.gen(function*() {
  const { http: { writesPerMinute: limit } } = yield* TelemetryConfig.Current
  if (limit === 0) return () => Effect.void
  const limiter = yield* RateLimiter.make
  return (key: string) =>
    Effect.catch(limiter.consume({ algorithm: "token-bucket", key, limit, window }), ({ reason }) =>
      // The memory of the limiter cannot fail. If it did, the route would still answer.
      reason._tag === "RateLimitExceeded" ? Effect.fail(exceeded(limit, reason.retryAfter)) : Effect.void)
}).pipe(Effect.provide(RateLimiter.layerStoreMemory))

const exceeded = (limit: number, wait: Duration.Duration): HttpServerResponse =>
  JsonResponse.json(429, {
    error: "too_many_writes",
    message: "the client changed more than http.writesPerMinute allows; wait as Retry-After says",
    limit
  }, { "retry-after": String(Math.max(1, Math.ceil(Duration.toSeconds(wait)))) })

/**
 * The resource of everything that is sent: the configured service, and what was detected about its place.
 */
import * as Effect from "effect/Effect"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { DetectedResource } from "../internal/DetectedResource.ts"
import { redactService } from "../redaction/internal/redactNames.ts"
import * as Redaction from "../redaction/Redaction.ts"
import type * as Otlp from "./Otlp.ts"

/** Gives the resource, redacted. A configured attribute wins over a detected one. */
export const current: Effect.Effect<Otlp.Resource> = Effect.gen(function*() {
  const { service } = yield* TelemetryConfig.Current
  const attributes = { ...(yield* DetectedResource), ...service.attributes }
  return redactService({ ...service, attributes }, yield* Redaction.Current)
})

/**
 * The name of the service in a store, so that two services that share the store do not mix.
 */
import * as Effect from "effect/Effect"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"

/** Namespace and name, as parts of a URL path. */
export const current: Effect.Effect<string> = Effect.map(
  TelemetryConfig.Current,
  ({ service: { attributes, name } }) => groupOf(attributes["service.namespace"], name)
)

const groupOf = (namespace: unknown, name: string): string =>
  typeof namespace === "string" && namespace !== "" ? `${written(namespace)}/${written(name)}` : written(name)

/** Neither the separator nor the braces of a hash tag of Redis are left. */
const written = (text: string): string => encodeURIComponent(text.toWellFormed())

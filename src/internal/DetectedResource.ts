/**
 * What the runtime knows about the place where the program runs: host, process, container. The runtime provides it.
 */
import * as Context from "effect/Context"

/** Attributes of the resource. Numbers are whole numbers. */
export type ResourceAttributes = Readonly<Record<string, string | number>>

/** What was detected; nothing outside of a telemetry layer. */
export const DetectedResource: Context.Reference<ResourceAttributes> = Context.Reference<ResourceAttributes>(
  "tasker-telemetry/internal/DetectedResource",
  { defaultValue: () => ({}) }
)

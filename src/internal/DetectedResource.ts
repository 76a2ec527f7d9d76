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

/** The attribute `service.instance.id` of this process, if it is known. Configured attributes win. */
export const instanceIdOf = (configured: ResourceAttributes, detected: ResourceAttributes): string | undefined => {
  const id = configured["service.instance.id"] ?? detected["service.instance.id"]
  return id === undefined ? undefined : String(id)
}

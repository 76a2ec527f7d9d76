/**
 * What tells the process of this instance from others. The runtime provides it.
 */
import * as Context from "effect/Context"

export interface InstanceIdentity {
  readonly host: string
  readonly pid: number
}

export const Current: Context.Reference<InstanceIdentity> = Context.Reference(
  "tasker-telemetry/export/internal/InstanceIdentity",
  { defaultValue: () => ({ host: "unknown", pid: 0 }) }
)

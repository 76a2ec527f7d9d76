/**
 * Whether log lines stay on this machine. Delivery reports its own trouble this way: a report that is sent would make the
 * trouble larger.
 */
import * as Context from "effect/Context"

export const LocalLog: Context.Reference<boolean> = Context.Reference<boolean>("tasker-telemetry/internal/LocalLog", {
  defaultValue: () => false
})

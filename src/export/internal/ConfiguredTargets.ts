/**
 * The targets of the option `export.targets`.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { toDuration } from "../../config/internal/durationInput.ts"
import * as Declaration from "../../config/internal/exportTarget.ts"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import type { Transport } from "../../delivery/Transport.ts"
import { MetricStore } from "../../metrics/MetricStore.ts"
import { ExportCoordinator } from "../ExportCoordinator.ts"
import type { ExportStrategy } from "../ExportStrategy.ts"
import * as ExportTarget from "../ExportTarget.ts"
import * as FileTarget from "./FileTarget.ts"
import * as HttpTarget from "./HttpTarget.ts"
import * as PushgatewayTarget from "./PushgatewayTarget.ts"
import * as RemoteWriteTarget from "./RemoteWriteTarget.ts"

/** Adds each target to the coordinator. Fails with the position of a target whose strategy is wrong. */
export const layer: Layer.Layer<
  never,
  TelemetryConfig.TelemetryConfigError,
  ExportCoordinator | MetricStore | Transport
> = Layer.effectDiscard(
  Effect.gen(function*() {
    const { export: { targets } } = yield* TelemetryConfig.Current
    const coordinator = yield* ExportCoordinator
    // The main thread has the metrics of its worker threads, so a worker thread exports nothing.
    if ((yield* MetricStore).measures !== "process") return
    for (const [index, declared] of targets.entries()) {
      yield* Effect.mapError(
        Effect.flatMap(make(declared), (target) => coordinator.add({ ...target, instances: declared.instances })),
        ({ message }) => new TelemetryConfig.TelemetryConfigError({ message: `export.targets[${index}]: ${message}` })
      )
    }
  })
)

const make = (
  declared: Declaration.ExportTarget
): Effect.Effect<ExportTarget.ExportTarget, never, Transport | Scope.Scope> => {
  const { isShared = true } = declared
  const shared = { name: Declaration.nameOf(declared), isShared, strategy: strategyOf(declared) }
  switch (declared.type) {
    case "file":
      return FileTarget.make({
        ...shared,
        path: declared.path,
        format: declared.format ?? "prometheus",
        keep: declared.keep ?? 0
      })
    case "http":
      return HttpTarget.make({
        ...shared,
        ...httpOf(declared),
        format: declared.format ?? "json",
        method: declared.method ?? "POST",
        compression: declared.compression ?? "none"
      })
    case "pushgateway":
      return PushgatewayTarget.make({
        ...shared,
        ...httpOf(declared),
        job: declared.job,
        grouping: declared.grouping ?? {},
        method: declared.method ?? "PUT",
        deleteOnShutdown: declared.deleteOnShutdown ?? false
      })
    case "remote_write":
      return RemoteWriteTarget.make({
        ...shared,
        ...httpOf(declared),
        version: declared.version ?? "1.0",
        labels: declared.labels ?? {},
        maximumSeries: declared.maximumSeries ?? 2000
      })
    case "console":
      return Effect.succeed(ExportTarget.console({ ...shared, format: declared.format ?? "prometheus" }))
  }
}

const strategyOf = ({ checkInterval, debounce, interval, ...rest }: Declaration.ExportTarget): ExportStrategy => ({
  ...rest,
  interval: toDuration(interval),
  checkInterval: toDuration(checkInterval),
  debounce: toDuration(debounce)
})

const httpOf = (
  { headers, password, timeout, token, url, username }: Extract<Declaration.ExportTarget, { readonly url: string }>
) => ({
  url,
  headers,
  username,
  password,
  token,
  timeout: toDuration(timeout)
})

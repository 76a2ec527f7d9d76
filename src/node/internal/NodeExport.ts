/**
 * The export of metrics as a program with Node has it.
 */
import * as Layer from "effect/Layer"
import { hostname } from "node:os"
import type * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import type { EventBus } from "../../events/EventBus.ts"
import * as ExportCoordinator from "../../export/ExportCoordinator.ts"
import * as ExporterRegistry from "../../export/ExporterRegistry.ts"
import * as ConfiguredTargets from "../../export/internal/ConfiguredTargets.ts"
import * as InstanceIdentity from "../../export/internal/InstanceIdentity.ts"
import type { MetricStore } from "../../metrics/MetricStore.ts"
import * as NodeExporterModules from "../NodeExporterModules.ts"
import * as NodeDelivery from "./NodeDelivery.ts"
import * as NodeExportFiles from "./NodeExportFiles.ts"

export type Services = ExporterRegistry.ExporterRegistry | ExportCoordinator.ExportCoordinator

/** Exports nothing. */
export const layerNoop: Layer.Layer<Services> = Layer.merge(ExporterRegistry.layerNoop, ExportCoordinator.layerNoop)

const identity = Layer.sync(InstanceIdentity.Current, () => ({ host: hostname(), pid: process.pid }))

/** The registry, the coordinator, and the targets of the configuration. */
export const layer = (
  fetch: Parameters<typeof NodeDelivery.layer>[0]
): Layer.Layer<Services, TelemetryConfig.TelemetryConfigError, MetricStore | EventBus> =>
  Layer.provide(ConfiguredTargets.layer, Layer.merge(NodeDelivery.layer(fetch), NodeExportFiles.layer)).pipe(
    Layer.provideMerge(Layer.provide(ExportCoordinator.layer, identity)),
    Layer.provideMerge(Layer.provide(ExporterRegistry.layer, NodeExporterModules.layer))
  )

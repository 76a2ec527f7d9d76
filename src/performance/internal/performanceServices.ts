/**
 * The services of the analysis of performance, as a telemetry layer has them.
 */
import * as Layer from "effect/Layer"
import type { EventBus } from "../../events/EventBus.ts"
import type { MetricStore } from "../../metrics/MetricStore.ts"
import * as PerformanceMonitor from "../PerformanceMonitor.ts"
import * as RunAnalysis from "../RunAnalysis.ts"
import * as RunRecords from "../RunRecords.ts"

export type Services = RunRecords.RunRecords | RunAnalysis.RunAnalysis | PerformanceMonitor.PerformanceMonitor

/** @param runRecords where records of runs are kept; the memory of the process by default */
export const layer = (
  runRecords: Layer.Layer<RunRecords.RunRecords, never, EventBus> = RunRecords.layer
): Layer.Layer<Services, never, EventBus | MetricStore> =>
  Layer.merge(Layer.provideMerge(RunAnalysis.layer, runRecords), PerformanceMonitor.layer)

export const layerNoop: Layer.Layer<Services> = Layer.mergeAll(
  RunRecords.layerNoop,
  RunAnalysis.layerNoop,
  PerformanceMonitor.layerNoop
)

/**
 * The metrics of workflows and of the runtime, declared once: type, name, help,
 * unit, attribute keys, buckets, and the event that records each one.
 *
 * **Details**
 *
 * An attempt is counted once, by the state that it led to. Its duration is
 * observed once, with that state as attribute. The original's counters of
 * completed, failed and cancelled tasks and steps are kept, too. `alias` says
 * what each of them repeats. Some of their attributes, such as the type of an
 * error, are only there. Ids are never attributes.
 *
 * @since 0.1.0
 */
import { clusterMetrics } from "./internal/catalog/clusterMetrics.ts"
import { loopMetrics } from "./internal/catalog/loopMetrics.ts"
import * as MetricEntry from "./internal/catalog/MetricEntry.ts"
import { operationMetrics } from "./internal/catalog/operationMetrics.ts"
import { resourceMetrics } from "./internal/catalog/resourceMetrics.ts"
import { runtimeMetrics } from "./internal/catalog/runtimeMetrics.ts"
import { sqlMetrics } from "./internal/catalog/sqlMetrics.ts"
import { stepMetrics } from "./internal/catalog/stepMetrics.ts"
import { taskMetrics } from "./internal/catalog/taskMetrics.ts"

/**
 * Upper bounds of the buckets of duration histograms, in seconds: from
 * milliseconds to an hour.
 *
 * @category constants
 * @since 0.1.0
 */
export const durationBuckets: ReadonlyArray<number> = MetricEntry.durationBuckets

/**
 * The declarations of the workflow metrics, by what they measure.
 *
 * @category catalog
 * @since 0.1.0
 */
export const catalog = { ...taskMetrics, ...stepMetrics, ...loopMetrics } as const

/**
 * The declarations of the metrics of the Node process, by what they measure.
 *
 * @category catalog
 * @since 0.1.0
 */
export const runtimeCatalog = runtimeMetrics

/**
 * The declarations of the metrics of SQL statements, by what they measure.
 *
 * @category catalog
 * @since 0.1.0
 */
export const sqlCatalog = sqlMetrics

/**
 * The metrics that a cluster adds to the metrics of its processes.
 *
 * @category catalog
 * @since 0.1.0
 */
export const clusterCatalog = clusterMetrics

/**
 * The metrics of measured operations.
 *
 * @see PerformanceMonitor
 * @category catalog
 * @since 0.1.0
 */
export const operationCatalog = operationMetrics

/**
 * The metrics of the connections and caches of a program.
 *
 * @see ConnectionMetrics
 * @see CacheMetrics
 * @category catalog
 * @since 0.1.0
 */
export const resourceCatalog = resourceMetrics

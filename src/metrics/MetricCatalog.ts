/**
 * The metrics of workflows and of the runtime they run in, declared once: type,
 * name, help, unit, attribute keys, buckets, and when each is recorded.
 *
 * **Details**
 *
 * An attempt is counted once, by the state it led to, and its duration once,
 * with that state as attribute. The original's counters of completed, failed and
 * cancelled tasks and steps are kept beside that; `alias` says what each of them
 * repeats, and where they have further attributes, such as the type of an error,
 * those are nowhere else. Ids are never attributes.
 *
 * @since 0.1.0
 */
import { clusterMetrics } from "./internal/catalog/clusterMetrics.ts"
import { loopMetrics } from "./internal/catalog/loopMetrics.ts"
import * as MetricEntry from "./internal/catalog/MetricEntry.ts"
import { runtimeMetrics } from "./internal/catalog/runtimeMetrics.ts"
import { stepMetrics } from "./internal/catalog/stepMetrics.ts"
import { taskMetrics } from "./internal/catalog/taskMetrics.ts"

/**
 * Upper bounds, in seconds, of the buckets of the duration histograms: from
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
 * The metrics that a cluster adds to those of its processes.
 *
 * @category catalog
 * @since 0.1.0
 */
export const clusterCatalog = clusterMetrics

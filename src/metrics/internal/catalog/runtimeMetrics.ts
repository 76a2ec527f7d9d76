/**
 * Metrics of the Node process: event loop, garbage collector, heap, processor,
 * memory. Names and attributes are from OpenTelemetry's semantic conventions, as
 * Prometheus writes them.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/runtime/nodejs-metrics/
 * @see https://opentelemetry.io/docs/specs/semconv/runtime/v8js-metrics/
 * @see https://opentelemetry.io/docs/specs/semconv/system/process-metrics/
 */
import { RuntimeMetricName } from "../../../Conventions.ts"
import { type MetricEntry, pauseBuckets } from "./MetricEntry.ts"

const read = "when metrics are read"
const window = "when metrics are read, for the last whole window of at least 10 seconds"

const delay = <const Name extends string>(name: Name, which: string) =>
  ({
    type: "gauge",
    name,
    help: `${which} time the event loop was late, seen by a timer of 100 ms.`,
    unit: "seconds",
    attributes: [],
    recorded: window
  }) as const

const heapSpace = <const Name extends string>(name: Name, help: string) =>
  ({ type: "gauge", name, help, unit: "bytes", attributes: ["v8js_heap_space_name"], recorded: read }) as const

export const runtimeMetrics = {
  delayMin: delay(RuntimeMetricName.delayMin, "Shortest"),
  delayMax: delay(RuntimeMetricName.delayMax, "Longest"),
  delayMean: delay(RuntimeMetricName.delayMean, "Mean"),
  delayStddev: delay(RuntimeMetricName.delayStddev, "Standard deviation of the"),
  delayP50: delay(RuntimeMetricName.delayP50, "Median of the"),
  delayP90: delay(RuntimeMetricName.delayP90, "90th percentile of the"),
  delayP99: delay(RuntimeMetricName.delayP99, "99th percentile of the"),
  utilization: {
    type: "gauge",
    name: RuntimeMetricName.utilization,
    help: "Share of the time in which the event loop was not waiting.",
    unit: "ratio",
    attributes: [],
    recorded: window
  },
  loopTime: {
    type: "counter",
    name: RuntimeMetricName.loopTime,
    help: "Time the event loop was active or idle.",
    unit: "seconds",
    attributes: ["nodejs_eventloop_state"],
    recorded: read
  },
  gcDuration: {
    type: "histogram",
    name: RuntimeMetricName.gcDuration,
    help: "Pauses of the garbage collector by its type: minor, major, incremental or weakcb.",
    unit: "seconds",
    attributes: ["v8js_gc_type"],
    buckets: pauseBuckets,
    recorded: "after each collection"
  },
  heapUsed: heapSpace(RuntimeMetricName.heapUsed, "Memory of the V8 heap that is in use, by space."),
  heapSpaceSize: heapSpace(RuntimeMetricName.heapSpaceSize, "Memory that is reserved for each space of the V8 heap."),
  heapSpaceAvailable: heapSpace(
    RuntimeMetricName.heapSpaceAvailable,
    "Memory of each space of the V8 heap that is reserved and not in use."
  ),
  heapSpacePhysical: heapSpace(
    RuntimeMetricName.heapSpacePhysical,
    "Memory that the system has given to each space of the V8 heap."
  ),
  heapLimit: {
    type: "gauge",
    name: RuntimeMetricName.heapLimit,
    help: "Size of the V8 heap beyond which the process ends.",
    unit: "bytes",
    attributes: [],
    recorded: read
  },
  cpuTime: {
    type: "counter",
    name: RuntimeMetricName.cpuTime,
    help: "Processor time of the process, for itself (user) and in the kernel (system).",
    unit: "seconds",
    attributes: ["cpu_mode"],
    recorded: read
  },
  memory: {
    type: "gauge",
    name: RuntimeMetricName.memory,
    help: "Resident memory of the process.",
    unit: "bytes",
    attributes: [],
    recorded: read
  },
  uptime: {
    type: "gauge",
    name: RuntimeMetricName.uptime,
    help: "Time since the process started.",
    unit: "seconds",
    attributes: [],
    recorded: read
  },
  startTime: {
    type: "gauge",
    name: RuntimeMetricName.startTime,
    help: "When the process started, since the epoch.",
    unit: "seconds",
    attributes: [],
    recorded: read
  },
  activeResources: {
    type: "gauge",
    name: RuntimeMetricName.activeResources,
    help: "Handles and requests that keep the event loop alive, by type.",
    attributes: ["type"],
    recorded: read
  },
  version: {
    type: "info",
    name: RuntimeMetricName.version,
    help: "Version of Node.",
    attributes: ["version"],
    recorded: "when the layer is built"
  }
} as const satisfies Readonly<Record<string, MetricEntry>>

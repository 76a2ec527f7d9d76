/**
 * Records the metrics of workflows from the events that tasks and steps publish.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { EventBus } from "../../../events/EventBus.ts"
import * as EventMetrics from "../../EventMetrics.ts"
import { MetricStore } from "../../MetricStore.ts"
import { ErrorTypes } from "./ErrorTypes.ts"
import { runningRules } from "./runningRules.ts"
import { stepRules } from "./stepRules.ts"
import { loopRules, taskRules } from "./taskRules.ts"

/**
 * Declares the workflow metrics and records every event. The sampling of traces
 * and the levels of logs do not change the metrics.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, EventBus | MetricStore> = Layer.unwrap(
  Effect.gen(function*() {
    const store = yield* MetricStore
    const errorTypes = new ErrorTypes()
    const running = yield* runningRules(store)
    const rules = [...taskRules(store, errorTypes), ...loopRules(store), ...stepRules(store, errorTypes), ...running]
    return EventMetrics.layer("metrics", () => rules)
  })
)

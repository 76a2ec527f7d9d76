/**
 * The operations that dashboards of Tasker's plan look for, and the events that are the same thing here.
 */
import { Attribute, PlanOperation, SpanName } from "../../Conventions.ts"
import * as Finding from "./Finding.ts"
import type { StoredSpan } from "./storedSpans.ts"

/** Looks for each operation: as a span, or as a span event. */
export const expectOperations = (spans: ReadonlyArray<StoredSpan>): ReadonlyArray<Finding.Finding> =>
  Object.entries(PlanOperation).map(([event, operation]) => {
    const asSpans = spans.filter(({ name }) => name === operation).length
    const asEvents = spans.flatMap(({ events }) =>
      events
    ).filter(({ attributes, name }) => attributes[Attribute.event] === event || name === event).length
    const check = `operation ${operation}`
    // The event of the end of a loop has a log line alone, and the loop has a span.
    const loops = operation === "workflow.executed"
      ? spans.filter(({ name }) =>
        name === SpanName.orchestration
      ).length
      : 0
    if (asSpans > 0) {
      return Finding.ok(check, `${asSpans} spans (tracing.planOperations)`)
    }
    if (loops > 0) {
      return Finding.ok(
        check,
        `${loops} spans ${SpanName.orchestration}; tracing.planOperations makes spans of this name`
      )
    }
    return asEvents > 0
      ? Finding.ok(check, `${asEvents} span events ${event}; tracing.planOperations makes spans of them`)
      : Finding.failed(
        check,
        `a span event ${event}, or a span ${operation} with tracing.planOperations`,
        "neither",
        "look at events.filtered, events.samplingRate and tracing.limits.eventCount"
      )
  })

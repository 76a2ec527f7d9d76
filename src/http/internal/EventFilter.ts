/**
 * Which events a client of the event stream asks for, by the parameters of its address.
 */
import * as Effect from "effect/Effect"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type { EventEnvelope } from "../../events/EventEnvelope.ts"
import * as EventPattern from "../../events/internal/EventPattern.ts"
import type { Query } from "./api/events.ts"
import * as JsonResponse from "./JsonResponse.ts"

/** What a client asks for. */
export interface EventFilter {
  /** Patterns of names; empty for all events. */
  readonly events: ReadonlyArray<string>
  /** The only run whose events are sent. */
  readonly taskId: string | undefined
  /** Tells by its name whether an event may be sent. */
  readonly accepts: (name: string) => boolean
  /** Tells whether an accepted event is of the run. */
  readonly isOfTask: (event: EventEnvelope) => boolean
}

/** Makes the filter that the parameters ask for. A name that no event has is answered 400. */
export const read = Effect.fnUntraced(function*(
  { domain, event, task }: Query
): Effect.fn.Return<EventFilter, HttpServerResponse> {
  const events = [...itemsOf(event), ...itemsOf(domain).map((name) => `${name}.*`)]
  const unknown = EventPattern.unknownFilters(events)
  if (unknown.length > 0) {
    return yield* Effect.fail(JsonResponse.invalidRequest(
      events.filter((pattern) => EventPattern.unknownFilters([pattern]).length > 0).map((pattern) => ({
        path: pattern.endsWith(".*") && itemsOf(event).every((name) => name !== pattern) ? "domain" : "event",
        message: `no event matches ${JSON.stringify(pattern)}`
      }))
    ))
  }
  return make(events, task)
})

/** Makes a filter. */
const make = (events: ReadonlyArray<string>, taskId: string | undefined): EventFilter => {
  const patterns = events.map(EventPattern.compile)
  return {
    events,
    taskId,
    accepts: patterns.length === 0 ? () => true : (name) => patterns.some((matches) => matches(name)),
    isOfTask: taskId === undefined
      ? () => true
      : ({ payload }) => "taskId" in payload && payload.taskId === taskId
  }
}

/** Names may be repeated parameters, or stand in one with commas between them. */
const itemsOf = (given: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  given.flatMap((text) => text.split(",").map((item) => item.trim()).filter((item) => item !== ""))

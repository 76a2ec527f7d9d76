/**
 * Which events a client of the event stream asks for, by the parameters of its address.
 */
import * as Effect from "effect/Effect"
import { ParsedSearchParams } from "effect/http/HttpServerRequest"
import * as Schema from "effect/Schema"
import type { EventEnvelope } from "../../events/EventEnvelope.ts"
import * as EventPattern from "../../events/internal/EventPattern.ts"
import { issuesOf } from "../../internal/schemaIssues.ts"
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

const longestText = 1024

const Text = Schema.String.check(Schema.isBetweenLength(1, longestText))
const Texts = Schema.optionalKey(Schema.Union([Text, Schema.Array(Text)]))

// Without this, a misspelt `task` would show the events of all runs.
const readParameters = Schema.decodeUnknownEffect(
  Schema.Struct({ event: Texts, domain: Texts, task: Schema.optionalKey(Text) }),
  { errors: "all", onExcessProperty: "error" }
)

/** Reads the parameters `event`, `domain` and `task`. Answers 400 to others, and to a name that no event has. */
export const read = Effect.gen(function*() {
  const { domain, event, task } = yield* readParameters(yield* ParsedSearchParams).pipe(
    Effect.mapError((error) => JsonResponse.invalidRequest(issuesOf(error.issue)))
  )
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
const itemsOf = (given: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  (typeof given === "string" ? [given] : given ?? []).flatMap((text) =>
    text.split(",").map((item) => item.trim()).filter((item) => item !== "")
  )

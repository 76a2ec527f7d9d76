/**
 * The query of `GET /tasks`: which runs a client looks for.
 */
import * as Effect from "effect/Effect"
import { ParsedSearchParams } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { readCursor, type SearchOptions, sorts } from "../../workflow/internal/taskSearch.ts"
import { TaskState } from "../../workflow/internal/TaskState.ts"
import { durationParameter, millisOf } from "./durationParameter.ts"
import * as JsonResponse from "./JsonResponse.ts"

const longestText = 256

const text = (description: string) =>
  Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, longestText)).annotate({ description }))

const oneOf = <const Names extends ReadonlyArray<string>>(names: Names) =>
  Schema.Literals(names).annotate({ message: `Expected one of ${names.join(", ")}` })

const flag = (description: string) => Schema.optionalKey(oneOf(["true", "false"]).annotate({ description }))

const wholeNumber = (minimum: number, maximum: number, description: string) =>
  Schema.optionalKey(
    Schema.String.annotate({ description }).check(Schema.isPattern(/^\d+$/, { message: "Expected a whole number" }))
      .pipe(
        Schema.decodeTo(Schema.FiniteFromString.check(Schema.isBetween({ minimum, maximum })))
      )
  )

/** One value, or several if the parameter is given several times. */
const several = <S extends Schema.Codec<string, string>>(item: S, description: string) =>
  Schema.optionalKey(Schema.Union([item, Schema.Array(item)]).annotate({ description }))

const age = (description: string) => Schema.optionalKey(durationParameter(description))

const Tag = Schema.String.check(
  Schema.isPattern(/^[^:]+:/, { message: "Expected the name of a tag, a colon and its value: region:eu" }),
  Schema.isMaxLength(longestText)
)

/** The parameters of a search. */
export const query = {
  task: text("Only runs of this task."),
  version: text("Only runs of this version."),
  state: several(oneOf(TaskState.literals), "Only runs in this state, or in one of several."),
  tag: several(Tag, "Only runs with this tag, as name:value, or with all of several."),
  errorType: text("Only runs that failed with an error of this type."),
  instance: text("Only runs of the process with this service.instance.id."),
  initiator: text("Only runs that this initiator started."),
  reason: text("Only runs that were started for this reason."),
  olderThan: age("Only runs that were created before the last such time: 1 hour, or milliseconds."),
  newerThan: age("Only runs that were created in the last such time: 1 hour, or milliseconds."),
  retrying: flag("Only runs with a step that is tried again."),
  waiting: flag("Only runs with a step that waits for a slot."),
  sort: Schema.optionalKey(oneOf(sorts).annotate({ description: "The order; newest without it." })),
  limit: wholeNumber(1, 100, "Runs of a page; 20 without it, 100 at most."),
  offset: wholeNumber(0, Number.MAX_SAFE_INTEGER, "Runs before the page."),
  cursor: Schema.optionalKey(Schema.String.annotate({ description: "The place of the page, from the answer before." }))
}

/** The decoded parameters. */
export type Query = Schema.Struct.Type<typeof query>

const names = Object.keys(query)

const refused = (path: string, message: string) => Effect.fail(JsonResponse.invalidRequest([{ path, message }]))

/**
 * Makes the search. An unknown parameter, two values of one tag, or a cursor of another order are answered 400 with what
 * is allowed.
 */
export const read = Effect.fnUntraced(function*(
  parameters: Query
): Effect.fn.Return<
  SearchOptions & { readonly limit: number; readonly offset: number },
  HttpServerResponse,
  ParsedSearchParams
> {
  // Without this, a misspelt filter would show the runs of all tasks.
  const unknown = Object.keys(yield* ParsedSearchParams).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    return yield* refused(unknown.slice(0, longestText), `Unknown parameter, expected one of ${names.join(", ")}`)
  }
  const { cursor, limit = 20, newerThan, offset = 0, olderThan, retrying, sort, state, tag = [], waiting, ...others } =
    parameters
  if (cursor !== undefined && Option.isNone(readCursor(sort ?? "newest", cursor))) {
    return yield* refused("cursor", "Expected the cursor of a page with the same sort")
  }
  const tags = new Map<string, string>()
  for (const pair of typeof tag === "string" ? [tag] : tag) {
    const colon = pair.indexOf(":")
    const [name, value] = [pair.slice(0, colon), pair.slice(colon + 1)]
    if ((tags.get(name) ?? value) !== value) return yield* refused("tag", "Expected one value for each tag of a run")
    tags.set(name, value)
  }
  return {
    ...others,
    state,
    tags: Object.fromEntries(tags),
    olderThan: olderThan === undefined ? undefined : millisOf(olderThan),
    newerThan: newerThan === undefined ? undefined : millisOf(newerThan),
    retrying: retrying === undefined ? undefined : retrying === "true",
    waiting: waiting === undefined ? undefined : waiting === "true",
    sort,
    limit,
    offset,
    cursor
  }
})

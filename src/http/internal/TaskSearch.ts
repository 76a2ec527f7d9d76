/**
 * The query of `GET /tasks`: which runs a client looks for.
 */
import * as Effect from "effect/Effect"
import { ParsedSearchParams } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { issuesOf } from "../../internal/schemaIssues.ts"
import { readCursor, type SearchOptions, sorts } from "../../workflow/internal/taskSearch.ts"
import { TaskState } from "../../workflow/internal/TaskState.ts"
import { DurationParameter, millisOf } from "./durationParameter.ts"
import * as JsonResponse from "./JsonResponse.ts"

const longestText = 256

const text = Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, longestText)))

const oneOf = <const Names extends ReadonlyArray<string>>(names: Names) =>
  Schema.Literals(names).annotate({ message: `Expected one of ${names.join(", ")}` })

const flag = Schema.optionalKey(oneOf(["true", "false"]))

const wholeNumber = (minimum: number, maximum: number) =>
  Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^\d+$/, { message: "Expected a whole number" })).pipe(
      Schema.decodeTo(Schema.FiniteFromString.check(Schema.isBetween({ minimum, maximum })))
    )
  )

/** One value, or several if the parameter is given several times. */
const several = <S extends Schema.Codec<string, string>>(item: S) =>
  Schema.optionalKey(Schema.Union([item, Schema.Array(item)]))

const Tag = Schema.String.check(
  Schema.isPattern(/^[^:]+:/, { message: "Expected the name of a tag, a colon and its value: region:eu" }),
  Schema.isMaxLength(longestText)
)

const fields = {
  task: text,
  version: text,
  state: several(oneOf(TaskState.literals)),
  tag: several(Tag),
  errorType: text,
  instance: text,
  olderThan: Schema.optionalKey(DurationParameter),
  newerThan: Schema.optionalKey(DurationParameter),
  retrying: flag,
  waiting: flag,
  sort: Schema.optionalKey(oneOf(sorts)),
  limit: wholeNumber(1, 100),
  offset: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  cursor: Schema.optionalKey(Schema.String)
}

const names = Object.keys(fields)

const decode = Schema.decodeUnknownEffect(Schema.Struct(fields), { errors: "all" })

const refused = (path: string, message: string) => Effect.fail(JsonResponse.invalidRequest([{ path, message }]))

/** Reads the query. A wrong or unknown parameter is answered 400, with what is allowed. */
export const read: Effect.Effect<
  SearchOptions & { readonly limit: number; readonly offset: number },
  HttpServerResponse,
  ParsedSearchParams
> = Effect.gen(function*() {
  const parameters = yield* ParsedSearchParams
  // Without this, a misspelt filter would show the runs of all tasks.
  const unknown = Object.keys(parameters).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    return yield* refused(unknown.slice(0, longestText), `Unknown parameter, expected one of ${names.join(", ")}`)
  }
  const { cursor, limit = 20, newerThan, offset = 0, olderThan, retrying, sort, state, tag = [], waiting, ...others } =
    yield* Effect.mapError(decode(parameters), (error) => JsonResponse.invalidRequest(issuesOf(error.issue)))
  if (cursor !== undefined && Option.isNone(readCursor(sort ?? "newest", cursor))) {
    return yield* refused("cursor", "Expected the cursor of a page with the same sort")
  }
  return {
    ...others,
    state,
    tags: Object.fromEntries((typeof tag === "string" ? [tag] : tag).map((pair) => {
      const colon = pair.indexOf(":")
      return [pair.slice(0, colon), pair.slice(colon + 1)]
    })),
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

/**
 * What the declaration of a route says besides its schemas: its meaning, who may
 * use it, and which refusals it has.
 */
import * as Context from "effect/Context"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import type { Access } from "./Authorization.ts"

/** What a route needs. A route without it is not mounted. */
export class Needs extends Context.Service<Needs, Access>()("tasker-telemetry/http/internal/RouteApi/Needs") {}

/** What the document names in place of {@link Needs}, where the handler checks more. One of the list is enough. */
export const DocumentedNeeds: Context.Reference<ReadonlyArray<Access> | undefined> = Context.Reference<
  ReadonlyArray<Access> | undefined
>("tasker-telemetry/http/internal/RouteApi/DocumentedNeeds", { defaultValue: () => undefined })

/** Whether the server's log has no lines about requests of a route. */
export const Quiet: Context.Reference<boolean> = Context.Reference<boolean>(
  "tasker-telemetry/http/internal/RouteApi/Quiet",
  { defaultValue: () => false }
)

/** Whether the handler of a route counts writes itself; else every request that is no `GET` is one. */
export const CountsWrites: Context.Reference<boolean> = Context.Reference<boolean>(
  "tasker-telemetry/http/internal/RouteApi/CountsWrites",
  { defaultValue: () => false }
)

interface About {
  /** One sentence for people. */
  readonly summary: string
  /** More about the route, as plain text. */
  readonly description?: string
  readonly access: Access
  /** What the document says in place of `access`. */
  readonly documentedAccess?: ReadonlyArray<Access>
  readonly isQuiet?: boolean
  readonly countsWrites?: boolean
  /** Whether an unknown parameter is answered 400: a misspelt filter would show more than was asked for. */
  readonly refusesUnknown?: boolean
}

/** Makes the annotations of a route. Every mistake in a query is told at once. */
export const about = (
  { access, countsWrites = false, description, documentedAccess, isQuiet = false, refusesUnknown = false, summary }:
    About
): Context.Context<never> =>
  OpenApi.annotations({ summary, description }).pipe(
    Context.add(Needs, access),
    Context.add(DocumentedNeeds, documentedAccess),
    Context.add(Quiet, isQuiet),
    Context.add(CountsWrites, countsWrites),
    Context.add(HttpApi.QueryParseOptions, {
      errors: "all",
      ...(refusesUnknown ? { onExcessProperty: "error" as const } : {})
    })
  )

/** The body of every answer of the 400s and 500s. Some have further members. */
export const Refusal = Schema.Struct({
  error: Schema.String.annotate({ description: "A code for programs." }),
  message: Schema.String.annotate({ description: "What to do, for people." }),
  issues: Schema.optionalKey(
    Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })).annotate({
      description: "Every mistake of a request that is answered 400."
    })
  )
}).annotate({ identifier: "Refusal", description: "Why a request is refused." })

/** Declares refusals. */
export const refusals = (...statuses: ReadonlyArray<number>): Array<typeof Refusal> =>
  statuses.map((status) => Refusal.pipe(HttpApiSchema.status(status)))

/**
 * The routes that are mounted under a prefix, and the answers to methods and
 * paths that none of them has.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerError } from "effect/http/HttpServerError"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Types from "effect/Types"
import * as JsonResponse from "./JsonResponse.ts"
import * as SecurityHeaders from "./SecurityHeaders.ts"

/** A route in the list of routes. */
export interface RouteEntry {
  readonly method: string
  readonly path: string
  /** One sentence for people. */
  readonly about: string
}

/** Routes of one part of the service. */
export type Group = HttpApiGroup.Constraint

/** The prefix of the routes, without a slash at the end. */
export const Prefix: Context.Reference<string> = Context.Reference("tasker-telemetry/http/internal/RouteTable/Prefix", {
  defaultValue: () => ""
})

/** Collects the groups of routes that are mounted under a prefix. */
export const Mounted: Context.Reference<Array<Group> | undefined> = Context.Reference<Array<Group> | undefined>(
  "tasker-telemetry/http/internal/RouteTable/Mounted",
  { defaultValue: () => undefined }
)

/** Makes the API of some groups. */
export const apiOf = (groups: ReadonlyArray<Group>): HttpApi.HttpApi<"tasker-telemetry", HttpApiGroup.Top> =>
  HttpApi.make("tasker-telemetry").add(...groups as [HttpApiGroup.Top])

/** Gives the routes of some groups. */
export const entriesOf = (groups: ReadonlyArray<Group>): ReadonlyArray<RouteEntry> => {
  const entries: Array<RouteEntry> = []
  HttpApi.reflect(apiOf(groups), {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { annotations, method, path } }) =>
      entries.push({ method, path, about: Context.getOrElse(annotations, OpenApi.Summary, () => "") })
  })
  return entries
}

/** Answers 405 if a route of the group has the path, but none has the path with this method. */
export const refuseOthers = (group: Group) =>
  Effect.flatMap(Prefix, (prefix) => whereNoRoute(methodRefusal(prefix, entriesOf([group]))))

/**
 * Answers 404 to every path under the prefix that no route has, unless the prefix is the root of the app. It may run
 * before {@link refuseOthers}, so it answers unknown methods in the same way.
 */
export const refuseUnknown = Effect.gen(function*() {
  const prefix = yield* Prefix
  const mounted = (yield* Mounted) ?? []
  if (prefix === "") return
  // Requests come after all routes are mounted.
  let routes: ReadonlyArray<RouteEntry> | undefined
  const notFound = JsonResponse.json(404, {
    error: "not_found",
    message: `no route has this path; GET ${prefix}/ lists the routes`
  })
  yield* whereNoRoute((request) =>
    routedPath(request.url).startsWith(`${prefix.toLowerCase()}/`)
      ? methodRefusal(prefix, routes ??= entriesOf(mounted))(request) ?? notFound
      : undefined
  )
})

/** The 405 for a path that routes have with other methods. */
const methodRefusal =
  (prefix: string, routes: ReadonlyArray<RouteEntry>) =>
  ({ method, url }: HttpServerRequest): HttpServerResponse | undefined => {
    const asked = segmentsOf(routedPath(url))
    const methods = routes
      .filter(({ path }) => isAt(segmentsOf(`${prefix}${path}`), asked))
      .flatMap(({ method }) => method === "GET" ? ["GET", "HEAD"] : [method])
    return methods.length === 0 || methods.includes(method) ? undefined : methodNotAllowed(methods)
  }

/** Answers requests for which the router finds no route, if `answerOf` has an answer. */
const whereNoRoute = (answerOf: (request: HttpServerRequest) => HttpServerResponse | undefined) =>
  Effect.flatMap(
    HttpRouter.HttpRouter,
    (router) =>
      router.addGlobalMiddleware((app: Effect.Effect<HttpServerResponse, Types.unhandled>) =>
        Effect.catch(app, (error) => {
          const answer = isRouteNotFound(error) ? answerOf(error.reason.request) : undefined
          return answer === undefined ? Effect.fail(error) : Effect.succeed(SecurityHeaders.add(answer))
        })
      )
  )

const isRouteNotFound = (error: unknown): error is HttpServerError =>
  error instanceof HttpServerError && error.reason._tag === "RouteNotFound"

const methodNotAllowed = (methods: ReadonlyArray<string>) => {
  const allow = methods.join(", ")
  return JsonResponse.json(405, { error: "method_not_allowed", message: `this path takes ${allow}` }, { allow })
}

/** The path as the router compares it: in lower case, without query, doubled slashes and a slash at its end. */
export const routedPath = (url: string): string =>
  url.replace(/[?#;].*$/s, "").replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1").toLowerCase()

const segmentsOf = (path: string): ReadonlyArray<string> => path.toLowerCase().split("/").filter((part) => part !== "")

/** A segment such as `:id` stands for any text. */
const isAt = (pattern: ReadonlyArray<string>, path: ReadonlyArray<string>): boolean =>
  pattern.length === path.length && pattern.every((part, index) => part.startsWith(":") || part === path[index])

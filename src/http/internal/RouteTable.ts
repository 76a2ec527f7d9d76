/**
 * Mounts routes: checks who may use a route, answers defects, and refuses unknown
 * methods and paths.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerError } from "effect/http/HttpServerError"
import { HttpServerRequest, type ParsedSearchParams } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"
import type * as Types from "effect/Types"
import * as Authorization from "./Authorization.ts"
import * as JsonResponse from "./JsonResponse.ts"
import * as SecurityHeaders from "./SecurityHeaders.ts"
import * as WriteLimit from "./WriteLimit.ts"

/** A route in the list of routes. */
export interface RouteEntry {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  readonly path: HttpRouter.PathInput
  /** One sentence for people. */
  readonly about: string
}

/** A route and its handler. An answer in the error channel is sent as it is. */
export interface Route extends RouteEntry {
  readonly access: Authorization.Access
  /** Whether the server's log has no lines about requests of this route. */
  readonly isQuiet?: boolean
  readonly handler: Effect.Effect<
    HttpServerResponse,
    HttpServerResponse,
    HttpServerRequest | HttpRouter.RouteContext | ParsedSearchParams | Scope.Scope
  >
}

/** The prefix of the routes, without a slash at the end. */
export const Prefix: Context.Reference<string> = Context.Reference("tasker-telemetry/http/internal/RouteTable/Prefix", {
  defaultValue: () => ""
})

/** Collects the routes that are mounted under a prefix. */
export const Listing: Context.Reference<Array<RouteEntry> | undefined> = Context.Reference<
  Array<RouteEntry> | undefined
>("tasker-telemetry/http/internal/RouteTable/Listing", { defaultValue: () => undefined })

/** Mounts routes. */
export const mount = Effect.fnUntraced(function*(routes: ReadonlyArray<Route>) {
  const router = yield* HttpRouter.HttpRouter
  const listing = yield* Listing
  const { check } = yield* Authorization.make
  const limit = yield* WriteLimit.make
  for (const { access, handler, isQuiet = false, method, path, ...entry } of routes) {
    const protectedHandler = protect(handler, check(access), method === "GET" ? undefined : limit)
    const guarded = Effect.map(JsonResponse.guardHandler(protectedHandler), SecurityHeaders.add)
    yield* router.add(method, path, isQuiet ? HttpMiddleware.withLoggerDisabled(guarded) : guarded)
    listing?.push({ method, path, ...entry })
  }
  yield* refuseOthers(routes)
})

/** Lets a request pass if the client may use the route, and has writes left. */
const protect = (
  handler: Route["handler"],
  check: Authorization.Check,
  limit: WriteLimit.WriteLimit | undefined
): Route["handler"] =>
  HttpServerRequest.pipe(
    Effect.flatMap(check),
    Effect.flatMap((client) => limit === undefined ? Effect.void : limit(client)),
    Effect.andThen(handler)
  )

/** Answers 405 if a route has the path, but no route has the path with this method. */
const refuseOthers = (routes: ReadonlyArray<RouteEntry>) =>
  Effect.flatMap(Prefix, (prefix) => whereNoRoute(methodRefusal(prefix, routes)))

/**
 * Answers 404 to every path under the prefix that no route has, unless the prefix is the root of the app. It may run
 * before {@link refuseOthers}, so it answers unknown methods in the same way.
 */
export const refuseUnknown = Effect.gen(function*() {
  const prefix = yield* Prefix
  const listing = (yield* Listing) ?? []
  if (prefix === "") return
  const notFound = JsonResponse.json(404, {
    error: "not_found",
    message: `no route has this path; GET ${prefix}/ lists the routes`
  })
  yield* whereNoRoute((request) =>
    routedPath(request.url).startsWith(`${prefix.toLowerCase()}/`)
      ? methodRefusal(prefix, listing)(request) ?? notFound
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

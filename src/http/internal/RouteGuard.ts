/**
 * What stands before and behind the handler of every route: authorisation, the
 * limit of writes, answers to mistakes and defects, and security headers.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpApiSchemaError } from "effect/http-api/HttpApiError"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { issuesOf } from "../../internal/schemaIssues.ts"
import * as Authorization from "./Authorization.ts"
import * as JsonResponse from "./JsonResponse.ts"
import * as RouteApi from "./RouteApi.ts"
import * as SecurityHeaders from "./SecurityHeaders.ts"
import * as WriteLimit from "./WriteLimit.ts"

/** Answers 400 with every mistake of a query. It stands directly before the handler. */
export class RouteErrors extends HttpApiMiddleware.Service<RouteErrors>()(
  "tasker-telemetry/http/internal/RouteGuard/RouteErrors",
  { error: RouteApi.refusals(500) }
) {}

const bearer: HttpApiSecurity.Http = HttpApiSecurity.annotateMerge(
  HttpApiSecurity.bearer,
  OpenApi.annotations({
    description: "A token of the option http.token or http.tokens, or one that the authorizer of the program takes."
  })
)

/** Lets a request pass if the client may use the route, and has writes left. It stands before all else. */
export class RouteAccess extends HttpApiMiddleware.Service<RouteAccess>()(
  "tasker-telemetry/http/internal/RouteGuard/RouteAccess",
  { security: { bearer }, error: RouteApi.refusals(401, 403, 429) }
) {}

const errors: Layer.Layer<RouteErrors> = Layer.succeed(
  RouteErrors,
  (handled) =>
    Effect.catch(handled, (error) =>
      HttpApiSchemaError.is(error)
        ? Effect.succeed(JsonResponse.invalidRequest(issuesOf(error.cause.issue)))
        : Effect.die(error))
)

const access: Layer.Layer<RouteAccess> = Layer.effect(
  RouteAccess,
  Effect.gen(function*() {
    const { check } = yield* Authorization.make
    const limit = yield* WriteLimit.make
    return RouteAccess.of({
      bearer: (handled, { endpoint }) => {
        const needs = Context.getUnsafe(endpoint.annotations, RouteApi.Needs)
        const isQuiet = Context.get(endpoint.annotations, RouteApi.Quiet)
        const isWrite = endpoint.method !== "GET" && !Context.get(endpoint.annotations, RouteApi.CountsWrites)
        const answer: Effect.Effect<HttpServerResponse, never, HttpServerRequest> = HttpServerRequest.pipe(
          Effect.flatMap(check(needs)),
          Effect.flatMap((client) => isWrite ? limit(client) : Effect.void),
          Effect.andThen(Effect.orDie(handled)),
          JsonResponse.guardHandler,
          Effect.map(SecurityHeaders.add)
        )
        return isQuiet ? HttpMiddleware.withLoggerDisabled(answer) : answer
      }
    })
  })
)

export const layer: Layer.Layer<RouteErrors | RouteAccess> = Layer.merge(errors, access)

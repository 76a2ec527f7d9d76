/**
 * Decides who may use a route: by the tokens of the options, or by the authorizer
 * of the program.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import * as Authorizer from "../Authorizer.ts"
import * as BearerToken from "./BearerToken.ts"
import * as JsonResponse from "./JsonResponse.ts"
import { isLocal } from "./LocalRequest.ts"

/**
 * What a route needs.
 *
 * - `open`: nothing. Everyone may use it.
 * - `read`: nothing, or with `http.authRequired` the scope. If `withMetrics`, also with `metrics.authRequired`.
 * - `write`: the scope. If no token is configured, programs on this machine may use it.
 */
export type Access =
  | { readonly kind: "open" }
  | { readonly kind: "read"; readonly scope: Authorizer.Scope; readonly withMetrics?: boolean }
  | { readonly kind: "write"; readonly scope: Authorizer.Scope }

/** Gives the name of the client, which is no secret, or the refusal. */
export type Check = (request: HttpServerRequest) => Effect.Effect<string, HttpServerResponse>

/** The rules in force. */
export interface Authorization {
  /** Whether a route may refuse a request. */
  readonly isProtected: (access: Access) => boolean
  /** Makes the check of a route. */
  readonly check: (access: Access) => Check
}

/** The rules that all routes under a prefix share, so that a failing authorizer is told once for all of them. */
export const Shared: Context.Reference<Authorization | undefined> = Context.Reference<Authorization | undefined>(
  "tasker-telemetry/http/internal/Authorization/Shared",
  { defaultValue: () => undefined }
)

/** Gives the shared rules, or makes them from the options, or from the authorizer if the program has one. */
export const make: Effect.Effect<Authorization> = Effect.gen(function*() {
  const shared = yield* Shared
  if (shared !== undefined) return shared
  const { http, metrics } = yield* TelemetryConfig.Current
  const authorize = yield* Authorizer.Authorizer
  return authorize === undefined ? byOptions(http, metrics) : byAuthorizer(authorize)
})

// --- By the tokens of the options ---

const anyone = "anyone"
const local = "this machine"

/** Makes the rules from the options. */
const byOptions = (
  http: Pick<TelemetryConfig.TelemetryConfig["http"], "authRequired" | "token" | "tokens">,
  metrics: Pick<TelemetryConfig.TelemetryConfig["metrics"], "authRequired">
): Authorization => {
  const holderOf = BearerToken.finder(http)
  const hasTokens = http.token !== undefined || http.tokens.length > 0

  const isProtected = (access: Access): boolean =>
    access.kind === "write" ||
    access.kind === "read" && (http.authRequired || access.withMetrics === true && metrics.authRequired)

  const decide = (access: Access) => (request: HttpServerRequest): Result.Result<string, HttpServerResponse> => {
    if (access.kind === "open" || !isProtected(access)) return Result.succeed(anyone)
    if (access.kind === "write" && !hasTokens) return isLocal(request) ? Result.succeed(local) : Result.fail(notLocal)
    const holder = holderOf(request)
    if (holder === undefined) return Result.fail(unauthorized)
    return holder.scopes.has(access.scope)
      ? Result.succeed(holder.client)
      : Result.fail(insufficientScope(access.scope))
  }
  return { isProtected, check: (access) => (request) => Effect.fromResult(decide(access)(request)) }
}

const notLocal = JsonResponse.json(403, {
  error: "forbidden",
  message: "without http.token, writing routes answer direct requests from this machine only"
})

/** The answer to a missing or wrong token. */
const unauthorized: HttpServerResponse = JsonResponse.json(401, {
  error: "unauthorized",
  message: "send a token of the options http.token and http.tokens in the header \"authorization: Bearer <token>\""
}, { "www-authenticate": "Bearer" })

/** The answer to a token that is for other routes. */
const insufficientScope = (scope: Authorizer.Scope): HttpServerResponse =>
  JsonResponse.json(403, {
    error: "insufficient_scope",
    message: `send a token that has the scope "${scope}"`,
    scope
  }, { "www-authenticate": `Bearer error="insufficient_scope", scope="${scope}"` })

// --- By the authorizer of the program ---

/** Longest time of a decision. */
const limit = Duration.seconds(5)

const byAuthorizer = (authorize: Authorizer.Authorize): Authorization => {
  let isFailing = false

  /** A failure is told once, until a decision succeeds again. */
  const failed = (cause: Cause.Cause<unknown>) =>
    Effect.andThen(
      isFailing ? Effect.void : Effect.logError("the authorizer of the HTTP routes fails", cause),
      Effect.suspend(() => {
        isFailing = true
        return Effect.fail(notDecided)
      })
    )

  const check = (access: Access): Check => {
    if (access.kind === "open") return () => Effect.succeed(anyone)
    const { scope } = access
    return (request) => {
      const token = BearerToken.presented(request)
      const question = { scope, request, token: token === "" ? undefined : Redacted.make(token) }
      return Effect.suspend(() => authorize(question)).pipe(
        Effect.timeout(limit),
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause as Cause.Cause<never>) : failed(cause)
        ),
        Effect.flatMap((decision) => {
          isFailing = false
          return decision === "allowed"
            ? Effect.succeed("authorizer")
            : Effect.fail(decision === "forbidden" ? insufficientScope(scope) : unauthenticated)
        })
      )
    }
  }
  return { isProtected: ({ kind }) => kind !== "open", check }
}

const unauthenticated = JsonResponse.json(401, {
  error: "unauthorized",
  message: "send credentials that the service knows, in the header \"authorization\""
}, { "www-authenticate": "Bearer" })

const notDecided = JsonResponse.json(503, {
  error: "authorization_failed",
  message: "the service cannot decide now who may use this route; its log says why"
}, { "retry-after": "5" })

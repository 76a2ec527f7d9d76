/**
 * Decides who may use the HTTP routes, in place of the tokens of the options.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as Redacted from "effect/Redacted"
import type * as HttpTokens from "../config/internal/httpTokens.ts"

/**
 * What a route needs: the part of the service, and whether the route reads or changes it.
 *
 * **Details**
 *
 * | scope            | routes                                                    |
 * | ---------------- | --------------------------------------------------------- |
 * | `api:read`       | the list of routes, the OpenAPI document, its page        |
 * | `health:read`    | `/health/status`                                          |
 * | `metrics:read`   | `/metrics`, `/metrics/status`                             |
 * | `exports:write`  | `/metrics/export`, `/metrics/sync`                        |
 * | `tasks:read`     | reading tasks                                             |
 * | `tasks:write`    | starting, changing and cancelling tasks                   |
 * | `events:read`    | `/events`                                                 |
 * | `analytics:read` | `/analytics/…`                                            |
 * | `logging:read`   | reading log levels                                        |
 * | `logging:write`  | changing log levels                                       |
 *
 * @category models
 * @since 0.1.0
 */
export type Scope = HttpTokens.Scope

/**
 * What an authorizer is asked about.
 *
 * @category models
 * @since 0.1.0
 */
export interface Question {
  /** What the route needs. */
  readonly scope: Scope
  /** The text after `Bearer` in the header `authorization`; `undefined` if the request has none. */
  readonly token: Redacted.Redacted<string> | undefined
  readonly request: HttpServerRequest
}

/**
 * `allowed`: the request is handled. `unauthenticated`: the answer is 401, because it is unknown who asks. `forbidden`:
 * the answer is 403, because the client may not use the scope.
 *
 * @category models
 * @since 0.1.0
 */
export type Decision = "allowed" | "unauthenticated" | "forbidden"

/**
 * Decides about one request.
 *
 * @category models
 * @since 0.1.0
 */
export type Authorize = (question: Question) => Effect.Effect<Decision, unknown>

/**
 * Decides about each request of a route, if it is set.
 *
 * **When to use**
 *
 * Use to ask an identity provider, to check signed tokens, or to let a session of the app use the routes.
 * `TelemetryRoutes.layer({ authorize })` sets it for all routes. For single routes, provide the reference to their layers.
 *
 * **Details**
 *
 * With an authorizer, `http.token`, `http.tokens`, `http.authRequired` and `metrics.authRequired` have no effect: it is
 * asked about every request except those for `/health/live` and `/health/ready`. If it fails, dies, or does not answer
 * within five seconds, the request is answered 503. The log has the failure, once per outage.
 *
 * **Gotchas**
 *
 * The answers go to the client without the failure. All clients share the limit `http.writesPerMinute`.
 *
 * **Example** (One group of tokens for readers)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import * as Authorizer from "tasker-telemetry/http/Authorizer"
 *
 * declare const rolesOf: (token: string) => Effect.Effect<ReadonlyArray<string>, Error>
 *
 * const authorize: Authorizer.Authorize = ({ scope, token }) =>
 *   token === undefined
 *     ? Effect.succeed("unauthenticated")
 *     : Effect.map(rolesOf(Redacted.value(token)), (roles) =>
 *       roles.includes("operator") || (roles.includes("reader") && scope.endsWith(":read")) ? "allowed" : "forbidden")
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const Authorizer: Context.Reference<Authorize | undefined> = Context.Reference<Authorize | undefined>(
  "tasker-telemetry/http/Authorizer",
  { defaultValue: () => undefined }
)

/**
 * The options of the HTTP routes.
 */
import * as Schema from "effect/Schema"
import * as Option from "./configOption.ts"
import { scopes } from "./httpTokens.ts"

export const httpOptions = Schema.Struct({
  token: Option.secret({
    default: undefined,
    doc:
      "Bearer token for all routes. Writing routes need it, `GET /metrics` with `metrics.authRequired` needs it, and " +
      "all reading routes with `http.authRequired`. Without any token, writing routes answer on loopback only.",
    tasker: "auth.authentication_enabled"
  }),
  tokens: Option.tokens({
    default: [],
    doc: "Further bearer tokens, each with the scopes that it is for: `[{ \"token\": \"…\", \"scopes\": " +
      `["metrics:read"] }]\`. The scopes are ${
        scopes.map((scope) => `\`${scope}\``).join(", ")
      }. A token without the ` +
      "scope of a route is answered 403."
  }),
  authRequired: Option.boolean({
    default: false,
    doc: "Reading routes need a bearer token, too: metrics, tasks, status and the list of routes. `/health/live` and " +
      "`/health/ready` do not need it."
  }),
  writesPerMinute: Option.integer({ minimum: 0, maximum: 10_000_000 }, {
    default: 6000,
    doc: "Requests that change something, per minute and token. Further ones are answered 429 with `Retry-After`. " +
      "0: no limit."
  })
})

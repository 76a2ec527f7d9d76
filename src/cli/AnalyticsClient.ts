/**
 * Asks the analytics routes of a running service.
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as AnalyticsReport from "../http/AnalyticsReport.ts"
import { CliFailure, exitCodes } from "./CliFailure.ts"
import { refusal } from "./refusal.ts"

/** Where the service is, and the token for it. */
export interface Connection {
  /** Address of the routes with their prefix: `http://127.0.0.1:9464/tasker`. */
  readonly url: string
  readonly token: Option.Option<Redacted.Redacted<string>>
}

/** Which runs an analysis looks at. */
export interface Choice {
  readonly task?: string | undefined
  readonly version?: string | undefined
  readonly period?: string | undefined
}

/** Asks for the durations of tasks and steps. */
export const performance = (connection: Connection, choice: Choice) =>
  ask(connection, "/analytics/performance", choice, AnalyticsReport.Performance)

/** Asks for what to change. */
export const bottlenecks = (connection: Connection, choice: Choice) =>
  ask(connection, "/analytics/bottlenecks", choice, AnalyticsReport.Bottlenecks)

/** Asks what a run waits for. */
export const run = (connection: Connection, runId: string) =>
  ask(connection, `/analytics/runs/${encodeURIComponent(runId)}`, {}, AnalyticsReport.Run)

const longestWait = "30 seconds"

const ask = Effect.fnUntraced(function*<A>(
  { token, url }: Connection,
  path: string,
  choice: Choice,
  schema: Schema.Codec<A, unknown>
): Effect.fn.Return<A, CliFailure, HttpClient.HttpClient> {
  const { origin, pathname } = new URL(url)
  const address = `${origin}${pathname.replace(/\/+$/, "")}`
  const parameters = Object.entries(choice).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const request = HttpClientRequest.get(`${address}${path}`).pipe(
    HttpClientRequest.acceptJson,
    HttpClientRequest.setUrlParams(parameters),
    (request) => Option.isSome(token) ? HttpClientRequest.bearerToken(request, token.value) : request
  )
  const unreachable = (message: string) => new CliFailure({ exitCode: exitCodes.unreachable, message })
  const { body, status } = yield* HttpClient.execute(request).pipe(
    Effect.flatMap((response) => Effect.map(response.json, (body) => ({ body, status: response.status }))),
    Effect.timeout(longestWait),
    Effect.mapError((error) =>
      error._tag === "TimeoutError"
        ? unreachable(`no answer from ${address} within ${longestWait}`)
        : error.reason._tag === "TransportError"
        ? unreachable(`nothing answers at ${address}: start the service there, or give its address with --url`)
        : unreachable(`what answers at ${address} is no service of tasker-telemetry: give its address with --url`)
    )
  )
  if (status !== 200) return yield* Effect.fail(refusal(status, body, address))
  return yield* Effect.mapError(
    Schema.decodeUnknownEffect(schema)(body),
    () => unreachable(`what ${address} answers is not understood: use the version of the service`)
  )
})

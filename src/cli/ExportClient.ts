/**
 * Asks the routes of exports of a running service.
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as ExportReport from "../http/ExportReport.ts"
import { fieldOf } from "../internal/guard.ts"
import type { Connection } from "./AnalyticsClient.ts"
import { CliFailure, exitCodes } from "./CliFailure.ts"
import { refusal } from "./refusal.ts"

/** Asks for the state of targets and instances. */
export const status = (connection: Connection) =>
  Effect.flatMap(ask(connection, HttpClientRequest.get, "/metrics/status"), read(connection, ExportReport.Status))

/** Lets the instance share its metrics with the others. */
export const sync = (connection: Connection) =>
  Effect.flatMap(
    ask(connection, HttpClientRequest.post, "/metrics/sync", {}),
    read(connection, ExportReport.Synced)
  )

/** Lets the instance export to a target. */
export const exportTo = (connection: Connection, target: string) =>
  Effect.flatMap(
    ask(connection, HttpClientRequest.post, "/metrics/export", { target }),
    read(connection, ExportReport.Exported)
  )

/** Gives the metrics in a format. */
export const exportAs = Effect.fnUntraced(function*(connection: Connection, format: string) {
  const { contentType, text } = yield* ask(connection, HttpClientRequest.post, "/metrics/export", { format })
  if (contentType.startsWith("application/x-protobuf")) {
    return yield* new CliFailure({
      exitCode: exitCodes.usage,
      message: `format "${format}" is no text: take another one, such as otlp_json, or a target`
    })
  }
  return text
})

/** An export may take as long as `export.timeout`, which is 30 seconds by default, for each of its two parts. */
const longestWait = "90 seconds"

interface Answer {
  readonly contentType: string
  readonly text: string
}

const addressOf = ({ url }: Connection): string => {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(/\/+$/, "")}`
}

const unreachable = (message: string) => new CliFailure({ exitCode: exitCodes.unreachable, message })

const ask = Effect.fnUntraced(function*(
  connection: Connection,
  method: (url: string) => HttpClientRequest.HttpClientRequest,
  path: string,
  sent?: object
): Effect.fn.Return<Answer, CliFailure, HttpClient.HttpClient> {
  const address = addressOf(connection)
  const { token } = connection
  const request = method(`${address}${path}`).pipe(
    HttpClientRequest.acceptJson,
    (request) => sent === undefined ? request : HttpClientRequest.bodyJsonUnsafe(request, sent),
    (request) => Option.isSome(token) ? HttpClientRequest.bearerToken(request, token.value) : request
  )
  const { contentType, status, text } = yield* HttpClient.execute(request).pipe(
    Effect.flatMap((response) =>
      Effect.map(response.text, (text) => ({
        text,
        status: response.status,
        contentType: response.headers["content-type"] ?? ""
      }))
    ),
    Effect.timeout(longestWait),
    Effect.mapError((error) =>
      error._tag === "TimeoutError"
        ? unreachable(`no answer from ${address} within ${longestWait}`)
        : unreachable(`nothing answers at ${address}: start the service there, or give its address with --url`)
    )
  )
  if (status === 200) return { contentType, text }
  const body = Option.getOrElse(parse(text), () => ({}))
  const { exitCode, message } = refusal(status, body, address)
  return yield* new CliFailure({ exitCode: exitCodeOf.get(fieldOf(body, "error")) ?? exitCode, message })
})

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

/** What the errors of these routes mean. */
const exitCodeOf: ReadonlyMap<unknown, number> = new Map([
  ["export_failed", exitCodes.failed],
  ["unknown_target", exitCodes.notFound],
  ["unsupported_format", exitCodes.notFound],
  ["metrics_disabled", exitCodes.notFound]
])

const read = <A>({ url }: Connection, schema: Schema.Codec<A, unknown>) => ({ text }: Answer) =>
  Effect.mapError(
    Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text),
    () => unreachable(`what ${url} answers is not understood: use the version of the service`)
  )

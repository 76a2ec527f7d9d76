/**
 * JSON answers that no cache keeps and that tell nothing about the inside of the
 * service.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Issue } from "../../internal/schemaIssues.ts"

/** Makes a JSON answer. No cache may keep it, because states change. */
export const json = (
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status, headers: { "cache-control": "no-store", ...headers } })

/** The body of an answer that {@link json} has made. */
export const bodyOf = ({ body }: HttpServerResponse.HttpServerResponse): Readonly<Record<string, unknown>> =>
  body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(body.body)) : {}

/** Answers 400 with every mistake. */
export const invalidRequest = (issues: ReadonlyArray<Issue>): HttpServerResponse.HttpServerResponse =>
  json(400, { error: "invalid_request", message: "correct what the issues name and send it again", issues })

/** Answers 500. */
export const internalError: HttpServerResponse.HttpServerResponse = json(500, {
  error: "internal_error",
  message: "the log of the service says what failed"
})

/**
 * Makes a handler safe to mount. An answer in the error channel is sent as it is.
 * A defect is logged and answered with 500.
 */
export const guardHandler = <R>(
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, HttpServerResponse.HttpServerResponse, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  handler.pipe(
    Effect.catch((refusal) => Effect.succeed(refusal)),
    Effect.catchCauseIf(
      (cause) => !Cause.hasInterruptsOnly(cause),
      (cause) => Effect.as(Effect.logError("a request could not be handled", cause), internalError)
    )
  )

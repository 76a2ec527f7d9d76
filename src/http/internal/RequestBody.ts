/**
 * Reads a JSON body of a limited size, or answers what is wrong with the request.
 */
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import { HttpServerRequest, MaxBodySize } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { issuesOf } from "../../internal/schemaIssues.ts"
import * as JsonResponse from "./JsonResponse.ts"

/** Largest body in bytes. */
const maximumBytes = 1024 * 1024

/** Highest number of nested lists and objects in a body. Schemas decode each level on the stack. */
export const maximumDepth = 100

const tooDeep = JsonResponse.invalidRequest([{
  path: "",
  message: `the body has more than ${maximumDepth} levels of lists and objects`
}])
const tooLarge = JsonResponse.json(413, {
  error: "body_too_large",
  message: `send at most ${maximumBytes} bytes`,
  maximumBytes
})
const wrongType = JsonResponse.json(415, {
  error: "unsupported_media_type",
  message: "send JSON with the header \"content-type: application/json\"",
  expected: "application/json"
})

const jsonType = /^application\/json\s*(?:;|$)/i

/** Decodes the body by a schema. An answer in the error channel says what is wrong. */
export const readJson = <A>(
  schema: Schema.Codec<A, unknown>,
  options: Pick<SchemaAST.ParseOptions, "onExcessProperty"> = {}
): Effect.Effect<A, HttpServerResponse, HttpServerRequest> => {
  const decode = Schema.decodeUnknownEffect(schema, { errors: "all", ...options })
  return Effect.gen(function*() {
    const request = yield* HttpServerRequest
    if (!jsonType.test(request.headers["content-type"] ?? "")) return yield* Effect.fail(wrongType)
    if (Number(request.headers["content-length"] ?? 0) > maximumBytes) return yield* Effect.fail(tooLarge)
    const bytes = yield* request.arrayBuffer.pipe(
      Effect.provideService(MaxBodySize, ByteSize.fromInputUnsafe(maximumBytes)),
      Effect.mapError(({ reason }) =>
        reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
          ? tooLarge
          : JsonResponse.invalidRequest([{ path: "", message: "the body could not be read" }])
      )
    )
    const value = yield* Effect.try({
      try: (): unknown => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)),
      catch: () => JsonResponse.invalidRequest([{ path: "", message: "the body is not valid JSON" }])
    })
    if (isTooDeep(value)) return yield* Effect.fail(tooDeep)
    return yield* Effect.mapError(decode(value), (error) => JsonResponse.invalidRequest(issuesOf(error.issue)))
  })
}

/**
 * Whether a value has more than {@link maximumDepth} levels. Counts level by level, without recursion, so that a deep body
 * does not overflow the stack.
 */
export const isTooDeep = (value: unknown): boolean => {
  let level: ReadonlyArray<unknown> = [value]
  for (let depth = 0; depth < maximumDepth; depth++) {
    const next: Array<unknown> = []
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue
      for (const inner of Object.values(item)) next.push(inner)
    }
    if (next.length === 0) return false
    level = next
  }
  return level.some((item) => typeof item === "object" && item !== null)
}

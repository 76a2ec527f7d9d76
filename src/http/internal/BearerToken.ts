/**
 * The check of a bearer token.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 * @internal
 */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as Answer from "./JsonResponse.ts"

/** The answer to a missing or wrong token, which says how to send one. */
export const unauthorized: HttpServerResponse = Answer.json(401, {
  error: "unauthorized",
  message: "send the token that the option http.token has, in the header \"authorization: Bearer <token>\""
}, { "www-authenticate": "Bearer" })

/** Tells whether a request carries the token. Without a token to compare with, none does. */
export const verifier = (
  token: Redacted.Redacted<string> | undefined
): (request: HttpServerRequest) => boolean => {
  const expected = token === undefined ? noToken : new TextEncoder().encode(Redacted.value(token))
  return (request) => {
    const presented = credentials.exec(request.headers["authorization"] ?? "")?.[1] ?? ""
    return isEqual(presented, expected) && expected.length > 0
  }
}

const noToken = new Uint8Array()

/** The name of a scheme has no case. */
const credentials = /^bearer +(.*)$/i

/**
 * Compares in a time that depends on nothing but the length of what was
 * presented: no early end, and the expected bytes are gone through in a circle.
 * The characters of a header value are its bytes.
 */
const isEqual = (presented: string, expected: Uint8Array): boolean => {
  let difference = presented.length ^ expected.length
  for (let index = 0; index < presented.length; index++) {
    difference |= presented.charCodeAt(index) ^ (expected[index % expected.length] ?? 0)
  }
  return difference === 0
}

/**
 * Headers that tell browsers to do nothing with an answer but to show it.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** An answer is data, or a page without scripts. `cache-control`: states change, and answers may be private. */
const defaults: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY"
}

/** Adds the headers. An answer keeps the values that it has. */
export const add = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeaders(response, { ...defaults, ...response.headers })

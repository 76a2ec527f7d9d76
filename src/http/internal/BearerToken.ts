/**
 * Reads and compares bearer tokens.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Redacted from "effect/Redacted"
import { scopes as allScopes } from "../../config/internal/httpTokens.ts"
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import type { Scope } from "../Authorizer.ts"

/** A token of the options, and what it is for. */
export interface Holder {
  /** A name for the token that is no secret. */
  readonly client: string
  readonly scopes: ReadonlySet<Scope>
}

interface KnownToken extends Holder {
  readonly bytes: Uint8Array
}

/** The name of a scheme may be in letters of any case. */
const credentials = /^bearer +(.*)$/i

/** Gives the token of a request; an empty text if the request has none. */
export const presented = ({ headers }: HttpServerRequest): string =>
  credentials.exec(headers["authorization"] ?? "")?.[1] ?? ""

/** Finds the token that a request has. `undefined`: none of the options. */
export type Find = (request: HttpServerRequest) => Holder | undefined

/** Makes the look-up. Two entries with the same token are one token with the scopes of both. */
export const finder = ({ token, tokens }: Pick<TelemetryConfig["http"], "token" | "tokens">): Find => {
  const scopesOf = new Map<string, Set<Scope>>()
  const add = (text: string, scopes: ReadonlyArray<Scope>) =>
    scopesOf.set(text, new Set([...scopesOf.get(text) ?? [], ...scopes]))
  if (token !== undefined) add(Redacted.value(token), allScopes)
  for (const { scopes, token } of tokens) add(typeof token === "string" ? token : Redacted.value(token), scopes)
  const known = Array.from(scopesOf, ([text, scopes], index): KnownToken => ({
    client: `token ${index}`,
    scopes,
    bytes: new TextEncoder().encode(text)
  }))
  return (request) => {
    const given = presented(request)
    let found: Holder | undefined
    // Ending early would tell how many tokens come before the one that fits.
    for (const token of known) {
      if (isEqual(given, token.bytes)) found = token
    }
    return found
  }
}

/**
 * Compares in a time that depends only on the length of the presented text. It
 * never ends early. If the presented text is longer, it starts again with the
 * first expected byte. The characters of a header value are its bytes.
 */
const isEqual = (given: string, expected: Uint8Array): boolean => {
  let difference = given.length ^ expected.length
  for (let index = 0; index < given.length; index++) {
    difference |= given.charCodeAt(index) ^ (expected[index % expected.length] ?? 0)
  }
  return difference === 0 && expected.length > 0
}

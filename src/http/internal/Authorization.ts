/**
 * Decides who may use a route.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import * as JsonResponse from "./JsonResponse.ts"

/**
 * Who may use a route. `open`: everyone may. `read`: everyone, or with `http.authRequired` clients with the token.
 * `token`: clients with the token. `write`: clients with the token; if no token is configured, programs on this
 * machine.
 */
export type Access = "open" | "read" | "token" | "write"

/** Gives the refusal of a request; `undefined` for a request that may pass. */
export type Refuse = (request: HttpServerRequest) => HttpServerResponse | undefined

/** Makes the checks of every kind of access; `undefined` where no request is refused. */
export const make = (
  { authRequired, token }: TelemetryConfig["http"]
): Readonly<Record<Access, Refuse | undefined>> => {
  const verify = verifier(token)
  const withToken: Refuse = (request) => verify(request) ? undefined : unauthorized
  return {
    open: undefined,
    read: authRequired ? withToken : undefined,
    token: withToken,
    write: token === undefined ? (request) => isLocal(request) ? undefined : forbidden : withToken
  }
}

const forbidden = JsonResponse.json(403, {
  error: "forbidden",
  message: "without http.token, writing routes answer direct requests from this machine only"
})

/**
 * Whether a program on this machine made the request itself.
 *
 * The address of the peer is not enough: a proxy or a browser on this machine
 * passes on requests of others. A proxy adds its headers. A browser adds
 * `Origin`. A page can let its own name resolve to loopback. Then `Host` has that
 * name.
 */
const isLocal = (request: HttpServerRequest): boolean =>
  isLoopbackAddress(request.peerAddress) &&
  isLoopbackAddress(request.remoteAddress) &&
  proxyHeaders.every((name) => request.headers[name] === undefined) &&
  isLoopbackHost(request.headers["host"]) &&
  isLoopbackOrigin(request.headers["origin"])

const proxyHeaders = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]

/** A peer without an address, as on a Unix socket, may be on any machine. */
const isLoopbackAddress = (address: Option.Option<string>): boolean =>
  Option.isSome(address) && isLoopbackIp(address.value)

const isLoopbackIp = (text: string): boolean =>
  Result.match(NetAddress.ipFromString(text), {
    onFailure: () => false,
    onSuccess: (address) => NetAddress.isLoopback(NetAddress.toCanonical(address))
  })

const authority = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i

const isLoopbackHost = (host: string | undefined): boolean => {
  const found = authority.exec(host ?? "")
  const name = found?.[1] ?? found?.[2]
  return name !== undefined && (name.toLowerCase() === "localhost" || isLoopbackIp(name))
}

const originPattern = /^https?:\/\/([^/?#]+)$/i

/** Programs send no `Origin`. A page from a server on this machine may call. */
const isLoopbackOrigin = (origin: string | undefined): boolean =>
  origin === undefined || isLoopbackHost(originPattern.exec(origin)?.[1])

// --- Bearer tokens ---

/** The answer to a missing or wrong token. */
const unauthorized: HttpServerResponse = JsonResponse.json(401, {
  error: "unauthorized",
  message: "send the token that the option http.token has, in the header \"authorization: Bearer <token>\""
}, { "www-authenticate": "Bearer" })

/** Tells whether a request has the token. If no token is configured, no request has it. */
const verifier = (
  token: Redacted.Redacted<string> | undefined
): (request: HttpServerRequest) => boolean => {
  const expected = token === undefined ? noToken : new TextEncoder().encode(Redacted.value(token))
  return (request) => {
    const presented = credentials.exec(request.headers["authorization"] ?? "")?.[1] ?? ""
    return isEqual(presented, expected) && expected.length > 0
  }
}

const noToken = new Uint8Array()

/** The name of a scheme may be in letters of any case. */
const credentials = /^bearer +(.*)$/i

/**
 * Compares in a time that depends only on the length of the presented text. It
 * never ends early. If the presented text is longer, it starts again with the
 * first expected byte. The characters of a header value are its bytes.
 */
const isEqual = (presented: string, expected: Uint8Array): boolean => {
  let difference = presented.length ^ expected.length
  for (let index = 0; index < presented.length; index++) {
    difference |= presented.charCodeAt(index) ^ (expected[index % expected.length] ?? 0)
  }
  return difference === 0
}

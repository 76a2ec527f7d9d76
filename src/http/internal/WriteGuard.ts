/**
 * Who may change something over HTTP: whoever has the bearer token; without a
 * configured token, programs on the same machine.
 *
 * @internal
 */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as BearerToken from "./BearerToken.ts"
import * as Answer from "./JsonResponse.ts"

/** The refusal of a request that may not write, `undefined` for one that may. */
export const make = (
  token: Redacted.Redacted<string> | undefined
): (request: HttpServerRequest) => HttpServerResponse | undefined => {
  if (token === undefined) return (request) => isLocal(request) ? undefined : forbidden
  const verify = BearerToken.verifier(token)
  return (request) => verify(request) ? undefined : BearerToken.unauthorized
}

const forbidden = Answer.json(403, {
  error: "forbidden",
  message: "without http.token, writing routes answer direct requests from this machine only"
})

/**
 * A request that a program on this machine made by itself.
 *
 * The peer alone does not say so: a proxy on this machine speaks for others, and
 * so does a browser for the pages it shows. A proxy gives itself away by its
 * headers, a page by `Origin`, and a page that had its own name resolved to
 * loopback by `Host`.
 */
const isLocal = (request: HttpServerRequest): boolean =>
  isLoopbackAddress(request.peerAddress) &&
  isLoopbackAddress(request.remoteAddress) &&
  proxyHeaders.every((name) => request.headers[name] === undefined) &&
  isLoopbackHost(request.headers["host"]) &&
  isLoopbackOrigin(request.headers["origin"])

const proxyHeaders = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]

/** A peer without an address, as on a Unix socket, may be anybody. */
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

/** Programs send no `Origin`; pages of this machine's own servers may. */
const isLoopbackOrigin = (origin: string | undefined): boolean =>
  origin === undefined || isLoopbackHost(originPattern.exec(origin)?.[1])

/**
 * Tells requests of programs on this machine from others.
 */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

/**
 * Whether a program on this machine made the request itself.
 *
 * The address of the peer is not enough: a proxy or a browser on this machine
 * passes on requests of others. A proxy adds its headers. If it adds none, it
 * cannot be told from a program. A browser adds `Origin`. A page can let its own
 * name resolve to loopback. Then `Host` has that name.
 */
export const isLocal = (request: HttpServerRequest): boolean =>
  isLoopbackAddress(request.peerAddress) &&
  isLoopbackAddress(request.remoteAddress) &&
  !Object.keys(request.headers).some((name) => proxyHeader.test(name)) &&
  isLoopbackHost(request.headers["host"]) &&
  isLoopbackOrigin(request.headers["origin"])

/** Headers of proxies and of networks that deliver content. */
const proxyHeader =
  /^(?:forwarded|via|x-forwarded.*|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-.*|fastly-.*)$/

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

/**
 * The receiver of one signal, as the configuration describes it. Pure.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
 */
import type * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import type { TelemetryConfig } from "../config/TelemetryConfig.ts"
import { contentTypes, type Protocol } from "./Otlp.ts"

/** What is sent, as messages say it. */
export type Signal = "spans" | "metrics" | "log records"

export interface Receiver {
  readonly signal: Signal
  readonly url: string
  /** Whether each request is a line of JSON, in a file or on standard output. */
  readonly takesLines: boolean
  /** Names in lower case, without the headers that a request has anyway. */
  readonly headers: Readonly<Record<string, string>>
  /** Headers of the configuration that a request has anyway. */
  readonly ignoredHeaders: ReadonlyArray<string>
  /** Limit of one attempt. */
  readonly timeout: Duration.Duration
  readonly protocol: Protocol
  readonly contentType: string
  readonly compression: "none" | "gzip"
  /** How to send bodies that are no OTLP. */
  readonly plain?: PlainRequests
  readonly files: Readonly<Record<TlsFile, string | undefined>>
  /** The path of the option that a value of this receiver comes from. */
  readonly optionOf: (name: TlsFile | "compression" | "endpoint") => string
}

/** Requests that are no OTLP. A status of success says that the whole body was taken. */
export interface PlainRequests {
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE"
  readonly contentType: string
  /** Whether another attempt may succeed after an answer with a status. */
  readonly isRetryable: (status: number) => boolean
}

/** Options that name a file for TLS. */
export type TlsFile = "certificate" | "clientKey" | "clientCertificate"

/** The group of options of a signal; it is the last part of the signal's path as well. */
export const groups = { spans: "traces", metrics: "metrics", "log records": "logs" } as const

/** Headers that say how the body is sent. */
const ownHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "transfer-encoding"
])

/**
 * Gives the receiver of a signal, or `undefined` if the configuration has no address for it.
 *
 * **Details**
 *
 * An option of the signal takes the place of the general one. So a key for one receiver is never sent to another.
 */
export const of = ({ delivery }: TelemetryConfig, signal: Signal): Receiver | undefined => {
  const group = groups[signal]
  const own = delivery[group]
  const url = own.endpoint ?? (delivery.endpoint === undefined ? undefined : join(delivery.endpoint, group))
  if (url === undefined) return undefined
  const takesLines = isOfLines(url)
  const protocol = takesLines ? "http/json" : own.protocol ?? delivery.protocol
  const headers = Object.entries(Object.keys(own.headers).length > 0 ? own.headers : delivery.headers)
    .map(([name, value]) => [name.toLowerCase(), Redacted.value(value)] as const)
  return {
    signal,
    url,
    takesLines,
    headers: Object.fromEntries(headers.filter(([name]) => !ownHeaders.has(name))),
    ignoredHeaders: headers.map(([name]) => name).filter((name) => ownHeaders.has(name)),
    timeout: own.timeout ?? delivery.timeout,
    protocol,
    contentType: contentTypes[protocol],
    compression: takesLines ? "none" : own.compression ?? delivery.compression,
    files: {
      certificate: own.certificate ?? delivery.certificate,
      clientKey: own.clientKey ?? delivery.clientKey,
      clientCertificate: own.clientCertificate ?? delivery.clientCertificate
    },
    optionOf: (name) => own[name] === undefined ? `delivery.${name}` : `delivery.${group}.${name}`
  }
}

const isOfLines = (url: string): boolean => !/^https?:/.test(url)

/** The base URL with the path of the signal at the end of its path; a query stays behind it. A file has all signals. */
const join = (base: string, group: string): string => {
  if (isOfLines(base)) return base
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/${group}`
  return url.href
}

/** The address as messages show it: a query may hold a key. */
export const shownUrl = ({ url }: Pick<Receiver, "url">): string => url.replace(/[?#].*$/s, "")

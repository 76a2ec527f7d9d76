/**
 * Sorts what the platform says about a request without an answer. Pure.
 */
import { type FailureReason, TransportError } from "./Transport.ts"

const reasons: Readonly<Record<string, FailureReason>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "unknown_name",
  EAI_AGAIN: "unknown_name",
  EAI_FAIL: "unknown_name",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  EHOSTDOWN: "unreachable",
  ETIMEDOUT: "timed_out",
  UND_ERR_CONNECT_TIMEOUT: "timed_out",
  UND_ERR_HEADERS_TIMEOUT: "timed_out",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  UND_ERR_SOCKET: "reset",
  EPROTO: "tls",
  UNABLE_TO_GET_ISSUER_CERT: "tls",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls",
  SELF_SIGNED_CERT_IN_CHAIN: "tls",
  HOSTNAME_MISMATCH: "tls"
}

const families: ReadonlyArray<readonly [prefix: RegExp, reason: FailureReason]> = [
  [/^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|CRL_|INVALID_CA|INVALID_PURPOSE)/, "tls"],
  [/^(?:HPE_|HTTPParserError$)/, "malformed_answer"]
]

/** Describes the error that a client gave. `fetch` gives the telling error as the cause of a general one. */
export const describe = (error: unknown): TransportError => {
  const telling = propertyOf(error, "cause") ?? error
  const code = propertyOf(telling, "code") ?? propertyOf(telling, "name")
  const reason = typeof code === "string" ? reasonOf(code) : "other"
  const detail = reason === "other" ? propertyOf(telling, "message") ?? telling : code
  return new TransportError({ reason, detail: String(detail) })
}

const reasonOf = (code: string): FailureReason =>
  reasons[code] ?? families.find(([prefix]) => prefix.test(code))?.[1] ?? "other"

const propertyOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined

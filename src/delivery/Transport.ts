/**
 * Brings one request to a receiver. The runtime provides it: Node's own client, `fetch`, or a file.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { TelemetryConfigError } from "../config/TelemetryConfig.ts"
import type { Protocol } from "./Otlp.ts"
import type { Receiver } from "./Receiver.ts"

/** Why a request got no answer. */
export type FailureReason =
  | "refused"
  | "unknown_name"
  | "unreachable"
  | "tls"
  | "timed_out"
  | "reset"
  | "malformed_answer"
  | "other"

/** A request without an answer. It is not known whether the receiver has read it. */
export class TransportError extends Schema.TaggedError<TransportError>()("TransportError", {
  reason: Schema.Literals([
    "refused",
    "unknown_name",
    "unreachable",
    "tls",
    "timed_out",
    "reset",
    "malformed_answer",
    "other"
  ]),
  /** The code or message of the platform, such as `ECONNREFUSED`. */
  detail: Schema.String
}) {}

/** The body of an answer, as far as it was read. */
export interface AnswerBody {
  /** {@link longestAnswer} bytes at most. */
  readonly bytes: Uint8Array
  /** Whether the answer broke off before its end. */
  readonly isBroken: boolean
}

/** The head of an answer. */
export interface Answer {
  readonly status: number
  /** Header names are in lower case. */
  readonly header: (name: string) => string | undefined
  /** Reads the body; never fails. */
  readonly body: Effect.Effect<AnswerBody>
}

export interface Post {
  /** Sends one body. If the scope closes, the request ends in any state. */
  (body: Uint8Array<ArrayBuffer>, protocol: Protocol): Effect.Effect<Answer, TransportError, Scope.Scope>
  /**
   * Writes one body of the receiver's protocol without the event loop, when the process ends. Throws if the body was not
   * written whole. A network has no such way.
   */
  readonly atExit?: (body: Uint8Array<ArrayBuffer>) => void
}

/** Bytes of an answer that are read. */
export const longestAnswer = 65_536

export class Transport extends Context.Service<Transport, {
  /**
   * Prepares connections to one receiver. They are closed with the scope. Fails with the option's name if the runtime
   * cannot send what the receiver needs.
   */
  readonly connect: (receiver: Receiver) => Effect.Effect<Post, TelemetryConfigError, Scope.Scope>
}>()("tasker-telemetry/delivery/Transport") {}

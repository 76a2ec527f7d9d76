/**
 * Sends each export as the body of an HTTP request.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { retryable } from "../../delivery/ReceiverAnswer.ts"
import type { Transport } from "../../delivery/Transport.ts"
import type { ExportStrategy } from "../ExportStrategy.ts"
import { type ExportTarget, make as makeTarget } from "../ExportTarget.ts"
import * as HttpSender from "./HttpSender.ts"

export interface Options extends Omit<HttpSender.Options, "isRetryable"> {
  readonly name: string
  readonly format: string
  readonly isShared: boolean
  readonly strategy: ExportStrategy
}

/** Makes the target, which lives as long as its scope. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<ExportTarget, never, Transport | Scope.Scope> {
  const { format, isShared, name, strategy } = options
  const send = yield* HttpSender.make({ ...options, isRetryable: (status) => retryable.has(status) })
  return makeTarget({
    name,
    format,
    isShared,
    strategy,
    send: ({ body, contentType, deadlineNanos }) => send(body, contentType, deadlineNanos)
  })
})

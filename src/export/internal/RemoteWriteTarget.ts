/**
 * Sends the metrics to a receiver of Prometheus remote write.
 *
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { retryable } from "../../delivery/ReceiverAnswer.ts"
import type { Transport } from "../../delivery/Transport.ts"
import * as Snappy from "../../encoding/Snappy.ts"
import * as RemoteWriteFormat from "../../metrics/RemoteWriteFormat.ts"
import type { ExportStrategy } from "../ExportStrategy.ts"
import { type ExportTarget, make as makeTarget, TargetError } from "../ExportTarget.ts"
import * as HttpSender from "./HttpSender.ts"

export interface Options extends Omit<HttpSender.Options, "isRetryable" | "method" | "compression"> {
  readonly name: string
  readonly version: RemoteWriteFormat.Version
  /** Labels of every series. */
  readonly labels: Readonly<Record<string, string>>
  /** The highest number of series in a request. A receiver that finds a request too large gets half as many. */
  readonly maximumSeries: number
  readonly isShared: boolean
  readonly strategy: ExportStrategy
}

/** The specification asks to send again after every error of the server. */
const isRetryable = (status: number): boolean => retryable.has(status) || status >= 500

/** Makes the target, which lives as long as its scope. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<ExportTarget, never, Transport | Scope.Scope> {
  const { isShared, labels, name, strategy, version } = options
  const { "content-type": contentType = "", ...own } = RemoteWriteFormat.headers[version]
  const headers = { ...options.headers, ...own }
  const send = yield* HttpSender.make({ ...options, headers, method: "POST", compression: "none", isRetryable })
  let maximumSeries = options.maximumSeries
  return makeTarget({
    name,
    isShared,
    strategy,
    send: ({ deadlineNanos, lease, snapshot }) => {
      const sendAll: Effect.Effect<void, TargetError> = Effect.gen(function*() {
        for (const body of RemoteWriteFormat.requests(snapshot, { version, labels, maximumSeries })) {
          yield* Effect.yieldNow
          if (body.length === 0) continue
          if (lease !== undefined && !(yield* lease.check)) {
            return yield* new TargetError({ message: "the lease of this instance has ended", isSuperseded: true })
          }
          yield* send(Snappy.compress(body), contentType, deadlineNanos)
        }
      })
      // A receiver takes a sample again that it has already.
      const sendSmaller: Effect.Effect<void, TargetError> = Effect.catch(sendAll, (error) => {
        if (error.errorType !== "too_large" || maximumSeries === 1) return Effect.fail(error)
        maximumSeries = Math.ceil(maximumSeries / 2)
        return sendSmaller
      })
      return sendSmaller
    }
  })
})

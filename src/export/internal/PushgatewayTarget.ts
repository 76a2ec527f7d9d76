/**
 * Pushes each export to a Pushgateway of Prometheus.
 *
 * @see https://github.com/prometheus/pushgateway#api
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { retryable } from "../../delivery/ReceiverAnswer.ts"
import type { Transport } from "../../delivery/Transport.ts"
import * as PrometheusFormat from "../../metrics/PrometheusFormat.ts"
import type { ExportStrategy } from "../ExportStrategy.ts"
import { type ExportTarget, make as makeTarget } from "../ExportTarget.ts"
import * as HttpSender from "./HttpSender.ts"

export interface Options extends Omit<HttpSender.Options, "isRetryable" | "method" | "compression"> {
  readonly name: string
  readonly job: string
  /** Further labels of the grouping key. */
  readonly grouping: Readonly<Record<string, string>>
  /** `PUT` replaces all metrics of the group, `POST` those with the same name. */
  readonly method: "PUT" | "POST"
  /** Whether the group is deleted when the program ends. */
  readonly deleteOnShutdown: boolean
  readonly isShared: boolean
  readonly strategy: ExportStrategy
}

const isRetryable = (status: number): boolean => retryable.has(status)

/** Makes the target, which lives as long as its scope. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<ExportTarget, never, Transport | Scope.Scope> {
  const { delivery } = yield* TelemetryConfig.Current
  const { deleteOnShutdown, isShared, name, strategy } = options
  const url = `${options.url.replace(/\/+$/, "")}${pathOf({ job: options.job, ...options.grouping })}`
  const shared = { ...options, url, compression: "none", isRetryable } as const
  const send = yield* HttpSender.make(shared)
  const remove = yield* HttpSender.make({ ...shared, method: "DELETE" })
  const close = Effect.flatMap(
    Clock.monotonicTimeNanos,
    (now) =>
      remove(new Uint8Array(), PrometheusFormat.contentType, now + Duration.toNanosUnsafe(delivery.shutdownTimeout))
  )
  return makeTarget({
    name,
    format: "prometheus",
    isShared,
    strategy,
    send: ({ body, contentType, deadlineNanos }) => send(body, contentType, deadlineNanos),
    close: deleteOnShutdown ? close : undefined
  })
})

/** Gives the path of a grouping key. The job comes first. */
const pathOf = (labels: Readonly<Record<string, string>>): string =>
  `/metrics${Object.entries(labels).map(([name, value]) => `/${segmentsOf(name, value)}`).join("")}`

/** A path has neither an empty segment nor a slash in one. Then the value is base64. */
const segmentsOf = (name: string, value: string): string =>
  value === "" || value.includes("/")
    ? `${name}@base64/${base64(value) || "="}`
    : `${name}/${encodeURIComponent(value)}`

/** Base64 for URLs. */
const base64 = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text))).replaceAll("+", "-").replaceAll("/", "_").replace(
    /=+$/,
    ""
  )

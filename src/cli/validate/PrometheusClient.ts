/**
 * Asks Prometheus' HTTP API.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 */
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Schema from "effect/Schema"
import { numberOf, type Sample } from "./exposition.ts"
import { baseOf } from "./placeFlags.ts"
import * as Probe from "./Probe.ts"

const Labels = Schema.Record(Schema.String, Schema.String)

const Targets = Schema.Struct({
  activeTargets: Schema.Array(Schema.Struct({
    labels: Labels,
    scrapeUrl: Schema.String,
    lastError: Schema.String,
    lastScrape: Schema.String,
    health: Schema.String
  }))
})

/** What Prometheus scrapes. */
export type Target = (typeof Targets.Type)["activeTargets"][number]

const Rules = Schema.Struct({
  groups: Schema.Array(Schema.Struct({
    name: Schema.String,
    rules: Schema.Array(Schema.Struct({
      name: Schema.String,
      query: Schema.String,
      health: Schema.String,
      lastError: Schema.optionalKey(Schema.String)
    }))
  }))
})

/** A rule that Prometheus has loaded. */
export type Rule = (typeof Rules.Type)["groups"][number]["rules"][number]

const Vector = Schema.Struct({
  result: Schema.Array(Schema.Struct({
    metric: Labels,
    value: Schema.optionalKey(Schema.Tuple([Schema.Finite, Schema.String]))
  }))
})

/** Prometheus does not answer, or refuses the question. */
export interface Failure {
  readonly address: string
  readonly reason: string
}

/** How Prometheus is asked. */
export interface PrometheusClient {
  readonly url: string
  readonly targets: Effect.Effect<ReadonlyArray<Target>, Failure, HttpClient>
  readonly rules: Effect.Effect<ReadonlyArray<Rule>, Failure, HttpClient>
  /** The instant vector of an expression now. Series of native histograms are left out. */
  readonly query: (expression: string) => Effect.Effect<ReadonlyArray<Sample>, Failure, HttpClient>
  readonly healthy: Effect.Effect<Probe.Answer, Probe.NoAnswer, HttpClient>
}

/** Makes the client of an address. It asks nothing yet. */
export const make = (address: string): PrometheusClient => {
  const url = baseOf(address)
  const get = <A>(path: string, schema: Schema.Codec<A, unknown>, parameters: Readonly<Record<string, string>> = {}) =>
    Probe.send(`${url}/api/v1/${path}`, { parameters }).pipe(
      Effect.mapError(({ address, reason }): Failure => ({ address, reason })),
      Effect.flatMap((answer) => {
        const body = Probe.jsonOf(answer) as { readonly data?: unknown; readonly error?: unknown } | undefined
        const refused = (reason: string): Failure => ({ address: `${url}/api/v1/${path}`, reason })
        if (answer.status !== 200) {
          return Effect.fail(refused(typeof body?.error === "string" ? body.error : `it answers ${answer.status}`))
        }
        return Effect.mapError(
          Schema.decodeUnknownEffect(schema)(body?.data),
          () => refused("the answer is not that of a Prometheus")
        )
      })
    )
  return {
    url,
    targets: Effect.map(get("targets", Targets, { state: "active" }), ({ activeTargets }) => activeTargets),
    rules: Effect.map(get("rules", Rules), ({ groups }) => groups.flatMap(({ rules }) => rules)),
    query: (query) =>
      Effect.map(
        get("query", Vector, { query }),
        ({ result }) =>
          result.flatMap(({ metric: { __name__: name = "", ...labels }, value }) =>
            value === undefined ? [] : [{ name, labels, value: numberOf(value[1]) }]
          )
      ),
    healthy: Probe.send(`${url}/-/healthy`)
  }
}

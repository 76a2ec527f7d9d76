/**
 * What a span costs beside OpenTelemetry JS 2 and 3, Effect's own tracer and `@effect/opentelemetry`: from its start to
 * the queue, to a receiver in another process, and its encoding. Spans have no, 6 or 20 attributes with fresh values; they
 * stand one after the other, in each other or open at the same time.
 *
 * All figures are processor time of the whole process. Rounds are paired: a ratio is the median of the ratios of rounds.
 */
import * as Effect from "effect/Effect"
import { pairedRounds, ratio, start } from "./support/paired.ts"
import type { Shape } from "./support/spanLoad.ts"
import * as Suite from "./support/Suite.ts"

const titles: Readonly<Record<Shape, string>> = {
  "0": "no attributes",
  "6": "6 attributes",
  "20": "20 attributes",
  nested: "5 in each other",
  concurrent: "100 open at a time"
}
const shapes = Object.keys(titles) as ReadonlyArray<Shape>
const counted = ["0", "6", "20"] as const

/** 26 rounds, in two sets of processes. */
const extent = { passes: 2, rounds: 13 }
const batch = 512

type Figures = Effect.Success<ReturnType<typeof pairedRounds>>

/** The figures of cases that were measured together. */
class Group {
  readonly rows: ReadonlyArray<Suite.Row>
  readonly #figures: Map<string, Figures[number]>

  constructor(title: string, names: ReadonlyArray<string>, figures: Figures) {
    this.#figures = new Map(names.map((name, index) => [name, figures[index] ?? []]))
    this.rows = names.map((name) => ({
      name: `${title}: ${name}`,
      medianNs: this.of(name),
      note: name.startsWith("ours") ? undefined : `ours ÷ it: ${this.ratio("ours", name).toFixed(2)}`
    }))
  }

  of(name: string): number {
    return Suite.medianOf(this.#figures.get(name), "cpuNs")
  }

  /** The ratio of a case to the cheapest of its peers. */
  ratio(name: string, ...peers: ReadonlyArray<string>): number {
    const best = peers.reduce((best, peer) => this.of(peer) < this.of(best) ? peer : best)
    return ratio(this.#figures.get(name), this.#figures.get(best), "cpuNs")
  }
}

const group = (title: string, cases: Readonly<Record<string, Suite.Case>>) =>
  Effect.map(
    pairedRounds(Object.values(cases), extent),
    (figures) => new Group(title, Object.keys(cases), figures)
  )

const recorded = Effect.gen(function*() {
  const rows: Array<Suite.Row> = []
  const bars: Array<Suite.Bar> = []
  for (const shape of shapes) {
    const title = `to the queue, ${titles[shape]}`
    const measured = yield* group(title, {
      ours: { file: "span-ours.ts", args: [shape] },
      "OTel JS 2": { file: "span-otel.ts", args: [shape] },
      "OTel JS 3": { file: "../otel-3/span.ts", args: [shape] },
      Effect: { file: "span-effect.ts", args: [shape] },
      "@effect/opentelemetry": { file: "span-bridge.ts", args: [shape] },
      "Effect's part, nothing recorded": { file: "span-nothing.ts", args: [shape] }
    })
    rows.push(...measured.rows)
    if (shape === "6") {
      bars.push(
        Suite.atMost(`${title} ÷ the better OTel JS`, 1, measured.ratio("ours", "OTel JS 2", "OTel JS 3")),
        Suite.atMost(`${title} ÷ @effect/opentelemetry`, 0.35, measured.ratio("ours", "@effect/opentelemetry"))
      )
    }
    if (shape === "0" || shape === "6" || shape === "20") {
      bars.push(
        Suite.atMost(`${title} ÷ the best peer`, 0.8, measured.ratio("ours", "OTel JS 2", "OTel JS 3", "Effect"))
      )
    }
  }
  return { rows, bars }
})

const sent = Effect.gen(function*() {
  const rows: Array<Suite.Row> = []
  const bars: Array<Suite.Bar> = []
  for (const shape of counted) {
    const title = `to a receiver, ${titles[shape]}`
    const sink = yield* start({ file: "span-sink.ts", args: [] })
    const state = Effect.map(
      sink,
      (line) => JSON.parse(line) as { readonly port: number; readonly counts: Readonly<Record<string, number>> }
    )
    const { port } = yield* state
    const url = (name: string) => `http://127.0.0.1:${port}/${name}`
    const measured = yield* group(title, {
      ours: { file: "span-ours.ts", args: [shape, url("ours"), "http/protobuf"] },
      "ours, JSON": { file: "span-ours.ts", args: [shape, url("ours-json"), "http/json"] },
      "ours, with a spool": { file: "span-ours.ts", args: [shape, url("ours-spool"), "http/protobuf", "spool"] },
      "OTel JS 2": { file: "span-otel.ts", args: [shape, url("otel"), "protobuf"] },
      "OTel JS 2, JSON": { file: "span-otel.ts", args: [shape, url("otel-json"), "json"] },
      "OTel JS 3": { file: "../otel-3/span.ts", args: [shape, url("otel-3")] },
      "Effect, JSON": { file: "span-effect.ts", args: [shape, url("effect")] },
      "@effect/opentelemetry": { file: "span-bridge.ts", args: [shape, url("bridge")] }
    })
    const counts = Object.values((yield* state).counts)
    if (new Set(counts).size !== 1) {
      return yield* new Suite.CaseFailed({ message: `spans are missing: ${JSON.stringify((yield* state).counts)}` })
    }
    rows.push(...measured.rows)
    bars.push(Suite.atMost(
      `${title} ÷ the best peer`,
      0.8,
      measured.ratio("ours", "OTel JS 2", "OTel JS 2, JSON", "OTel JS 3", "Effect, JSON", "@effect/opentelemetry")
    ))
  }
  return { rows, bars }
})

const encoded = Effect.gen(function*() {
  const rows: Array<Suite.Row> = []
  const bars: Array<Suite.Bar> = []
  for (const shape of counted) {
    const title = `encoding ${batch} spans, ${titles[shape]}`
    const encode = (library: string): Suite.Case => ({ file: "span-encode.ts", args: [library, shape] })
    const measured = yield* group(title, {
      ours: encode("ours http/protobuf"),
      "ours, JSON": encode("ours http/json"),
      "OTel JS 2": encode("otel http/protobuf"),
      "OTel JS 3": { file: "../otel-3/encode.ts", args: [shape] },
      "OTel JS 2, JSON": encode("otel http/json"),
      "Effect, JSON": encode("effect http/json")
    })
    rows.push(...measured.rows)
    if (shape !== "6") continue
    bars.push(
      Suite.atMost(`${title} ÷ the better OTel JS`, 0.45, measured.ratio("ours", "OTel JS 2", "OTel JS 3")),
      Suite.atMost(`${title} ÷ Effect, JSON`, 0.45, measured.ratio("ours", "Effect, JSON")),
      Suite.atMost(
        `${title}, JSON ÷ the better peer, JSON`,
        0.45,
        measured.ratio("ours, JSON", "OTel JS 2, JSON", "Effect, JSON")
      )
    )
  }
  return { rows, bars }
})

const off = Effect.map(
  group("tracing off, an empty effect", {
    ours: { file: "span-off.ts", args: ["ours"] },
    "without a span": { file: "span-off.ts", args: ["bare"] }
  }),
  (measured) => ({
    rows: measured.rows,
    bars: [
      Suite.atMost("tracing off: our span ÷ nothing, ns more", 100, measured.of("ours") - measured.of("without a span"))
    ]
  })
)

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.map(
  Effect.all([recorded, sent, encoded, off]),
  (parts) => ({
    suite: "span",
    rows: parts.flatMap(({ rows }): ReadonlyArray<Suite.Row> => rows),
    bars: parts.flatMap(({ bars }): ReadonlyArray<Suite.Bar> => bars)
  })
).pipe(Effect.scoped)

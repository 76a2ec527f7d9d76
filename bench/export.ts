/**
 * What an export to a target costs beside a scrape of the same series in the same format: the reading of the metrics and
 * their format, the events and the accounts; without the file or the request.
 */
import * as Effect from "effect/Effect"
import * as Suite from "./support/Suite.ts"

const seriesCount = 10_000
const roundsEach = 5

const milliseconds = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.gen(function*() {
  const kinds = ["counters", "histograms"]
  const cases = kinds.flatMap((kind) => ["scrape", "target"].map((what) => ({ kind, what })))
  const figures = yield* Suite.rounds(
    cases.map(({ kind, what }) => ({ file: "export-target.ts", args: [what, kind, `${seriesCount}`] })),
    roundsEach
  )
  const of = (kind: string, what: string, key: string) =>
    Suite.medianOf(figures[cases.findIndex((one) => one.kind === kind && one.what === what)], key)
  return {
    suite: "export",
    rows: cases.map(({ kind, what }): Suite.Row => ({
      name: `${what} of ${seriesCount} ${kind}`,
      medianNs: of(kind, what, "ns"),
      note: `CPU ${milliseconds(of(kind, what, "cpuNs"))}; text ${(of(kind, what, "textBytes") / 1e6).toFixed(1)} MB`
    })),
    bars: kinds.map((kind) =>
      Suite.atMost(`${kind}: target ÷ scrape`, 1.1, of(kind, "target", "cpuNs") / of(kind, "scrape", "cpuNs"))
    )
  }
})

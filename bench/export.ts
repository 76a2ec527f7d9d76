/**
 * What an export to a target costs beside a scrape of the same series in the same format: the reading of the metrics and
 * their format, the events and the accounts; without the file or the request. And how long a synchronisation with another
 * instance keeps the event loop.
 *
 * Costs are processor time of the whole process. A scrape and an export take turns: a ratio is the median of the ratios of
 * rounds.
 */
import * as Effect from "effect/Effect"
import type { Kind } from "./support/exportLoad.ts"
import { pairedRounds } from "./support/paired.ts"
import * as Suite from "./support/Suite.ts"

const seriesCount = 10_000
const kinds: ReadonlyArray<Kind> = ["counters", "histograms"]
const extent = { passes: 2, rounds: 7 }
const syncRounds = 5
const mostBlockedNs = 20e6

const milliseconds = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`

const targets = Effect.fnUntraced(function*(kind: Kind) {
  const [figures = []] = yield* pairedRounds([{ file: "export-target.ts", args: [kind, `${seriesCount}`] }], extent)
  const of = (key: string) => Suite.medianOf(figures, key)
  return {
    rows: (["scrape", "target"] as const).map((what): Suite.Row => ({
      name: `${what} of ${seriesCount} ${kind}`,
      medianNs: of(`${what}Ns`),
      note: `CPU ${milliseconds(of(`${what}CpuNs`))}; text ${(of("textBytes") / 1e6).toFixed(1)} MB`
    })),
    bars: [
      Suite.atMost(
        `${kind}: target ÷ scrape`,
        1.1,
        Suite.median(figures.map(({ scrapeCpuNs = Number.NaN, targetCpuNs = Number.NaN }) => targetCpuNs / scrapeCpuNs))
      )
    ]
  }
})

const syncs = Effect.fnUntraced(function*(kind: Kind) {
  const [figures] = yield* Suite.rounds([{ file: "export-sync.ts", args: [kind, `${seriesCount}`] }], syncRounds)
  // Of the time without a turn, only what the thread itself computed is the library's.
  const kept = Suite.medianOf(figures, "cpuNs")
  return {
    rows: [{
      name: `synchronisation of ${seriesCount} ${kind}`,
      medianNs: Suite.medianOf(figures, "ns"),
      note: `longest block ${milliseconds(Suite.leastOf(figures, "blockedNs"))}, of which CPU ${milliseconds(kept)}`
    }],
    bars: [Suite.atMost(`${kind}: synchronisation, ms of event loop (CPU) at a time`, mostBlockedNs / 1e6, kept / 1e6)]
  }
})

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.gen(function*() {
  const parts: Array<Omit<Suite.Suite, "suite">> = []
  for (const kind of kinds) parts.push(yield* targets(kind))
  for (const kind of kinds) parts.push(yield* syncs(kind))
  return {
    suite: "export",
    rows: parts.flatMap(({ rows }) => rows),
    bars: parts.flatMap(({ bars }) => bars)
  }
})

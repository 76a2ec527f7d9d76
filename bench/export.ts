/**
 * What an export to a target costs beside a scrape of the same series in the same format: the reading of the metrics and
 * their format, the events and the accounts; without the file or the request. And how long a synchronisation with another
 * instance keeps the event loop.
 *
 * Costs are processor time of the whole process. Rounds are paired: a ratio is the median of the ratios of rounds.
 */
import * as Effect from "effect/Effect"
import type { Kind } from "./support/exportLoad.ts"
import { pairedRounds, ratio } from "./support/paired.ts"
import * as Suite from "./support/Suite.ts"

const seriesCount = 10_000
const kinds: ReadonlyArray<Kind> = ["counters", "histograms"]
const extent = { passes: 2, rounds: 7 }
const syncRounds = 5
const mostBlockedNs = 20e6

const milliseconds = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`

const targets = Effect.fnUntraced(function*(kind: Kind) {
  const names = ["scrape", "target"] as const
  const figures = yield* pairedRounds(
    names.map((what) => ({ file: "export-target.ts", args: [what, kind, `${seriesCount}`] })),
    extent
  )
  const [scrape, target] = figures
  return {
    rows: names.map((what, index): Suite.Row => ({
      name: `${what} of ${seriesCount} ${kind}`,
      medianNs: Suite.medianOf(figures[index], "ns"),
      note: `CPU ${milliseconds(Suite.medianOf(figures[index], "cpuNs"))}; text ${
        (Suite.medianOf(figures[index], "textBytes") / 1e6).toFixed(1)
      } MB`
    })),
    bars: [Suite.atMost(`${kind}: target ÷ scrape`, 1.1, ratio(target, scrape, "cpuNs"))]
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

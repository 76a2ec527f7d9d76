/**
 * Remembers which recommendations have been published, so that each is published once and not at every analysis.
 */
import type * as EventCatalog from "../../events/EventCatalog.ts"
import type { Recommendation } from "./recommend.ts"

type Detected = EventCatalog.Payload<"observability.bottleneck.detected">

/** The most recommendations that are remembered. The oldest ones are forgotten first. */
const mostKnown = 1000

export class DetectedBottlenecks {
  /** The share of the makespan that each was published with. */
  private readonly known = new Map<string, number>()

  /** The payloads of recommendations that have not been published, or whose share has doubled since. */
  newOf(recommendations: ReadonlyArray<Recommendation>): ReadonlyArray<Detected> {
    return recommendations.flatMap((recommendation) => {
      const { evidence, gainSeconds, gainShare, kind, stepName, taskName, text, totalGainSeconds, version } =
        recommendation
      const key = JSON.stringify([taskName, version, kind, stepName])
      const before = this.known.get(key)
      if (before !== undefined && gainShare < 2 * before) return []
      this.known.delete(key)
      this.known.set(key, gainShare)
      for (const oldest of this.known.keys()) {
        if (this.known.size <= mostKnown) break
        this.known.delete(oldest)
      }
      return [{
        taskName,
        version,
        ...(stepName === undefined ? {} : { stepName }),
        kind,
        gainSeconds,
        gainShare,
        totalGainSeconds,
        runs: evidence.runs,
        runIds: evidence.runIds,
        recommendation: text
      }]
    })
  }
}

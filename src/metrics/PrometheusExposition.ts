/**
 * What the two text formats of Prometheus have in common: nearly everything.
 *
 * @internal
 */
import type { MetricSnapshot } from "./MetricSnapshot.ts"
import * as PrometheusNames from "./PrometheusNames.ts"
import * as PrometheusSamples from "./PrometheusSamples.ts"
import * as PrometheusSeries from "./PrometheusSeries.ts"

/** Where the formats differ. */
export interface Style extends PrometheusSamples.Style {
  /** The lines before the samples of a family. */
  readonly head: (family: PrometheusNames.PrometheusFamily) => string
  /** The last lines. */
  readonly foot: string
}

/** What an exposition may be told. */
export interface Options {
  /** Told about all that is left out. */
  readonly onDropped?: ((dropped: PrometheusNames.Dropped) => void) | undefined
}

/** A chunk is given out as soon as it has this many characters. */
const chunkLength = 65_536

/**
 * The exposition in pieces. A piece may be empty: the caller is given an occasion to let others run.
 */
export function* chunks(snapshot: MetricSnapshot, style: Style, options: Options = {}): Generator<string> {
  const onDropped = options.onDropped ?? (() => {})
  const { dropped, families } = PrometheusNames.resolve(snapshot.families)
  for (const part of dropped) onDropped(part)
  const lines: Array<string> = []
  let length = 0
  for (const family of families) {
    const series = PrometheusSeries.distinct(family, onDropped)
    let step = series.next()
    while (step.done !== true) {
      yield ""
      step = series.next()
    }
    lines.push(style.head(family))
    for (const source of step.value) {
      const linesOf = PrometheusSamples.writer(family, source, style)
      const count = source.series.length
      for (let index = 0; index < count; index++) {
        const text = linesOf(index)
        lines.push(text)
        length += text.length
        if (length < chunkLength) continue
        // Joined, the pieces become one text and can go; added up, they would stay for as long as the sum.
        yield lines.join("")
        lines.length = 0
        length = 0
      }
    }
  }
  lines.push(style.foot)
  const rest = lines.join("")
  if (rest !== "") yield rest
}

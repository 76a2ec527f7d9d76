/**
 * What the two text formats of Prometheus have in common: nearly everything.
 *
 * @internal
 */
import type { MetricSnapshot } from "./MetricSnapshot.ts"
import * as PrometheusNames from "./PrometheusNames.ts"
import type * as PrometheusSample from "./PrometheusSample.ts"
import * as PrometheusSamples from "./PrometheusSamples.ts"
import * as PrometheusSeries from "./PrometheusSeries.ts"

/** Where the formats differ. */
export interface Style extends PrometheusSample.Style {
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
  let chunk = ""
  for (const family of families) {
    const series = PrometheusSeries.distinct(family, onDropped)
    let step = series.next()
    while (step.done !== true) {
      yield ""
      step = series.next()
    }
    chunk += style.head(family)
    for (const source of step.value) {
      const write = PrometheusSamples.writer(family, source, style)
      const { length } = source.series
      for (let index = 0; index < length; index++) {
        chunk = write(chunk, index)
        if (chunk.length < chunkLength) continue
        yield chunk
        chunk = ""
      }
    }
  }
  chunk += style.foot
  if (chunk !== "") yield chunk
}

/**
 * What the two text formats of Prometheus have in common: nearly everything.
 *
 * @internal
 */
import { Utf8Writer } from "../../../internal/Utf8Writer.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import * as SeriesList from "../model/SeriesList.ts"
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

/**
 * A chunk is given out as soon as it has this many bytes. Memory outside of the heap makes the collector work: it stops
 * the program for the longer, the larger the chunks are.
 */
const chunkBytes = 32_768

const nothing = new Uint8Array(0)

/**
 * The exposition in pieces. A piece may be empty: the caller is given an occasion to let others run.
 */
export function* chunks(
  snapshot: MetricSnapshot,
  style: Style,
  options?: Options
): Generator<Uint8Array<ArrayBuffer>> {
  const young: Array<unknown> = []
  for (const piece of pieces(snapshot, style, options)) {
    young[0] = garbage(piece.length)
    yield piece.slice()
  }
}

/**
 * As many bytes for the short collections to find.
 *
 * **Details**
 *
 * The bytes of a piece are outside of the heap and go with a collection of the heap. Pieces alone do not fill the heap,
 * so that none of the short collections comes; and where much was allocated outside without one, the engine looks
 * through all of the heap, which takes many times as long.
 */
const garbage = (bytes: number): ReadonlyArray<unknown> => new Array(bytes >> 3)

/** The same, each piece in the memory of the one before. */
function* pieces(
  snapshot: MetricSnapshot,
  style: Style,
  options: Options = {}
): Generator<Uint8Array<ArrayBuffer>> {
  const onDropped = options.onDropped ?? (() => {})
  const { dropped, families } = PrometheusNames.resolve(snapshot.metrics)
  for (const part of dropped) onDropped(part)
  const out = new Utf8Writer(chunkBytes)
  for (const family of families) {
    const series = PrometheusSeries.distinct(family, onDropped)
    let step = series.next()
    while (step.done !== true) {
      yield nothing
      step = series.next()
    }
    out.text(style.head(family))
    for (const source of step.value) {
      const write = PrometheusSamples.writer(family, source, style)
      const { length } = SeriesList.of(source)
      for (let index = 0; index < length;) {
        index = writeUntilFull(write, out, index, length)
        if (out.isFull) yield out.take()
      }
    }
  }
  out.text(style.foot)
  if (out.length > 0) yield out.take()
}

/**
 * Writes series from an index on; gives the index of the first that is not written. Apart from the generator: what is
 * called often is compiled better than a loop that is left and entered again.
 */
const writeUntilFull = (write: PrometheusSample.Writer, out: Utf8Writer, from: number, length: number): number => {
  let index = from
  while (index < length && !out.isFull) write(out, index++)
  return index
}

/** The exposition as one text. */
export const format = (snapshot: MetricSnapshot, style: Style, options?: Options): string => {
  // What looks like a byte order mark is a character of a help text.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  let text = ""
  for (const piece of pieces(snapshot, style, options)) text += decoder.decode(piece)
  return text
}

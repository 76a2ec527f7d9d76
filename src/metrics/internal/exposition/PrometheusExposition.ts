/**
 * Writes both text formats of Prometheus, which differ little.
 */
import { Utf8Writer } from "../../../encoding/Utf8Writer.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import * as SeriesList from "../model/SeriesList.ts"
import * as PrometheusFamilies from "./PrometheusFamilies.ts"
import * as PrometheusSamples from "./PrometheusSamples.ts"
import * as PrometheusSeries from "./PrometheusSeries.ts"

/** The differences between the formats. */
export interface Style extends PrometheusSamples.Style {
  /** The lines before the samples of a family. */
  readonly head: (family: PrometheusFamilies.PrometheusFamily) => string
  /** The last lines. */
  readonly foot: string
}

/** Options of an exposition. */
export interface Options {
  /** Called for everything that is left out. */
  readonly onDropped?: ((dropped: PrometheusFamilies.Dropped) => void) | undefined
}

/**
 * A chunk is handed out when it has so many bytes. With larger chunks, the garbage collector stops the program for
 * longer.
 */
const chunkBytes = 32_768

const nothing = new Uint8Array(0)

/** Gives the exposition in pieces. A piece may be empty, so that the caller can let other fibers run. */
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
 * Makes garbage of so many bytes, so that short collections run.
 *
 * **Details**
 *
 * The bytes of a piece are outside of the heap. If much is allocated outside without a short collection, the engine
 * collects the whole heap, which takes many times as long. `npm run bench -- metrics` measures it: without the garbage,
 * the first scrape of 100 000 histograms blocks the event loop two to five times as long.
 */
const garbage = (bytes: number): ReadonlyArray<unknown> => new Array(bytes >> 3)

/** As {@link chunks}, but each piece overwrites the piece before it. For a caller that copies each piece itself. */
export function* pieces(
  snapshot: MetricSnapshot,
  style: Style,
  options: Options = {}
): Generator<Uint8Array<ArrayBuffer>> {
  const onDropped = options.onDropped ?? (() => {})
  const { dropped, families } = PrometheusFamilies.resolve(snapshot.metrics)
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
 * Writes series from an index on. Gives the index of the first series that is not written. It is a function of its own,
 * because V8 compiles it better than a loop in a generator.
 */
const writeUntilFull = (write: PrometheusSamples.Writer, out: Utf8Writer, from: number, length: number): number => {
  let index = from
  while (index < length && !out.isFull) write(out, index++)
  return index
}

/** The exposition as one text. */
export const format = (snapshot: MetricSnapshot, style: Style, options?: Options): string => {
  // A byte order mark at the start belongs to a help text.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  let text = ""
  for (const piece of pieces(snapshot, style, options)) text += decoder.decode(piece)
  return text
}

/**
 * The parts that samples of all kinds are put together from.
 *
 * @internal
 */
import type { Utf8Writer } from "../../../encoding/Utf8Writer.ts"
import type { Exemplar } from "../../MetricSnapshot.ts"
import type { PrometheusFamily } from "./PrometheusNames.ts"
import * as PrometheusText from "./PrometheusText.ts"

/** Where the formats differ. */
export interface Style {
  /** A bound or a quantile as the value of a label. */
  readonly bound: (value: number) => string
  /** Whether counts and sums that are negative or NaN may be written. */
  readonly lenient: boolean
  /** What follows the value of a sample: an exemplar, or nothing. */
  readonly exemplar: ((exemplar: Exemplar) => string) | undefined
  /** Whether the start of a series is written beside its values. */
  readonly created: boolean
}

/** Writes all samples of the series at an index. */
export type Writer = (out: Utf8Writer, index: number) => void

/** Writes a sample, with an exemplar or without. */
export const sampleWriter = (name: string) => {
  const open = `${name}{`
  return (out: Utf8Writer, labels: string, value: string, exemplar = ""): void => {
    out.line(labels === "" ? `${name} ${value}${exemplar}\n` : open + labels + "} " + value + exemplar + "\n")
  }
}

/** Writes since when a series counts, where that is asked for and the type has it. */
export const createdWriter = ({ openMetrics: { name, type } }: PrometheusFamily, style: Style) => {
  if (!style.created || type === "gauge" || type === "info" || type === "unknown") return undefined
  const write = sampleWriter(`${name}_created`)
  return (out: Utf8Writer, labels: string, startMillis: number): void => {
    if (Number.isFinite(startMillis)) write(out, labels, PrometheusText.seconds(startMillis))
  }
}

/** The newest exemplar of a bucket. */
export const exemplarIn = (
  exemplars: ReadonlyArray<Exemplar>,
  write: (exemplar: Exemplar) => string,
  above: number,
  upTo: number
): string => {
  let newest: Exemplar | undefined
  for (const exemplar of exemplars) {
    const isWithin = exemplar.value <= upTo && (exemplar.value > above || above === -Infinity)
    if (isWithin && !(newest !== undefined && newest.timeMillis > exemplar.timeMillis)) newest = exemplar
  }
  return newest === undefined ? "" : write(newest)
}

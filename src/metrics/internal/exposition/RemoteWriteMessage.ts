/**
 * Writes the series of a remote write request, in version 1 or 2 of the protocol.
 *
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
 */
import { ProtobufWriter } from "../../../encoding/ProtobufWriter.ts"
import type { Exemplar } from "../../MetricSnapshot.ts"
import type * as NativeHistogram from "./NativeHistogram.ts"
import type { PrometheusFamily } from "./PrometheusFamilies.ts"

/** Name and value, sorted by name. */
export type Labels = ReadonlyArray<readonly [name: string, value: string]>

/** What a series has at one time: a number or a native histogram. */
export type Point = number | { readonly native: NativeHistogram.NativeHistogram; readonly sum: number }

export interface RemoteWriteMessage {
  /** Series since the last `take`. */
  readonly count: number
  readonly add: (
    family: PrometheusFamily,
    labels: Labels,
    point: Point,
    timeMillis: number,
    exemplars: ReadonlyArray<Exemplar>
  ) => void
  /** Gives the request, and starts the next one. */
  readonly take: () => Uint8Array<ArrayBuffer>
}

const types = { counter: 1, gauge: 2, histogram: 3, summary: 5 } as const

/** `prometheus.WriteRequest`. */
export const makeFirst = (): RemoteWriteMessage => {
  const writer = new ProtobufWriter()
  const described = new Set<PrometheusFamily>()
  let count = 0
  const writeLabels = (labels: Labels): void => {
    for (const [name, value] of labels) {
      const label = writer.open(1)
      writer.string(1, name)
      writer.string(2, value)
      writer.close(label)
    }
  }
  return {
    get count() {
      return count
    },
    add: (family, labels, point, timeMillis, exemplars) => {
      count++
      const series = writer.open(1)
      writeLabels(labels)
      if (typeof point === "number") writeSample(writer, 2, point, timeMillis)
      for (const exemplar of exemplars) {
        const message = writer.open(3)
        writeLabels(labelsOf(exemplar))
        writer.double(2, exemplar.value)
        writer.integer(3, Math.trunc(exemplar.timeMillis))
        writer.close(message)
      }
      if (typeof point !== "number") writeHistogram(writer, 4, point, timeMillis)
      writer.close(series)
      described.add(family)
    },
    take: () => {
      for (const { help, name, type, unit } of described) {
        const metadata = writer.open(3)
        writer.integer(1, types[type])
        writer.string(2, name)
        writer.string(4, help)
        if (unit !== undefined) writer.string(5, unit)
        writer.close(metadata)
      }
      described.clear()
      count = 0
      return writer.take()
    }
  }
}

/** `io.prometheus.write.v2.Request`. */
export const makeSecond = (): RemoteWriteMessage => {
  const writer = new ProtobufWriter()
  /** Each text once, by its number. The first one is empty. */
  const symbols = new Map([["", 0]])
  let count = 0
  const numberOf = (text: string): number => {
    const known = symbols.get(text)
    if (known !== undefined) return known
    symbols.set(text, symbols.size)
    return symbols.size - 1
  }
  const writeLabels = (labels: Labels): void => {
    if (labels.length === 0) return
    const numbers = writer.open(1)
    for (const [name, value] of labels) {
      writer.varint(numberOf(name))
      writer.varint(numberOf(value))
    }
    writer.close(numbers)
  }
  return {
    get count() {
      return count
    },
    add: (family, labels, point, timeMillis, exemplars) => {
      count++
      const series = writer.open(5)
      writeLabels(labels)
      if (typeof point === "number") writeSample(writer, 2, point, timeMillis)
      else writeHistogram(writer, 3, point, timeMillis)
      for (const exemplar of exemplars) {
        const message = writer.open(4)
        writeLabels(labelsOf(exemplar))
        writer.double(2, exemplar.value)
        writer.integer(3, Math.trunc(exemplar.timeMillis))
        writer.close(message)
      }
      const metadata = writer.open(5)
      writer.integer(1, types[family.type])
      writer.integer(3, numberOf(family.help))
      writer.integer(4, numberOf(family.unit ?? ""))
      writer.close(metadata)
      writer.close(series)
    },
    take: () => {
      const request = new ProtobufWriter(writer.length)
      for (const symbol of symbols.keys()) request.string(4, symbol)
      request.move(writer)
      symbols.clear()
      symbols.set("", 0)
      count = 0
      return request.take()
    }
  }
}

const labelsOf = ({ spanId, traceId }: Exemplar): Labels =>
  ([["span_id", spanId], ["trace_id", traceId]] as const).filter(([, id]) => id !== "")

const writeSample = (writer: ProtobufWriter, field: number, value: number, timeMillis: number): void => {
  const sample = writer.open(field)
  writer.double(1, value)
  writer.integer(2, timeMillis)
  writer.close(sample)
}

const writeHistogram = (
  writer: ProtobufWriter,
  field: number,
  { native, sum }: Exclude<Point, number>,
  timeMillis: number
): void => {
  const histogram = writer.open(field)
  writer.integer(1, native.count)
  writer.double(3, sum)
  writer.signed(4, native.schema)
  writer.double(5, native.zeroThreshold)
  writer.integer(6, native.zeroCount)
  writeBuckets(writer, 8, native.negative)
  writeBuckets(writer, 11, native.positive)
  writer.integer(15, timeMillis)
  writer.close(histogram)
}

/** Writes the spans in one field and the deltas in the next one. */
const writeBuckets = (
  writer: ProtobufWriter,
  field: number,
  { deltas, spans }: NativeHistogram.NativeBuckets
): void => {
  if (deltas.length === 0) return
  for (const [offset, length] of spans) {
    const span = writer.open(field)
    writer.signed(1, offset)
    writer.integer(2, length)
    writer.close(span)
  }
  const packed = writer.open(field + 1)
  for (const delta of deltas) writer.zigzag(delta)
  writer.close(packed)
}

/**
 * Reads requests of remote write, from the definitions of its messages, independent of our writer.
 */
import * as reader from "./protobufReader.ts"

export interface Decoded {
  readonly labels: Readonly<Record<string, string>>
  /** Names in the order in which they stand. */
  readonly names: ReadonlyArray<string>
  readonly samples: ReadonlyArray<readonly [value: number, timeMillis: number]>
  readonly exemplars: ReadonlyArray<
    { readonly labels: Readonly<Record<string, string>>; readonly value: number; readonly timeMillis: number }
  >
  readonly histograms: ReadonlyArray<Histogram>
  /** In version 2 alone. */
  readonly metadata?: Metadata
}

export interface Metadata {
  readonly type: number
  readonly name?: string
  readonly help: string
  readonly unit: string
}

export interface Histogram {
  readonly count: number
  readonly sum: number
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly negative: Buckets
  readonly positive: Buckets
  readonly timeMillis: number
}

interface Buckets {
  readonly spans: ReadonlyArray<readonly [offset: number, length: number]>
  readonly deltas: ReadonlyArray<number>
}

const numbers = (values: ReadonlyArray<bigint>) => values.map(Number)

const label = (bytes: Uint8Array): readonly [string, string] => {
  const { 1: name, 2: value } = reader.readMessage({ 1: reader.string, 2: reader.string }, bytes)
  return [name[0]!, value[0]!]
}

const sample = (bytes: Uint8Array): readonly [number, number] => {
  const { 1: value, 2: time } = reader.readMessage({ 1: reader.double, 2: reader.int64 }, bytes)
  return [value[0]!, Number(time[0])]
}

const span = (bytes: Uint8Array): readonly [number, number] => {
  const { 1: offset, 2: length } = reader.readMessage({ 1: reader.sint64, 2: reader.uint64 }, bytes)
  return [Number(offset[0]), Number(length[0])]
}

const histogram = (bytes: Uint8Array): Histogram => {
  const found = reader.readMessage({
    1: reader.uint64,
    3: reader.double,
    4: reader.sint64,
    5: reader.double,
    6: reader.uint64,
    8: reader.message(span),
    9: reader.sint64,
    11: reader.message(span),
    12: reader.sint64,
    15: reader.int64
  }, bytes)
  return {
    count: Number(found[1][0]),
    sum: found[3][0]!,
    schema: Number(found[4][0]),
    zeroThreshold: found[5][0]!,
    zeroCount: Number(found[6][0]),
    negative: { spans: found[8], deltas: numbers(found[9]) },
    positive: { spans: found[11], deltas: numbers(found[12]) },
    timeMillis: Number(found[15][0])
  }
}

/** `prometheus.WriteRequest` */
export const first = (bytes: Uint8Array) => {
  const exemplar = (bytes: Uint8Array) => {
    const found = reader.readMessage({ 1: reader.message(label), 2: reader.double, 3: reader.int64 }, bytes)
    return { labels: Object.fromEntries(found[1]), value: found[2][0]!, timeMillis: Number(found[3][0]) }
  }
  const series = (bytes: Uint8Array): Decoded => {
    const found = reader.readMessage({
      1: reader.message(label),
      2: reader.message(sample),
      3: reader.message(exemplar),
      4: reader.message(histogram)
    }, bytes)
    return {
      labels: Object.fromEntries(found[1]),
      names: found[1].map(([name]) => name),
      samples: found[2],
      exemplars: found[3],
      histograms: found[4]
    }
  }
  const metadata = (bytes: Uint8Array): Metadata => {
    const found = reader.readMessage({ 1: reader.uint64, 2: reader.string, 4: reader.string, 5: reader.string }, bytes)
    return { type: Number(found[1][0]), name: found[2][0]!, help: found[4][0] ?? "", unit: found[5][0] ?? "" }
  }
  const found = reader.readMessage({ 1: reader.message(series), 3: reader.message(metadata) }, bytes)
  return { series: found[1], metadata: found[3] }
}

/** `io.prometheus.write.v2.Request` */
export const second = (bytes: Uint8Array) => {
  const { 4: symbols, 5: messages } = reader.readMessage({ 4: reader.string, 5: reader.bytes }, bytes)
  const pairs = (references: ReadonlyArray<bigint>) => {
    const texts = references.map((reference) => symbols[Number(reference)]!)
    return texts.flatMap((text, index) => index % 2 === 0 ? [[text, texts[index + 1]!] as const] : [])
  }
  const exemplar = (bytes: Uint8Array) => {
    const found = reader.readMessage({ 1: reader.uint64, 2: reader.double, 3: reader.int64 }, bytes)
    return { labels: Object.fromEntries(pairs(found[1])), value: found[2][0]!, timeMillis: Number(found[3][0]) }
  }
  const metadata = (bytes: Uint8Array): Metadata => {
    const found = reader.readMessage({ 1: reader.uint64, 3: reader.uint64, 4: reader.uint64 }, bytes)
    return {
      type: Number(found[1][0]),
      help: symbols[Number(found[3][0])]!,
      unit: symbols[Number(found[4][0])]!
    }
  }
  return {
    symbols,
    series: messages.map((message): Decoded => {
      const found = reader.readMessage({
        1: reader.uint64,
        2: reader.message(sample),
        3: reader.message(histogram),
        4: reader.message(exemplar),
        5: reader.message(metadata)
      }, message)
      const labels = pairs(found[1])
      return {
        labels: Object.fromEntries(labels),
        names: labels.map(([name]) => name),
        samples: found[2],
        exemplars: found[4],
        histograms: found[3],
        metadata: found[5][0]!
      }
    })
  }
}

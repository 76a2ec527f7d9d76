/**
 * Writes a message of Protocol Buffers in one of its encodings. A message is described once, for all of them.
 *
 * **Details**
 *
 * Each field has its number and its name in JSON. `open` starts a field that is a message; what is written until
 * `close` is its content. A field with many messages is a list: each message in it is an item.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export interface MessageWriter {
  /** A `string`. A lone surrogate becomes U+FFFD. */
  readonly text: (field: number, name: string, value: string) => void
  /** `bytes` that OTLP writes as hexadecimal digits in JSON: the id of a trace or a span. */
  readonly id: (field: number, name: string, hex: string) => void
  /** A `bool`. */
  readonly flag: (field: number, name: string, value: boolean) => void
  /** A `uint32` or `enum`. */
  readonly integer: (field: number, name: string, value: number) => void
  /** A `sint32`. */
  readonly signed: (field: number, name: string, value: number) => void
  /** A `fixed32`. */
  readonly fixed32: (field: number, name: string, value: number) => void
  /** An `int64`. */
  readonly int64: (field: number, name: string, value: number | bigint) => void
  /** A `fixed64`. */
  readonly fixed64: (field: number, name: string, value: bigint) => void
  /** A `double`. */
  readonly double: (field: number, name: string, value: number) => void
  /** A `repeated double`. */
  readonly doubles: (field: number, name: string, values: ReadonlyArray<number>) => void
  /** A `repeated fixed64` of whole numbers. */
  readonly fixed64s: (field: number, name: string, values: ReadonlyArray<number>) => void
  /** A `repeated uint64` of whole numbers. */
  readonly uint64s: (field: number, name: string, values: ReadonlyArray<number>) => void
  /** Starts a message. Gives what `close` needs. */
  readonly open: (field: number, name: string) => number
  /** Starts a list of messages. */
  readonly openList: (name: string) => void
  /** Starts a message of the list. Gives what `close` needs. */
  readonly openItem: (field: number) => number
  /**
   * Starts a message of the list that has a key, field 1, and a value, field 2. What is written until `closePair` is the
   * content of the value. Gives what `closePair` needs.
   */
  readonly openPair: (field: number, key: string) => number
  /** A pair whose value has one text, field 1, as most attributes have. */
  readonly textPair: (field: number, key: string, text: string) => void
  /** Ends the value and its pair. */
  readonly closePair: (opened: number) => void
  /** Ends a message. */
  readonly close: (opened: number) => void
  /** Ends a list. */
  readonly closeList: () => void
  /** Forgets what was written. */
  readonly clear: () => void
  /** Gives the whole message. The writer starts afresh. */
  readonly take: () => Uint8Array<ArrayBuffer>
}

/**
 * Writes messages in the binary encoding of Protocol Buffers.
 */
import type { MessageWriter } from "./MessageWriter.ts"
import { ProtobufWriter } from "./ProtobufWriter.ts"
import { keyText, RememberedBytes } from "./RememberedBytes.ts"

export class ProtobufMessage implements MessageWriter {
  readonly #to: ProtobufWriter
  /** The field of a key. */
  readonly #keys = new RememberedBytes((key) => {
    const to = new ProtobufWriter()
    to.string(1, keyText(key))
    return to.take()
  })

  /** A writer that has room for so many bytes before it has to grow. */
  constructor(capacity?: number) {
    this.#to = new ProtobufWriter(capacity)
  }

  text(field: number, _name: string, value: string): void {
    this.#to.string(field, value)
  }

  id(field: number, _name: string, hex: string): void {
    this.#to.hex(field, hex)
  }

  flag(field: number, _name: string, value: boolean): void {
    this.#to.integer(field, value ? 1 : 0)
  }

  integer(field: number, _name: string, value: number): void {
    this.#to.integer(field, value)
  }

  signed(field: number, _name: string, value: number): void {
    this.#to.signed(field, value)
  }

  fixed32(field: number, _name: string, value: number): void {
    this.#to.fixed32(field, value)
  }

  int64(field: number, _name: string, value: number | bigint): void {
    this.#to.integer(field, value)
  }

  fixed64(field: number, _name: string, value: bigint): void {
    this.#to.fixed64(field, value)
  }

  double(field: number, _name: string, value: number): void {
    this.#to.double(field, value)
  }

  doubles(field: number, _name: string, values: ReadonlyArray<number>): void {
    this.#to.doubles(field, values)
  }

  fixed64s(field: number, _name: string, values: ReadonlyArray<number>): void {
    this.#to.fixed64s(field, values)
  }

  uint64s(field: number, _name: string, values: ReadonlyArray<number>): void {
    if (values.length === 0) return
    const start = this.#to.open(field)
    for (const value of values) this.#to.varint(value)
    this.#to.close(start)
  }

  open(field: number, _name: string): number {
    return this.#to.open(field)
  }

  openList(_name: string): void {}

  openItem(field: number): number {
    return this.#to.open(field)
  }

  openPair(field: number, key: string): number {
    return this.#to.openPair(field, this.#keys.of(key))
  }

  textPair(field: number, key: string, text: string): void {
    this.#to.textPair(field, this.#keys.of(key), text)
  }

  closePair(opened: number): void {
    this.#to.closePair(opened)
  }

  close(opened: number): void {
    this.#to.close(opened)
  }

  closeList(): void {}

  clear(): void {
    this.#to.clear()
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#to.take()
  }
}

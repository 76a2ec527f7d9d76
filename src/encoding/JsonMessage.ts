/**
 * Writes messages in the JSON encoding of Protocol Buffers, with ids as hexadecimal digits as OTLP has them.
 */
import type { MessageWriter } from "./MessageWriter.ts"
import { Utf8Writer } from "./Utf8Writer.ts"

/** Room to begin with. */
const capacity = 65_536

/** A text that JSON writes as it is. */
const plain = /^[ !#-[\]-~]*$/

export class JsonMessage implements MessageWriter {
  readonly #to = new Utf8Writer(capacity)
  /** What stands before the next field or item. */
  #before = "{"

  text(_field: number, name: string, value: string): void {
    this.#value(name, plain.test(value) ? `"${value}"` : JSON.stringify(value.toWellFormed()))
  }

  id(_field: number, name: string, hex: string): void {
    this.#value(name, `"${hex}"`)
  }

  flag(_field: number, name: string, value: boolean): void {
    this.#value(name, value ? "true" : "false")
  }

  integer(_field: number, name: string, value: number): void {
    this.#value(name, `${value}`)
  }

  signed(_field: number, name: string, value: number): void {
    this.#value(name, `${value}`)
  }

  fixed32(_field: number, name: string, value: number): void {
    this.#value(name, `${value}`)
  }

  int64(_field: number, name: string, value: number | bigint): void {
    this.#value(name, `"${value}"`)
  }

  fixed64(_field: number, name: string, value: bigint): void {
    this.#value(name, `"${value}"`)
  }

  double(_field: number, name: string, value: number): void {
    this.#value(name, doubleOf(value))
  }

  doubles(_field: number, name: string, values: ReadonlyArray<number>): void {
    this.#value(name, `[${values.map(doubleOf).join(",")}]`)
  }

  fixed64s(_field: number, name: string, values: ReadonlyArray<number>): void {
    this.#value(name, wholes(values))
  }

  uint64s(_field: number, name: string, values: ReadonlyArray<number>): void {
    this.#value(name, wholes(values))
  }

  open(_field: number, name: string): number {
    this.#to.line(`${this.#before}"${name}":`)
    this.#before = "{"
    return 0
  }

  openList(name: string): void {
    this.#to.line(`${this.#before}"${name}":`)
    this.#before = "["
  }

  openItem(_field: number): number {
    this.#to.line(this.#before)
    this.#before = "{"
    return 0
  }

  close(_opened: number): void {
    this.#end("{", "}")
  }

  closeList(): void {
    this.#end("[", "]")
  }

  clear(): void {
    this.#to.take()
    this.#before = "{"
  }

  take(): Uint8Array<ArrayBuffer> {
    this.#end("{", "}")
    this.#before = "{"
    return this.#to.take().slice()
  }

  #value(name: string, json: string): void {
    this.#to.line(`${this.#before}"${name}":${json}`)
    this.#before = ","
  }

  /** An empty message or list has not been begun yet. */
  #end(opening: string, closing: string): void {
    this.#to.line(this.#before === opening ? opening + closing : closing)
    this.#before = ","
  }
}

/** What has no number in JSON is a text. */
const doubleOf = (value: number): string => Number.isFinite(value) ? `${value}` : `"${value}"`

/** 64-bit whole numbers are texts. */
const wholes = (values: ReadonlyArray<number>): string => values.length === 0 ? "[]" : `["${values.join("\",\"")}"]`

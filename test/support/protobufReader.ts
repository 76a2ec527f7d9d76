/**
 * A strict reader of the Protocol Buffers wire format, written from its description and independent of our writer. A
 * message is read by a table of its fields; unknown fields, wrong wire types, varints that are longer than they need to
 * be, and texts that are not UTF-8 are refused.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

/** How a field is read: its wire type, and what its value is. */
export interface FieldType<A> {
  readonly wireType: number
  readonly read: (cursor: Cursor) => A
  /** Whether several values may come in one length-delimited field. */
  readonly packable: boolean
}

const readVarint = (cursor: Cursor): bigint => {
  let value = 0n
  for (let count = 0; count < 10; count++) {
    const byte = cursor.bytes[cursor.at++]
    if (byte === undefined) throw new Error("the bytes end within a varint")
    value |= BigInt(byte & 0x7f) << BigInt(7 * count)
    if (byte < 0x80) {
      if (byte === 0 && count > 0) throw new Error("a varint is longer than it needs to be")
      if (value >= 2n ** 64n) throw new Error("a varint has more than 64 bits")
      return value
    }
  }
  throw new Error("a varint has more than ten bytes")
}

const readBytes = (cursor: Cursor): Uint8Array => {
  const length = Number(readVarint(cursor))
  const end = cursor.at + length
  if (end > cursor.bytes.length) throw new Error("the bytes end within a field")
  const bytes = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  return bytes
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const varint = <A>(convert: (value: bigint) => A): FieldType<A> => ({
  wireType: 0,
  read: (cursor) => convert(readVarint(cursor)),
  packable: true
})

const fixed64 = <A>(convert: (view: DataView) => A): FieldType<A> => ({
  wireType: 1,
  read: (cursor) => {
    if (cursor.at + 8 > cursor.bytes.length) throw new Error("the bytes end within eight bytes")
    const view = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.at, 8)
    cursor.at += 8
    return convert(view)
  },
  packable: true
})

export const fixed32: FieldType<number> = {
  wireType: 5,
  read: (cursor) => {
    if (cursor.at + 4 > cursor.bytes.length) throw new Error("the bytes end within four bytes")
    cursor.at += 4
    return new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.at - 4, 4).getUint32(0, true)
  },
  packable: true
}

const delimited = <A>(convert: (bytes: Uint8Array) => A): FieldType<A> => ({
  wireType: 2,
  read: (cursor) => convert(readBytes(cursor)),
  packable: false
})

export const uint64 = varint((value) => value)
export const int64 = varint((value) => BigInt.asIntN(64, value))
export const sint64 = varint((value) => (value >> 1n) ^ -(value & 1n))
export const double = fixed64((view) => view.getFloat64(0, true))
export const unsignedFixed64 = fixed64((view) => view.getBigUint64(0, true))
export const string = delimited((bytes) => utf8.decode(bytes))
export const bytes = delimited((bytes) => bytes.slice())

/** The values of each field, in the order in which they stand. */
export type Message<Fields extends Record<number, FieldType<any>>> = {
  readonly [Field in keyof Fields]: Fields[Field] extends FieldType<infer A> ? ReadonlyArray<A> : never
}

/** Reads a message whose fields are the given ones. */
export const readMessage = <Fields extends Record<number, FieldType<any>>>(
  fields: Fields,
  bytes: Uint8Array
): Message<Fields> => {
  const found: Record<number, Array<unknown>> = Object.fromEntries(Object.keys(fields).map((field) => [field, []]))
  const cursor = { bytes, at: 0 }
  while (cursor.at < bytes.length) {
    const tag = Number(readVarint(cursor))
    const [field, wireType] = [tag >>> 3, tag & 7]
    const type = fields[field]
    if (type === undefined) throw new Error(`no field has the number ${field}`)
    if (wireType === type.wireType) found[field]!.push(type.read(cursor))
    else if (wireType === 2 && type.packable) {
      const packed = { bytes: readBytes(cursor), at: 0 }
      while (packed.at < packed.bytes.length) found[field]!.push(type.read(packed))
    } else throw new Error(`field ${field} has the wire type ${wireType}`)
  }
  return found as Message<Fields>
}

/** A field that is a message. */
export const message = <A>(read: (bytes: Uint8Array) => A): FieldType<A> => delimited(read)

/** Reads messages that each have their length in front. */
export const readDelimited = <A>(bytes: Uint8Array, read: (bytes: Uint8Array) => A): ReadonlyArray<A> => {
  const cursor = { bytes, at: 0 }
  const messages: Array<A> = []
  while (cursor.at < bytes.length) messages.push(read(readBytes(cursor)))
  return messages
}

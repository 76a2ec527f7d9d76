/**
 * Reads the fields of a small message of Protocol Buffers that others wrote: the last value of each field.
 */

/** A whole number, or the bytes of a text or message. */
export type FieldValue = bigint | Uint8Array

/** Gives the values by the numbers of their fields, or `undefined` if the bytes are no message. */
export const readProtobuf = (bytes: Uint8Array): ReadonlyMap<number, FieldValue> | undefined => {
  const found = new Map<number, FieldValue>()
  let at = 0
  const varint = (): bigint | undefined => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) return undefined
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    return undefined
  }
  while (at < bytes.length) {
    const tag = varint()
    if (tag === undefined) return undefined
    const wireType = Number(tag & 7n)
    const size = wireType === 0 ? 0n : wireType === 1 ? 8n : wireType === 5 ? 4n : wireType === 2 ? varint() : undefined
    if (size === undefined || size > BigInt(bytes.length - at)) return undefined
    const value = wireType === 0 ? varint() : bytes.subarray(at, at + Number(size))
    if (value === undefined) return undefined
    at += Number(size)
    found.set(Number(tag >> 3n), value)
  }
  return found
}

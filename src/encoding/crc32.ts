/**
 * The checksum of Ethernet, gzip and PNG. Pure.
 */

const polynomial = 0xedb8_8320

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? polynomial ^ (value >>> 1) : value >>> 1
  return value
})

/** Gives the checksum of the bytes from `start` up to, not including, `end`. `before` is the checksum of earlier bytes. */
export const crc32 = (bytes: Uint8Array, start = 0, end = bytes.length, before = 0): number => {
  let value = ~before
  for (let at = start; at < end; at++) value = (table[(value ^ (bytes[at] as number)) & 0xff] as number) ^ (value >>> 8)
  return ~value >>> 0
}

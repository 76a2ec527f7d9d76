/**
 * Compresses bytes in the block format of Snappy, as Prometheus remote write needs them. Pure.
 *
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */

/** A copy refers to at most so many bytes before it, so the bytes are compressed in blocks. */
const blockBytes = 65_536
const hashBits = 14
/** A copy of fewer bytes saves nothing. */
const shortestCopy = 4
const longestCopy = 64
/** After so many positions without a match, positions are skipped: the bytes may be random. */
const patience = 32

const literalTag = 0
const shortCopyTag = 1
const copyTag = 2

/** Gives the compressed bytes, with their length before the compression in front. */
export const compress = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const { length } = bytes
  // Literals add three bytes to a block at most, and no copy is longer than what it stands for.
  const out = new Uint8Array(16 + length + Math.ceil(length / blockBytes) * 8 + (length >>> 4))
  const positions = new Int32Array(1 << hashBits)
  let at = writeLength(out, length)
  for (let start = 0; start < length; start += blockBytes) {
    at = compressBlock(bytes, start, Math.min(start + blockBytes, length), positions.fill(-1), out, at)
  }
  return out.slice(0, at)
}

const writeLength = (out: Uint8Array, length: number): number => {
  let at = 0
  let rest = length
  while (rest > 0x7f) {
    out[at++] = rest % 0x80 | 0x80
    rest = Math.floor(rest / 0x80)
  }
  out[at++] = rest
  return at
}

const fourBytesAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) | (bytes[at + 1] as number) << 8 | (bytes[at + 2] as number) << 16 |
  (bytes[at + 3] as number) << 24

const hashOf = (fourBytes: number): number => Math.imul(fourBytes, 0x9e37_79b1) >>> (32 - hashBits)

const compressBlock = (
  bytes: Uint8Array,
  start: number,
  end: number,
  positions: Int32Array,
  out: Uint8Array,
  outStart: number
): number => {
  const last = end - shortestCopy
  let at = outStart
  let literal = start
  let position = start
  let tried = patience
  while (position <= last) {
    const here = fourBytesAt(bytes, position)
    const hash = hashOf(here)
    const earlier = positions[hash] as number
    positions[hash] = position
    if (earlier < 0 || fourBytesAt(bytes, earlier) !== here) {
      position += Math.trunc(tried++ / patience)
      continue
    }
    at = writeLiteral(bytes, literal, position, out, at)
    let length = shortestCopy
    while (position + length < end && bytes[earlier + length] === bytes[position + length]) length++
    at = writeCopy(position - earlier, length, out, at)
    position += length
    literal = position
    tried = patience
  }
  return writeLiteral(bytes, literal, end, out, at)
}

const writeLiteral = (bytes: Uint8Array, start: number, end: number, out: Uint8Array, outStart: number): number => {
  if (start === end) return outStart
  const before = end - start - 1
  let at = outStart
  if (before < 60) out[at++] = before << 2 | literalTag
  else if (before < 0x100) {
    out[at++] = 60 << 2 | literalTag
    out[at++] = before
  } else {
    out[at++] = 61 << 2 | literalTag
    out[at++] = before & 0xff
    out[at++] = before >>> 8
  }
  out.set(bytes.subarray(start, end), at)
  return at + end - start
}

const writeCopy = (offset: number, length: number, out: Uint8Array, outStart: number): number => {
  let at = outStart
  let left = length
  while (left > 0) {
    // What remains after this copy must not be too short for a copy.
    const part = left <= longestCopy
      ? left
      : left < longestCopy + shortestCopy
      ? longestCopy - shortestCopy
      : longestCopy
    if (part <= 11 && offset < 0x800) {
      out[at++] = offset >>> 8 << 5 | part - shortestCopy << 2 | shortCopyTag
      out[at++] = offset & 0xff
    } else {
      out[at++] = part - 1 << 2 | copyTag
      out[at++] = offset & 0xff
      out[at++] = offset >>> 8
    }
    left -= part
  }
  return at
}

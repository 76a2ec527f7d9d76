/**
 * {@link JsonLine} as bytes, for a destination that writes each line at once.
 *
 * **Details**
 *
 * The bytes are those of the text. They lie in memory that the next line uses again.
 */
import type * as LogLevel from "effect/LogLevel"
import {
  enlarge,
  makeSpace,
  mostPerUnit,
  Piece,
  putInteger,
  putPiece,
  putPlain,
  putText
} from "../../encoding/LineBytes.ts"
import type { Redaction } from "../../redaction/Redaction.ts"
import * as JsonKeys from "./JsonKeys.ts"
import type { JsonLine } from "./JsonLine.ts"
import { longestLine, longestText, quote, searchable, unquoted } from "./lineText.ts"
import { essentialFields, levelNames, type LogRecord, severityNumber, uniqueFieldNames } from "./LogRecord.ts"

/** Up to this length, a text is checked while it is copied. */
const shortText = 40

/** The characters of ASCII that need no escaping: 1. */
const plain = new Uint8Array(128).fill(1, 0x20, 0x7f)
plain[0x22] = 0
plain[0x5c] = 0

const mark = 0x22
const brace = 0x7d
const lineFeed = 0x0a
const zero = 0x30

const millisDigits = 3
/** Room for the time and the level. */
const usualStart = 256

/** Room for a short text or a number, quotes and what a piece writes behind its end. */
const spared = 64
const usual = 65_536
/** After a line that took more memory, the memory is made anew. */
const mostKept = 1_048_576

/** Takes a line with its line break. The memory is used again afterwards. */
export interface JsonLineBytes {
  /** Makes the line of a record, and gives its length. */
  readonly make: (record: LogRecord) => number
  /** The memory with the line. */
  readonly bytes: () => Uint8Array
}

/** Makes the encoder. If texts of a record may hold secrets, `line` makes the text of the record. */
export const make = (redaction: Redaction, line: JsonLine): JsonLineBytes => {
  const { head, keys } = line
  const collects = redaction.searches
  const second = new Piece()
  const context = new Piece()
  const levels = new Map<LogLevel.LogLevel, Piece>()
  let space = makeSpace(usual)
  let lastSecond = Number.NaN
  let lastLevel: LogLevel.LogLevel | undefined
  let lastMessage = ""
  let lastComponent = ""
  let lastContext = ""
  /** The length of the head that the memory has; 0 for none. */
  let headLength = 0
  let headSurplus = 0
  let scan = ""

  const levelOf = (name: LogLevel.LogLevel): Piece => {
    const known = levels.get(name)
    if (known !== undefined) return known
    const made = new Piece(
      `Z","level":"${levelNames[name]}","severity_number":${severityNumber[name]},"message":"`
    )
    levels.set(name, made)
    return made
  }

  /** Brings {@link second} up to date. Gives the milliseconds in it. */
  const timeOf = (time: number): number => {
    const whole = Math.trunc(time)
    const seconds = Math.floor(whole / 1000)
    if (seconds !== lastSecond) {
      second.set(`{"timestamp":"${new Date(seconds * 1000).toISOString().slice(0, -"000Z".length)}`)
      lastSecond = seconds
      headLength = 0
    }
    return whole - seconds * 1000
  }

  /** Writes the part of a line before the fields. Gives its length. */
  const writeHead = (record: LogRecord, contextText: string, componentText: string): number => {
    const { level, message } = record
    headLength = 0
    if (contextText !== lastContext) context.set(contextText)
    const most = (Math.min(message.length, 2 * longestText) + componentText.length) * longestEscape + context.length +
      usualStart
    if (most > space.bytes.length) space = enlarge(space, 0, most)
    const { bytes, view } = space
    const textStart = putPiece(view, putPiece(view, 0, second) + millisDigits, levelOf(level))
    let at = message.length > shortText ? -1 : putPlain(bytes, textStart, message, plain)
    headSurplus = context.surplus
    if (at === -1) {
      const text = unquoted(message)
      at = putText(bytes, textStart, text)
      headSurplus += at - textStart - text.length
    }
    if (componentText !== "") {
      const end = putText(bytes, at, componentText)
      headSurplus += end - at - componentText.length
      at = end
    }
    lastLevel = level
    lastMessage = message
    lastComponent = componentText
    lastContext = contextText
    return putPiece(view, at, context)
  }

  /** Writes the line up to its last brace. Gives its length. Texts that may hold a secret go to `scan`. */
  const write = (record: LogRecord): number => {
    const { fields, message } = record
    const millis = timeOf(record.time)
    const componentText = head.component(record.component)
    const contextText = head.context(record)
    // The memory still has the head of the last line. Successive lines often have the same head.
    if (
      headLength === 0 || record.level !== lastLevel || message !== lastMessage || contextText !== lastContext ||
      componentText !== lastComponent
    ) headLength = writeHead(record, contextText, componentText)
    let { bytes, view } = space
    const millisAt = second.length
    bytes[millisAt] = zero + ((millis / 100) | 0)
    bytes[millisAt + 1] = zero + ((millis / 10) | 0) % 10
    bytes[millisAt + 2] = zero + millis % 10
    let at = headLength
    /** What is written is in UTF-16 units so much shorter. */
    let surplus = headSurplus
    let texts = collects ? searchable(message) : ""
    let left = 0
    let key = keys.beginning
    let names: JsonKeys.Names | undefined
    /** What comes after the bytes, from the first value that is no number, boolean or short plain text. */
    let tail = ""
    /** Whether the last value is a text. A line that is text closes it later, which counts for its length. */
    let open = false
    for (const name in fields) {
      if (at - surplus + tail.length - (open ? 1 : 0) > longestLine && !essentialFields.has(name)) {
        left++
        continue
      }
      key = keys.of(name, key)
      open = false
      const value = fields[name]
      if (key.isUnusual) {
        if (key.isRenamed) names ??= uniqueFieldNames(fields)
        tail += keys.unusualMember(key, key.pieces.prefix, names, value, true, fields)
        continue
      }
      const isMasked = keys.masks(key, value, true, fields)
      if (collects && !isMasked && typeof value === "string") texts += `\n${searchable(value)}`
      if (tail === "" && key.isKept) {
        const pieces = key.bytes ?? JsonKeys.bytesOf(key)
        const piece = isMasked ? pieces.masked : pieces.prefix
        if (at + piece.length + spared > bytes.length) {
          ;({ bytes, view } = space = enlarge(space, at, piece.length + spared))
        }
        at = putPiece(view, at, piece)
        surplus += piece.surplus
        if (isMasked) continue
        if (typeof value === "string") {
          open = true
          const end = value.length > shortText ? -1 : putPlain(bytes, at + 1, value, plain)
          if (end === -1) tail = quote(value)
          else {
            bytes[at] = bytes[end] = mark
            at = end + 1
          }
        } else if (typeof value === "number" && (value | 0) === value) at = putInteger(bytes, at, value)
        else {
          const text = keys.valueText(key, value)
          // The text of an object has many parts, and is slow to read by character. A number may be masked.
          const isShort = typeof value !== "object" && text.length <= shortText
          const end = isShort ? putPlain(bytes, at, text, plain) : -1
          if (end === -1) tail = text
          else at = end
        }
      } else if (isMasked) tail += key.pieces.masked
      else if (typeof value === "string") {
        open = true
        tail += key.pieces.textPrefix + closed(value)
      } else tail += key.pieces.prefix + keys.valueText(key, value)
    }
    if (left > 0) tail += `,"${(names ?? uniqueFieldNames(fields))("truncated")}":"${left} more fields"`
    if (tail !== "") {
      const needed = tail.length * mostPerUnit + spared
      if (at + needed > bytes.length) ({ bytes } = space = enlarge(space, at, needed))
      at = putText(bytes, at, tail)
    }
    scan = texts
    return at
  }

  return {
    bytes: () => space.bytes,
    make: (record) => {
      if (space.bytes.length > mostKept) {
        space = makeSpace(usual)
        headLength = 0
      }
      let at = write(record)
      if (collects && redaction.mayHold(scan)) {
        const text = line.makeSearched(record)
        space = enlarge(space, 0, text.length * mostPerUnit + spared)
        headLength = 0
        at = putText(space.bytes, 0, text)
      } else space.bytes[at++] = brace
      space.bytes[at++] = lineFeed
      return at
    }
  }
}

/** A text with its closing quote. */
const closed = (text: string): string => `${unquoted(text)}"`

/** A character takes at most so many bytes in a JSON string. */
const longestEscape = 6

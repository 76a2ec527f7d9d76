/**
 * Splits long lines into parts, each a line of its own, for a pipe to which several processes write.
 *
 * **Details**
 *
 * Each part has the level, the `line_id` of its line, its number `part`, the number of `parts`, and a piece of the line
 * in `text`. The texts of all parts with the same `line_id` together are the line. A part of a JSON line is a JSON
 * object, a part of any other line has `key=value` pairs.
 */
import type * as LogLevel from "effect/LogLevel"

/** A part without its text has at most so many bytes. */
const longestHead = 128

/** If a piece has too many bytes, the next try has this share of it. */
const shrinking = 0.8

/** Makes a function that splits a line into parts of at most `maximumBytes` bytes, with the line break. */
export const make = (options: {
  readonly maximumBytes: number
  readonly isJson: boolean
  /** A name of the writer, which no other writer to the pipe has. */
  readonly writer: string
}): (line: string, level: LogLevel.LogLevel) => ReadonlyArray<string> => {
  const room = options.maximumBytes - longestHead
  let lines = 0
  return (line, level) => {
    const id = `${options.writer}.${lines++}`
    const pieces = piecesOf(line, room)
    return pieces.map((piece, index) =>
      options.isJson
        ? `{"level":"${level.toUpperCase()}","line_id":"${id}","part":${
          index + 1
        },"parts":${pieces.length},"text":${piece}}`
        : `level=${level.toUpperCase()} line_id=${id} part=${index + 1} parts=${pieces.length} text=${piece}`
    )
  }
}

const encoder = new TextEncoder()

/** Cuts a line into JSON strings of at most `room` bytes. */
const piecesOf = (line: string, room: number): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  for (let from = 0; from < line.length;) {
    let to = Math.min(line.length, from + room)
    let piece = pieceOf(line, from, to)
    while (encoder.encode(piece).length > room) {
      to = from + Math.floor((to - from) * shrinking)
      piece = pieceOf(line, from, to)
    }
    pieces.push(piece)
    from += (JSON.parse(piece) as string).length
  }
  return pieces
}

/** Makes a piece that does not end within a character. */
const pieceOf = (line: string, from: number, to: number): string => {
  const isCut = to < line.length && (line.codePointAt(to - 1) ?? 0) > 0xffff
  return JSON.stringify(line.slice(from, isCut ? to - 1 : to))
}

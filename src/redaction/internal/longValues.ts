/**
 * Values that go on behind a space or a line break: a password in a connection string, as in
 * `Server=db;Password=a b;Timeout=1`, and the fields of a form that is sent as `multipart/form-data`.
 */

/** The rest of a value up to the semicolon. After other characters other rules apply. */
const rest = /[^;\r\n"'`\\=:<>]*/y
const ends = /^[;\r\n"'`]?$/
/** A field directly after the semicolon. In a sentence a space comes first. */
const next = /;[A-Za-z][\w .-]{0,40}=/y
const behindField = /;[\w.-][\w .-]{0,40}$/
const longestKey = 42
const word = "[^\\s\"'`\\\\&;,<>(){}[\\]]+"

/**
 * Masks the rest of a masked value in a field that has another field before or after it, word by word. Characters
 * between the words stay, so that no other pattern finds a new match.
 */
export const replaceFields = (text: string, masked: () => string, mask: string): string => {
  if (!text.includes(";")) return text
  const assigned = `=${mask}`
  let result = ""
  let done = 0
  let words: RegExp | undefined
  for (let at = text.indexOf(assigned); at >= 0; at = text.indexOf(assigned, at + assigned.length)) {
    const start = at + assigned.length
    const end = endOf(rest, text, start)
    if (end === start || !ends.test(text.charAt(end))) continue
    const isField = endOf(next, text, end) > end || behindField.test(text.slice(Math.max(at - longestKey, 0), at))
    if (!isField) continue
    words ??= new RegExp(`(${escape(mask)})|${word}`, "g")
    result += text.slice(done, start) +
      text.slice(start, end).replace(words, (_match, known: string | undefined) => known ?? masked())
    done = end
  }
  return result + text.slice(done)
}

const endOf = (sticky: RegExp, text: string, start: number): number => {
  sticky.lastIndex = start
  return start + (sticky.exec(text)?.[0].length ?? 0)
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** The name of a part at the end of its line, further headers, and the empty line before the value. */
const part = /\bname="?([^"\r\n;=]+)"?(?:\r?\n[\w-]+:[^\r\n]*){0,3}\r?\n\r?\n/g

/** Replaces the value of every part with a sensitive name: up to the next boundary, or all that is left. */
export const replaceParts = (text: string, masked: () => string, isSensitive: (key: string) => boolean): string => {
  if (!text.includes("\n")) return text
  let result = ""
  let done = 0
  for (const found of text.matchAll(part)) {
    const start = found.index + found[0].length
    // A part within a value belongs to the value.
    if (found.index < done || start === text.length || !isSensitive(found[1] as string)) continue
    const boundary = text.indexOf("\n--", start - 1)
    const line = boundary < 0 ? text.length : boundary
    const end = text.charAt(line - 1) === "\r" ? line - 1 : line
    if (end <= start) continue
    result += text.slice(done, start) + masked()
    done = end
  }
  return result + text.slice(done)
}

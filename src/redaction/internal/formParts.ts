/**
 * Parts of a form that is sent as `multipart/form-data`.
 *
 * @internal
 */

/** The name of a part at the end of its line, further headers, and the empty line before the value. */
const part = /\bname="?([^"\r\n;=]+)"?(?:\r?\n[\w-]+:[^\r\n]*){0,3}\r?\n\r?\n/g

/** Replaces the value of every part with a sensitive name: up to the next boundary, or all that is left. */
export const replace = (text: string, masked: () => string, isSensitive: (key: string) => boolean): string => {
  if (!text.includes("\n")) return text
  let result = ""
  let done = 0
  for (const found of text.matchAll(part)) {
    const start = found.index + found[0].length
    // What looks like a part within a value is of the value.
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

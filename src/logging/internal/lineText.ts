/**
 * Texts of JSON lines, within their limits.
 */
import * as jsonText from "../../redaction/internal/jsonText.ts"

/** Longest text, in characters. */
export const longestText = 16_384

/** Characters of a text that are searched for signs of a secret: some more than are written. */
const mostLooked = longestText + 1024

/** After so many characters of a line, further fields are left out. */
export const longestLine = 65_536

/** Joins texts into one flat string. V8 would walk through the parts of a concatenation again with every line. */
export const join = (...parts: ReadonlyArray<string>): string => parts.join("")

/** Whether a text needs neither escaping nor cutting. */
const isPlain = (text: string): boolean => text.length <= longestText && jsonText.isPlain(text)

const escaped = (text: string): string => jsonText.encodeText(text, longestText)

export const quote = (text: string): string => isPlain(text) ? `"${text}"` : escaped(text)

/** Gives a JSON string without its quotes. */
export const unquoted = (text: string): string => isPlain(text) ? text : escaped(text).slice(1, -1)

/** The part of a text that is searched. */
export const searchable = (text: string): string => text.length > mostLooked ? text.slice(0, mostLooked) : text

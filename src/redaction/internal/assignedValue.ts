/**
 * Finds the end of the value that a text assigns to a sensitive key, in every notation.
 */

/** The rest of a list with quotes in it: to the end of the line, and further while lines end with a comma. */
export const restOfList = "[^\\r\\n]*(?:(?<=,[ \\t]*)\\r?\\n[ \\t]+[^\\r\\n]*)*"

/** A list that stands in quotes itself. If the quotes inside it are escaped, it is a quoted text like others. */
const digestValue = new RegExp(
  `(?:digest\\s+[\\w-]+\\*?\\s*=|(["'])digest\\s[^\\r\\n"'\\\\]*=\\s*\\1)${restOfList}`,
  "iy"
)
/** The indented lines of a text in YAML. */
const blockValue = /[|>][+-]?\d?[ \t]*(?:\r?\n[ \t]+[^\r\n]*)+/y
const tripleQuote = /"""|'''/y
const openingQuote = /\\*["'`]/y
/** Goes on after the end of a quoted text. */
const continuation = /\s*\+\s*(?=["'`])/y
const knownScheme = /(?:bearer|basic|negotiate|token|apikey)\s+/iy
const plainValue = /(?:(?:bearer|basic|digest|negotiate|token|apikey)\s+)?[^\s"'`\\&;,<>(){}[\]]+/iy
const cookieValue = /[^\r\n"'\\]+/y
/** Ends a value in brackets; the end of the text ends it too. */
const delimiter = /^[\s,;}\])]?$/
/** Further parts of a signature, as in `t=1,v1=…`. */
const signatureParts = /(?:,\w{1,3}=[^\s"'`,;&]+)+/y
const lineValue = /[^\r\n]+/y
/** A part of a value without quotes and brackets, or a placeholder. */
const plainPart = /[^\s"'`\\&;,<>(){}[\]]+|<[^<>\s]*>/y

/** The part that the mask replaces; empty if there is no value. */
export interface AssignedValue {
  /** Start of the value: after the opening quote of a quoted text. The closing quote stays too. */
  readonly from: number
  readonly end: number
}

/**
 * Finds where a value starts and ends.
 *
 * A quoted value ends at its closing quote, and a value in brackets at its closing bracket. The value of a cookie, of
 * an unknown scheme or of Digest credentials ends with its line. Any other value ends at the next delimiter. Brackets
 * and quotes right behind a value belong to it, as in `Some("…")` or `b'…'`.
 */
export const assignedValue = (text: string, start: number, key: string): AssignedValue => {
  const credentials = endOf(digestValue, text, start)
  if (credentials > start) return { from: start, end: credentials }
  const triple = endOf(tripleQuote, text, start)
  if (triple > start) {
    const closing = text.indexOf(text.slice(start, triple), triple)
    if (closing > triple) return { from: triple, end: closing }
    // Two quotes are an empty text; what follows the third is none where the text is not closed.
    if (closing < 0) return { from: triple, end: text.length }
  }
  const quote = endOf(openingQuote, text, start)
  if (quote > start) return { from: quote, end: quotedEnd(text, start, quote) }
  const block = endOf(blockValue, text, start)
  if (block > start) return { from: start, end: block }
  const list = listEnd(text, start)
  if (list > start) return { from: start, end: list }
  return { from: start, end: plainEnd(text, start, key) }
}

/**
 * The end of a list in YAML whose first item is here. The list goes on while lines are deeper than its first dash, or
 * have a dash at the same depth.
 */
const listEnd = (text: string, start: number): number => {
  if (text.charAt(start) !== "-" || !/\s/.test(text.charAt(start + 1))) return start
  let line = start
  while (line > 0 && isBlank(text.charAt(line - 1))) line--
  if (text.charAt(line - 1) !== "\n") return start
  const depth = start - line
  let end = start
  for (let next = start; next < text.length;) {
    let at = next === start ? start : next
    if (next !== start) { while (isBlank(text.charAt(at))) at++ }
    const indent = next === start ? depth : at - next
    const isItem = text.charAt(at) === "-" && isBlank(text.charAt(at + 1))
    if (indent < depth || (indent === depth && !isItem)) break
    const newline = text.indexOf("\n", at)
    end = newline < 0 ? text.length : newline
    next = end + 1
  }
  return text.charAt(end - 1) === "\r" ? end - 1 : end
}

const isBlank = (character: string): boolean => character === " " || character === "\t"

const plainEnd = (text: string, start: number, key: string): number => {
  const bracketed = isBracket(text.charAt(start)) ? closingAt(text, start) : start
  if (/^(?:set-)?cookie$/i.test(key)) {
    return bracketed > start && delimiter.test(text.charAt(bracketed)) ? bracketed : endOf(cookieValue, text, bracketed)
  }
  if (bracketed > start) return followed(text, bracketed)
  const end = endOf(plainValue, text, start)
  if (end === start) return followed(text, endOf(plainPart, text, start))
  if (/signature$/i.test(key) && text.charAt(end) === ",") return endOf(signatureParts, text, end)
  return /authorization$/i.test(key) && text.charAt(end) === " " && endOf(knownScheme, text, start) === start
    ? endOf(lineValue, text, start)
    : followed(text, end)
}

const isBracket = (character: string): boolean => character === "{" || character === "[" || character === "("

/** The end of the characters directly after a value that belong to it. */
const followed = (text: string, start: number): number => {
  let end = start
  for (;;) {
    const next = text.charAt(end)
    if (isBracket(next)) end = closingAt(text, end)
    // `Map(1) { … }`
    else if (next === " " && text.charAt(end - 1) === ")" && isBracket(text.charAt(end + 1))) {
      end = closingAt(text, end + 1)
    } else if (next === "\"" || next === "'" || next === "`") {
      const closing = quotedEnd(text, end, end + 1)
      if (closing >= text.length) return end
      end = closing + 1
    } else {
      const part = endOf(plainPart, text, end)
      if (part === end) return end
      end = part
    }
  }
}

/** Finds the closing quote of a text. The opening quote, with its backslashes, stands from `start` to `from`. */
const quotedEnd = (text: string, start: number, from: number): number => {
  let end = closingQuote(text, start, from)
  for (let next = endOf(continuation, text, end + 1); next > end + 1; next = endOf(continuation, text, end + 1)) {
    end = closingQuote(text, next, next + 1)
  }
  return end
}

/** Place of the next quote with as many backslashes, not counting escaped backslashes; the end if there is none. */
const closingQuote = (text: string, start: number, from: number): number => {
  const quote = text.charAt(from - 1)
  const depth = from - 1 - start
  const escaped = 2 * (depth + 1)
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 1)) {
    let backslashes = 0
    while (at - backslashes > from && text.charAt(at - backslashes - 1) === "\\") backslashes++
    if (backslashes % escaped === depth) return at - depth
  }
  return text.length
}

/** Place after the bracket that closes the bracket at this place; brackets in quoted texts do not count. */
const closingAt = (text: string, start: number): number => {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    const character = text.charAt(index)
    if (isBracket(character)) depth++
    else if (character === "}" || character === "]" || character === ")") {
      if (--depth === 0) return index + 1
    } else if (character === "\"" || character === "`" || (character === "'" && !isApostrophe(text, index))) {
      let opening = index
      while (opening > start && text.charAt(opening - 1) === "\\") opening--
      const closing = closingQuote(text, opening, index + 1)
      if (closing >= text.length) return text.length
      index = closing + (index - opening)
    }
  }
  return text.length
}

const isApostrophe = (text: string, index: number): boolean =>
  /\w'\w/.test(text.slice(Math.max(index - 1, 0), index + 2))

const endOf = (sticky: RegExp, text: string, start: number): number => {
  sticky.lastIndex = start
  const found = sticky.exec(text)
  return found === null ? start : start + found[0].length
}

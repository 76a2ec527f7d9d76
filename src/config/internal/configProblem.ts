/**
 * What an error message says about a value or a name that the configuration
 * cannot use.
 */
import * as Redacted from "effect/Redacted"

/** A part of a value that an option cannot take. */
export interface Problem {
  /** Where the part is, such as `[0].buckets`; empty for the value itself. */
  readonly at: string
  /** What is wrong there; the path of the option follows it. */
  readonly rule: string
  readonly value?: unknown
  /** What to write instead, if that is known. */
  readonly hint?: string | undefined
}

const control = /[\p{Cc}\u2028\u2029]/u

/** Whether a text has no character that ends a line or steers a terminal. */
export const isPlain = (text: string): boolean => !control.test(text)

/** Whether a text can be a bearer token. Servers and clients drop spaces at the ends of a header. */
export const isToken = (text: string): boolean => text !== "" && isPlain(text) && !/^ | $/.test(text)

/** What a token has to be. */
export const expectedToken = "a secret that is not empty and has no space at its ends"

/** A token of RFC 9110. */
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/

export const isHeaderName = (text: string): boolean => headerName.test(text)

/** Whether a request can carry the text as the value of a header. */
export const isHeaderValue = (text: string): boolean => /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text)

/** Explains what is wrong with a text. */
export const explainText = (value: unknown): ReadonlyArray<Problem> =>
  typeof value === "string" && !isPlain(value)
    ? [{ at: "", rule: "expected a text without control characters", value }]
    : []

/** Explains what is wrong with a record of texts. */
export const explainRecord = (value: unknown): ReadonlyArray<Problem> =>
  typeof value !== "object" || value === null
    ? explainText(value)
    : Object.entries(value).flatMap(([key, text]) =>
      isPlain(key) ? explainText(text).map((problem) => ({ ...problem, at: `.${key}` })) : explainText(key)
    )

/** Explains what is wrong with headers. The message has neither names nor values, because either may be the secret. */
export const explainHeaders = (value: unknown): ReadonlyArray<Problem> => {
  if (typeof value !== "object" || value === null) return []
  const headers = Object.entries(value)
  if (!headers.every(([name]) => isHeaderName(name))) {
    return [{ at: "", rule: "expected names of headers without blanks, commas and control characters" }]
  }
  const texts = headers.flatMap(([, text]): ReadonlyArray<unknown> =>
    Redacted.isRedacted(text) ? [Redacted.value(text)] : []
  )
  return texts.every((text) => typeof text !== "string" || isHeaderValue(text))
    ? []
    : [{ at: "", rule: "expected values of headers without line breaks and characters beyond Latin-1" }]
}

// --- Misspelt names ---

/** Only so many characters of a name are compared. */
const longestCompared = 100

/**
 * Gives the known name with the fewest different letters. Upper and lower case are the same letter.
 *
 * @param most letters that may differ, half of the name by default
 */
export const nearestName = (
  name: string,
  known: ReadonlyArray<string>,
  most = name.length / 2
): string | undefined => {
  const given = name.slice(0, longestCompared).toLowerCase()
  let nearest: string | undefined
  let least = Math.max(most, 0)
  for (const candidate of known) {
    const distance = distanceOf(given, candidate.toLowerCase())
    if (distance <= least && (nearest === undefined || distance < least)) {
      nearest = candidate
      least = distance
    }
  }
  return nearest
}

/** The Levenshtein distance: how many letters to insert, remove or replace. */
const distanceOf = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let index = 0; index < from.length; index++) {
    const next = [index + 1]
    for (let column = 0; column < to.length; column++) {
      const replaced = (row[column] as number) + (from[index] === to[column] ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] as number) + 1, (next[column] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}

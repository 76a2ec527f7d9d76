/**
 * What is wrong with the texts of an option: control characters, and headers
 * that no request can carry.
 *
 * @internal
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

/** What RFC 9110 calls a token. */
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/

export const isHeaderName = (text: string): boolean => headerName.test(text)

/** Whether a request can carry the text as the value of a header. */
export const isHeaderValue = (text: string): boolean => /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text)

/** What is wrong with a text. */
export const explainText = (value: unknown): ReadonlyArray<Problem> =>
  typeof value === "string" && !isPlain(value)
    ? [{ at: "", rule: "expected a text without control characters", value }]
    : []

/** What is wrong with texts by key. */
export const explainRecord = (value: unknown): ReadonlyArray<Problem> =>
  typeof value !== "object" || value === null
    ? explainText(value)
    : Object.entries(value).flatMap(([key, text]) =>
      isPlain(key) ? explainText(text).map((problem) => ({ ...problem, at: `.${key}` })) : explainText(key)
    )

/** What is wrong with headers; neither names nor values are part of it, because either may be the secret. */
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

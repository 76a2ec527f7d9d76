/**
 * Texts of other people in our sentences.
 *
 * @internal
 */

import { truncateAtWord } from "../../internal/truncateAtWord.ts"
import { withoutSecrets } from "../../redaction/internal/secretPatterns.ts"

/** Characters that JSON writes as they are and that a terminal or a reader of lines would act on. */
const active = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** Characters of a text that are looked at. */
const mostLooked = 4096

/** Gives a text without its secrets in quotes, on one line and of at most `longest` characters, 80 by default. */
export const quote = (text: string, longest = 80): string => {
  const quoted = JSON.stringify(withoutSecrets(text.length > mostLooked ? truncateAtWord(text, mostLooked) : text))
    .replace(
      active,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
    )
  return quoted.length > longest ? `${quoted.slice(0, longest)}…` : quoted
}

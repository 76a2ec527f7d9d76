/**
 * Expressions that find keys in texts.
 */

/** The characters of a key. */
const anyLetters = "\\p{L}\\p{N}\\p{M}_.-"
/** The same in a text of ASCII, for which an expression is several times quicker. */
const asciiLetters = "\\w.-"

/** Makes one expression for texts of ASCII and one for all others, and gives the one for a text. */
export const keyExpressions = (source: (letters: string) => string, flags: string): (text: string) => RegExp => {
  const ascii = new RegExp(source(asciiLetters), flags)
  const any = new RegExp(source(anyLetters), `${flags}u`)
  return (text) => notAscii.test(text) ? any : ascii
}

// oxlint-disable-next-line eslint/no-control-regex
const notAscii = /[^\u0000-\u007f]/

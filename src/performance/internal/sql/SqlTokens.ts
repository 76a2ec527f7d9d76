/**
 * Reads SQL as tokens: words, quoted names, literals, parameters, comments, signs.
 *
 * One pass over the text, without backtracking. Every text gives tokens: a literal without an end goes to the end of the
 * text.
 */

/** The dialects that differ in quotes and comments. `other` stands for a database that is not known. */
export type SqlDialect = "pg" | "mysql" | "sqlite" | "mssql" | "clickhouse" | "other"

/** What a token is. */
export const Kind = {
  end: 0,
  word: 1,
  /** An identifier in quotes. */
  name: 2,
  /** A literal in quotes. */
  text: 3,
  number: 4,
  /** A parameter or variable: `?`, `$1`, `:name`, `@name`. */
  parameter: 5,
  sign: 6,
  comment: 7
} as const

export type Kind = (typeof Kind)[keyof typeof Kind]

const code = (character: string): number => character.charCodeAt(0)

/** The codes of the signs that the grammar looks at. */
export const Sign = {
  open: code("("),
  close: code(")"),
  comma: code(","),
  dot: code("."),
  semicolon: code(";"),
  equals: code("="),
  openBrace: code("{")
} as const

const quote = code("'")
const doubleQuote = code("\"")
const backtick = code("`")
const openBracket = code("[")
const closeBracket = code("]")
const backslash = code("\\")
const dollar = code("$")
const minus = code("-")
const plus = code("+")
const slash = code("/")
const star = code("*")
const hash = code("#")
const at = code("@")
const colon = code(":")
const question = code("?")
const underscore = code("_")

const isDigit = (char: number): boolean => char >= 48 && char <= 57
const isLetter = (char: number): boolean =>
  (char >= 97 && char <= 122) || (char >= 65 && char <= 90) || char === underscore || char >= 128
/** Whether the character goes on with a word. Databases allow `$` and `#` inside of names. */
const isPart = (char: number): boolean => isLetter(char) || isDigit(char) || char === dollar || char === hash
const isSpace = (char: number): boolean => char <= 32 || char === 0xa0 || char === 0xfeff

/** A word of so few letters right before a quote belongs to the literal, as in `E'…'`, `N'…'`, `x'…'`. */
const longestPrefix = 2

/** The tokens of a text, one after the other. */
export class SqlTokens {
  readonly sql: string
  readonly #dialect: SqlDialect
  /** What the current token is. */
  kind: Kind = Kind.end
  /** The character of a sign, 0 for other tokens. */
  sign = 0
  /** Where the current token begins and ends. */
  start = 0
  end = 0

  constructor(sql: string, dialect: SqlDialect) {
    this.sql = sql
    this.#dialect = dialect
  }

  /** Goes to the next token. Gives what it is. */
  next(): Kind {
    const { sql } = this
    let place = this.end
    while (place < sql.length && isSpace(sql.charCodeAt(place))) place++
    this.start = place
    this.sign = 0
    if (place >= sql.length) {
      this.end = place
      return this.kind = Kind.end
    }
    const char = sql.charCodeAt(place)
    const following = this.#at(place + 1)
    if (isLetter(char)) return this.#word(place)
    if (isDigit(char) || (char === Sign.dot && isDigit(following))) return this.#number(place)
    switch (char) {
      case quote:
        return this.#text(place, this.#hasBackslashes)
      case doubleQuote:
        return this.#quoted(place, doubleQuote)
      case backtick:
        return this.#quoted(place, backtick)
      case openBracket:
        return this.#bracket(place, following)
      case minus:
      case plus:
        return this.#signed(place, char, following)
      case slash:
        return following === star ? this.#block(place) : this.#sign(place, char)
      case hash:
        return this.#hash(place)
      case dollar:
        return this.#dollar(place, following)
      case question:
        return this.#is(Kind.parameter, place + 1)
      case at:
        return this.#parameter(following === at ? place + 2 : place + 1)
      case colon:
        return this.#colon(place, following)
      default:
        return this.#sign(place, char)
    }
  }

  /** The text of the current token. */
  get text(): string {
    return this.sql.slice(this.start, this.end)
  }

  get #hasBackslashes(): boolean {
    return this.#dialect === "mysql" || this.#dialect === "clickhouse"
  }

  #at(place: number): number {
    return place < this.sql.length ? this.sql.charCodeAt(place) : 0
  }

  #is(kind: Kind, end: number): Kind {
    this.end = end
    return this.kind = kind
  }

  #sign(place: number, char: number): Kind {
    this.sign = char
    return this.#is(Kind.sign, place + 1)
  }

  #pastWord(place: number): number {
    while (place < this.sql.length && isPart(this.sql.charCodeAt(place))) place++
    return place
  }

  #word(place: number): Kind {
    let end = this.#pastWord(place)
    // `U&'…'` has a sign between prefix and quote.
    if (end === place + 1 && this.#at(end) === code("&") && this.#at(end + 1) === quote) end++
    if (this.#at(end) !== quote || end - place > longestPrefix) return this.#is(Kind.word, end)
    const prefix = this.#at(place) | 32
    if (prefix === code("q") && this.#dialect === "other" && end === place + 1) return this.#alternative(end)
    return this.#text(end, this.#hasBackslashes || (prefix === code("e") && end === place + 1))
  }

  /** A literal from the quote on. Two quotes are one of the text. */
  #text(place: number, hasBackslashes: boolean): Kind {
    return this.#is(Kind.text, this.#pastQuote(place, quote, hasBackslashes))
  }

  /** A text between quotes that the author chose: `q'[…]'`. */
  #alternative(place: number): Kind {
    const opening = this.#at(place + 1)
    const pairs = "[]{}()<>"
    const pair = pairs.indexOf(String.fromCharCode(opening))
    const closing = pair >= 0 && pair % 2 === 0 ? pairs[pair + 1]! : String.fromCharCode(opening)
    const end = this.sql.indexOf(`${closing}'`, place + 2)
    return this.#is(Kind.text, end < 0 ? this.sql.length : end + 2)
  }

  #quoted(place: number, mark: number): Kind {
    const end = this.#pastQuote(place, mark, mark === doubleQuote && this.#hasBackslashes)
    // In double quotes MySQL and ClickHouse differ: a text in one, a name in the other.
    return this.#is(mark === doubleQuote && this.#dialect === "mysql" ? Kind.text : Kind.name, end)
  }

  #pastQuote(place: number, mark: number, hasBackslashes: boolean): number {
    const { sql } = this
    for (let index = place + 1; index < sql.length; index++) {
      const char = sql.charCodeAt(index)
      if (char === backslash && hasBackslashes) index++
      else if (char === mark) {
        if (this.#at(index + 1) !== mark) return index + 1
        index++
      }
    }
    return sql.length
  }

  /** A name in brackets. PostgreSQL and ClickHouse have arrays there. */
  #bracket(place: number, following: number): Kind {
    const isName = this.#dialect === "mssql" || this.#dialect === "sqlite" ||
      (this.#dialect === "other" && isLetter(following))
    return isName ? this.#is(Kind.name, this.#pastQuote(place, closeBracket, false)) : this.#sign(place, openBracket)
  }

  /** A sign right before a number belongs to the number. */
  #signed(place: number, char: number, following: number): Kind {
    if (char === minus && following === minus) return this.#line(place)
    if (isDigit(following) || (following === Sign.dot && isDigit(this.#at(place + 2)))) return this.#number(place + 1)
    return this.#sign(place, char)
  }

  #number(place: number): Kind {
    const { sql } = this
    let end = place
    while (end < sql.length) {
      const char = sql.charCodeAt(end)
      const isExponent = (char | 32) === code("e") && this.#at(place + 1) !== code("x") &&
        this.#at(place + 1) !== code("X")
      const next = this.#at(end + 1)
      if (isExponent && (next === minus || next === plus) && isDigit(this.#at(end + 2))) end += 2
      else if (char === Sign.dot ? next !== Sign.dot : isPart(char)) end++
      else break
    }
    return this.#is(Kind.number, Math.max(end, place + 1))
  }

  #line(place: number): Kind {
    const end = this.sql.indexOf("\n", place)
    return this.#is(Kind.comment, end < 0 ? this.sql.length : end)
  }

  /** A comment between marks. Databases other than MySQL and SQLite nest them. */
  #block(place: number): Kind {
    const { sql } = this
    const nests = this.#dialect !== "mysql" && this.#dialect !== "sqlite"
    let depth = 1
    for (let index = place + 2; index < sql.length; index++) {
      const char = sql.charCodeAt(index)
      if (char === star && this.#at(index + 1) === slash) {
        depth--
        index++
        if (depth === 0) return this.#is(Kind.comment, index + 1)
      } else if (nests && char === slash && this.#at(index + 1) === star) {
        depth++
        index++
      }
    }
    return this.#is(Kind.comment, sql.length)
  }

  /** In MySQL and ClickHouse a comment, in SQL Server a name, in PostgreSQL an operator. */
  #hash(place: number): Kind {
    if (this.#hasBackslashes) return this.#line(place)
    const following = this.#at(place + 1)
    const isName = this.#dialect === "mssql" && (isLetter(following) || following === hash)
    return isName ? this.#is(Kind.word, this.#pastWord(place + 1)) : this.#sign(place, hash)
  }

  /** A parameter such as `$1`, or a literal between two equal marks: `$$…$$`, `$body$…$body$`. */
  #dollar(place: number, following: number): Kind {
    if (isDigit(following)) return this.#parameter(place + 1)
    if (this.#dialect !== "pg" && this.#dialect !== "other") return this.#parameter(place + 1)
    let end = place + 1
    while (end < this.sql.length && (isLetter(this.#at(end)) || isDigit(this.#at(end)))) end++
    if (this.#at(end) !== dollar) return this.#parameter(end)
    const mark = this.sql.slice(place, end + 1)
    const closing = this.sql.indexOf(mark, end + 1)
    return this.#is(Kind.text, closing < 0 ? this.sql.length : closing + mark.length)
  }

  #colon(place: number, following: number): Kind {
    // `::` casts to a type.
    if (following === colon) return this.#is(Kind.sign, place + 2)
    return isLetter(following) || isDigit(following) ? this.#parameter(place + 1) : this.#sign(place, colon)
  }

  #parameter(from: number): Kind {
    return this.#is(Kind.parameter, this.#pastWord(from))
  }
}

/**
 * SQL with `?` in place of each literal and without comments, cut at `maximum` characters.
 */
export const withoutLiterals = (sql: string, dialect: SqlDialect, maximum: number): string => {
  const tokens = new SqlTokens(sql, dialect)
  let result = ""
  let copied = 0
  while (result.length < maximum) {
    const kind = tokens.next()
    if (kind === Kind.text || kind === Kind.number || kind === Kind.comment) {
      result += sql.slice(copied, tokens.start)
      if (kind !== Kind.comment) result += "?"
      copied = tokens.end
    } else if (kind === Kind.end || tokens.end - copied >= maximum) {
      result += sql.slice(copied, tokens.end)
      copied = tokens.end
      if (kind === Kind.end) break
    }
  }
  return result.slice(0, maximum)
}

import { assert, describe, it } from "@effect/vitest"
import {
  Kind,
  type SqlDialect,
  SqlTokens,
  withoutLiterals
} from "../../../../src/performance/internal/sql/SqlTokens.ts"
import { SummaryReader } from "../../../../src/performance/internal/sql/SummaryReader.ts"

/** A text that counts the characters that are looked at. */
class CountedText {
  looked = 0
  readonly #text: string
  readonly length: number

  constructor(text: string) {
    this.#text = text
    this.length = text.length
  }

  charCodeAt(place: number): number {
    this.looked++
    return this.#text.charCodeAt(place)
  }

  indexOf(wanted: string, from: number): number {
    const found = this.#text.indexOf(wanted, from)
    this.looked += (found < 0 ? this.length : found + wanted.length) - Math.min(from, this.length)
    return found
  }

  slice(from: number, to: number): string {
    const part = this.#text.slice(from, to)
    this.looked += part.length
    return part
  }
}

/** The characters that are looked at for the summary of a text, and for the text without its literals. */
const lookedAt = (text: string, dialect: SqlDialect): number => {
  const counted = new CountedText(text)
  new SummaryReader(counted as unknown as string, dialect).read()
  withoutLiterals(counted as unknown as string, dialect, Infinity)
  return counted.looked
}

const tokensOf = (sql: string, dialect: SqlDialect = "pg") => {
  const tokens = new SqlTokens(sql, dialect)
  const found: Array<string> = []
  while (tokens.next() !== Kind.end) found.push(`${tokens.kind} ${tokens.text}`)
  return found
}

describe("dollar quotes", () => {
  it.each(
    [
      ["$a$ b $a$ c", "$a$ b $a$"],
      ["$a$ $b$ $ab$ $a $a$ c", "$a$ $b$ $ab$ $a $a$"],
      ["$$ $a$ $$ c", "$$ $a$ $$"],
      ["$a$$b$$a$ c", "$a$$b$$a$"],
      ["$a$ $$a$ c", "$a$ $$a$"]
    ] as const
  )("end at the next mark that is the same: %s", (sql, literal) => {
    assert.deepStrictEqual(tokensOf(sql), [`${Kind.text} ${literal}`, `${Kind.word} c`])
  })

  it.each(["$a$ b", "$a$ $a", "$$ $", "$a$ $A$"])("without an end go to the end of the text: %s", (sql) => {
    assert.deepStrictEqual(tokensOf(sql), [`${Kind.text} ${sql}`])
  })
})

describe("the characters that are looked at", () => {
  const mark = `$${"a".repeat(100)}`
  const pieces = [
    "(1, 'x', now()), ",
    "(",
    "(select ",
    "a.",
    "'",
    "''",
    "\"",
    "[",
    "`",
    "$",
    "$$",
    "$a",
    "$a$",
    "$a$ ",
    `${mark}$`,
    `${mark}b$ `,
    `${mark}$ ${mark}b$`,
    "/*",
    "/* */",
    "--",
    "-- a\n",
    "with a as (",
    "a, ",
    "select a from b join ",
    "q'[",
    "N'",
    "U&'",
    "1e",
    "0x",
    ":a",
    "@a"
  ]
  const dialects = ["pg", "mysql", "sqlite", "mssql", "clickhouse", "other"] as const

  it.each(pieces)("are twice as many in a text of %s that is twice as long", (piece) => {
    const text = (length: number) => piece.repeat(Math.ceil(length / piece.length))
    for (const dialect of dialects) {
      const [short, long] = [lookedAt(text(20_000), dialect), lookedAt(text(40_000), dialect)]
      assert.isAtMost(long, 2.02 * short + 4000, dialect)
      assert.isAtMost(long, 20 * 40_000, dialect)
    }
  })
})

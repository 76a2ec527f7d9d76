import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import * as QuerySummary from "../../src/performance/QuerySummary.ts"
import { runs } from "../support/runs.ts"
import { cases } from "./sqlCases.ts"
import { tableCases } from "./sqlCaseTables.ts"
import * as SqlFuzz from "./sqlFuzz.ts"

interface OfficialCase {
  readonly name: string
  readonly input: { readonly query: string }
  readonly expected: { readonly "db.query.text": ReadonlyArray<string>; readonly "db.query.summary": string }
}

const official: ReadonlyArray<OfficialCase> = JSON.parse(
  readFileSync(new URL("data/db-sql-test-cases.json", import.meta.url), "utf8")
)

describe("the cases of OpenTelemetry's conventions", () => {
  it("are 24", () => assert.strictEqual(official.length, 24))

  it.each(official)("give the summary of $name", ({ expected, input }) => {
    assert.strictEqual(QuerySummary.make(input.query).summary, expected["db.query.summary"])
  })

  it.each(official)("give the text of $name", ({ expected, input }) => {
    assert.include(expected["db.query.text"], QuerySummary.sanitize(input.query))
  })
})

describe.each(Object.entries(tableCases))("a table of %s", (_feature, statements) => {
  it("has sixty cases or more, each of its own", () => {
    assert.isAtLeast(new Set(statements.map(({ dialect, sql }) => `${dialect} ${sql}`)).size, 60)
  })

  it("gives the summary of each", () => {
    const wrong = statements.flatMap(({ dialect, sql, summary }) => {
      const found = QuerySummary.make(sql, dialect).summary
      return found === summary ? [] : [{ dialect, sql, summary, found }]
    })
    assert.deepStrictEqual(wrong, [])
  })
})

describe.each(Object.entries(cases))("%s", (_feature, statements) => {
  it.each(statements)("give the summary of $sql", ({ dialect, sql, summary }) => {
    assert.strictEqual(QuerySummary.make(sql, dialect).summary, summary)
  })
})

describe("make", () => {
  it("gives the one operation and the one collection as they are written", () => {
    assert.deepStrictEqual(QuerySummary.make("select * from Orders where id = 1"), {
      summary: "select Orders",
      operation: "SELECT",
      collection: "Orders",
      operationName: "select",
      collectionName: "Orders",
      procedureName: undefined
    })
  })

  it("gives no name of an operation or collection where a statement has several", () => {
    const { collection, collectionName, operation, operationName } = QuerySummary.make("INSERT INTO a SELECT * FROM b")
    assert.deepStrictEqual([operation, collection, operationName, collectionName], [
      "INSERT",
      "a",
      undefined,
      undefined
    ])
  })

  it("gives the collection that a statement names twice", () => {
    assert.strictEqual(QuerySummary.make("SELECT * FROM a x JOIN a y ON true").collectionName, "a")
  })

  it("gives the procedure that a statement calls", () => {
    const { collectionName, procedureName } = QuerySummary.make("CALL refresh(1)")
    assert.deepStrictEqual([procedureName, collectionName], ["refresh", undefined])
  })

  it("ends a summary before the part that would make it longer than 255 characters", () => {
    const tables = Array.from({ length: 100 }, (_, index) => `table_${index}`)
    const { summary } = QuerySummary.make(`SELECT * FROM ${tables.join(", ")}`)
    assert.isAtMost(summary.length, 255)
    assert.isTrue(`SELECT ${tables.join(" ")}`.startsWith(summary))
    assert.include(tables, summary.split(" ").at(-1))
  })
})

describe("sanitize", () => {
  it.each(
    [
      ["SELECT E'it\\'s', N'b', U&'c', x'ff', 1.5e-3, .5, 0xff", "SELECT ?, ?, ?, ?, ?, ?, ?", "pg"],
      ["SELECT $$a$$, $x$b$x$, $1", "SELECT ?, ?, $1", "pg"],
      ["SELECT \"a\", 'b' FROM t", "SELECT ?, ? FROM t", "mysql"],
      ["SELECT \"a\" FROM t", "SELECT \"a\" FROM t", "pg"],
      ["SELECT 'it\\'s secret'", "SELECT ?", "mysql"],
      ["SELECT q'[it's secret]' FROM t", "SELECT ? FROM t", "other"],
      ["SELECT 'no end", "SELECT ?", "pg"],
      ["SELECT a->>'b', a->0, b::int FROM t", "SELECT a->>?, a->?, b::int FROM t", "pg"],
      ["SELECT a -- secret", "SELECT a ", "pg"],
      ["SELECT a /* secret", "SELECT a ", "pg"],
      ["SELECT a # secret\nFROM t", "SELECT a \nFROM t", "mysql"]
    ] as const
  )("makes %s to %s", (sql, text, dialect) => {
    assert.strictEqual(QuerySummary.sanitize(sql, { dialect }), text)
  })

  it("cuts the text at the length that is asked for", () => {
    const sql = `SELECT ${"column_name, ".repeat(1000)}1`
    const text = QuerySummary.sanitize(sql, { maximumLength: 500 })
    assert.strictEqual(text, sql.slice(0, 500))
  })

  it.prop(
    "leaves no part of a literal, wherever it stands",
    [Schema.Array(Schema.Literals(SqlFuzz.pieces)), Schema.Array(Schema.Literals(SqlFuzz.pieces))],
    ([before, after]) => {
      const closed = SqlFuzz.closed(before.join(" "))
      const text = QuerySummary.sanitize(`${closed} 'canary''canary' ${after.join(" ")}`, { dialect: "pg" })
      return !text.includes("canary")
    },
    { arbitrary: { runs: runs(200) } }
  )
})

describe("any text", () => {
  it("gives a short summary without an error, in every dialect", () => {
    SqlFuzz.check(runs(10_000))
  })
})

describe("cache", () => {
  it("makes what it remembers once", () => {
    const made: Array<string> = []
    const cache = QuerySummary.cache((sql) => {
      made.push(sql)
      return QuerySummary.make(sql)
    })
    assert.strictEqual(cache.get("SELECT 1"), cache.get("SELECT 1"))
    assert.deepStrictEqual(made, ["SELECT 1"])
  })

  it("is bounded, and keeps the statements that are asked for", () => {
    let made = 0
    const cache = QuerySummary.cache((sql) => {
      made++
      return sql
    }, { capacity: 100 })
    for (let index = 0; index < 1000; index++) {
      cache.get("SELECT 1")
      cache.get(`SELECT ${index + 2}`)
      assert.isAtMost(cache.size(), 100)
    }
    assert.strictEqual(made, 1000 + 1)
  })

  it("does not remember long statements", () => {
    const cache = QuerySummary.cache((sql) => sql, { longestText: 10 })
    cache.get("SELECT * FROM orders")
    assert.strictEqual(cache.size(), 0)
  })
})

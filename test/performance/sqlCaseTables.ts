/**
 * Statements and their summaries as tables: each part stands in each frame, and both say by hand what they add to the
 * summary. `{}` is the place of the part.
 */
import type { Dialect } from "../../src/performance/QuerySummary.ts"
import type { Case } from "./sqlCases.ts"

type Row = readonly [sql: string, summary: string, dialect?: Dialect]

interface Table {
  readonly parts: ReadonlyArray<Row>
  readonly frames: ReadonlyArray<Row>
  /** The dialect of rows that name none. */
  readonly dialect?: Dialect
}

const casesOf = ({ dialect, frames, parts }: Table): ReadonlyArray<Case> =>
  parts.flatMap(([part, ofPart, dialectOfPart]) =>
    frames.map(([frame, ofFrame, dialectOfFrame]) => ({
      sql: frame.replaceAll("{}", () => part),
      summary: ofFrame.replaceAll("{}", () => ofPart).replace(/ +/g, " ").trim(),
      dialect: dialectOfPart ?? dialectOfFrame ?? dialect
    }))
  )

/** Frames for a literal, wherever one may stand. */
const literalFrames: ReadonlyArray<Row> = [
  ["SELECT {} FROM t", "SELECT t"],
  ["SELECT {}, {} FROM t", "SELECT t"],
  ["SELECT f({}) FROM t WHERE x = {}", "SELECT t"],
  ["SELECT * FROM t WHERE x IN ({}, 'x') ORDER BY y", "SELECT t"],
  ["INSERT INTO t (x, y) VALUES ({}, 1)", "INSERT t"],
  ["UPDATE t SET x = {} WHERE y = 1", "UPDATE t"],
  ["DELETE FROM t WHERE x = {}", "DELETE t"],
  ["SELECT * FROM t WHERE x = {} UNION SELECT * FROM u", "SELECT t SELECT u"]
]

/** Frames for the name of a table. */
const nameFrames: ReadonlyArray<Row> = [
  ["SELECT * FROM {}", "SELECT {}"],
  ["SELECT * FROM {} AS t JOIN u ON true", "SELECT {} u"],
  ["SELECT * FROM u, {} WHERE x = 1", "SELECT u {}"],
  ["INSERT INTO {} VALUES (1)", "INSERT {}"],
  ["INSERT INTO {} (x) SELECT x FROM u", "INSERT {} SELECT u"],
  ["UPDATE {} SET x = 1", "UPDATE {}"],
  ["DELETE FROM {} WHERE x = 1", "DELETE {}"],
  ["CREATE TABLE {} (x int)", "CREATE TABLE {}"]
]

const selects: ReadonlyArray<Row> = [
  ["SELECT * FROM b", "SELECT b"],
  ["SELECT max(x) FROM b WHERE y = ')'", "SELECT b"],
  ["SELECT DISTINCT z.x FROM sales.b AS z", "SELECT sales.b"],
  ["SELECT * FROM b JOIN c USING (id)", "SELECT b c"],
  ["SELECT * FROM b UNION SELECT * FROM c", "SELECT b SELECT c"],
  ["SELECT 1", "SELECT"],
  ["SELECT * FROM (SELECT * FROM b) z", "SELECT SELECT b"],
  ["SELECT x FROM b WHERE x IN (SELECT y FROM c)", "SELECT b SELECT c"]
]

const tables: Readonly<Record<string, Table>> = {
  comments: {
    parts: [
      [" /* a */ ", ""],
      ["/**/", ""],
      [" /* FROM x JOIN y */ ", ""],
      [" /* it's */ ", ""],
      [" /* \" */ ", ""],
      [" /* -- */ ", ""],
      [" /* a /* b */ c */ ", "", "pg"],
      [" -- a\n", ""],
      [" -- FROM x, y\n", ""],
      [" -- it's\r\n", ""],
      [" --\n--\n", ""],
      [" # FROM x\n", "", "mysql"],
      [" /* a /* b */ ", "", "mysql"],
      [" /*+ hint(a b) */ ", ""]
    ],
    frames: [
      ["{}SELECT{}*{}FROM{}a{}", "SELECT a"],
      ["SELECT{}x{}FROM{}a{}JOIN{}b{}ON{}true", "SELECT a b"],
      ["{}INSERT{}INTO{}a{}VALUES{}({}1{})", "INSERT a"],
      ["UPDATE{}a{}SET{}x{}={}1", "UPDATE a"],
      ["DELETE{}FROM{}a{}WHERE{}x{}={}1", "DELETE a"],
      ["SELECT{}*{}FROM{}a{},{}b", "SELECT a b"]
    ]
  },
  "quoted identifiers": {
    parts: [
      ["\"a\"", "\"a\"", "pg"],
      ["\"a b\"", "\"a b\"", "pg"],
      ["\"a\"\"b\"", "\"a\"\"b\"", "pg"],
      ["\"select\"", "\"select\"", "pg"],
      ["\"FROM x\"", "\"FROM x\"", "pg"],
      ["\"it's\"", "\"it's\"", "pg"],
      ["\"a(b\"", "\"a(b\"", "pg"],
      ["\"--\"", "\"--\"", "pg"],
      ["\"Sales\".\"Orders\"", "\"Sales\".\"Orders\"", "pg"],
      ["sales.\"Orders\"", "sales.\"Orders\"", "pg"],
      ["\"größe\"", "\"größe\"", "pg"]
    ],
    frames: nameFrames
  },
  "dollar quotes": {
    dialect: "pg",
    parts: [
      ["$$a$$", ""],
      ["$$ FROM a JOIN b $$", ""],
      ["$x$ FROM a $x$", ""],
      ["$$ it's $$", ""],
      ["$x$ $$ $x$", ""],
      ["$body$; DELETE FROM b; $body$", ""],
      ["$_1$\"$_1$", ""],
      ["$$/*$$", ""],
      ["$$-- $$", ""],
      ["$a$ $b$ $a$", ""],
      ["$größe$ $ $größe$", ""]
    ],
    frames: [
      ...literalFrames,
      ["DO {}", "DO"],
      ["CREATE FUNCTION f() RETURNS int AS {} LANGUAGE sql", "CREATE FUNCTION f"]
    ]
  },
  "common table expressions": {
    dialect: "pg",
    parts: [
      ["WITH x AS (SELECT * FROM a)", "SELECT a"],
      ["WITH x (id) AS (SELECT id FROM a JOIN b ON true)", "SELECT a b"],
      ["WITH x AS (SELECT 1)", "SELECT"],
      ["WITH RECURSIVE x AS (SELECT id FROM a UNION ALL SELECT a.id FROM a JOIN x ON true)", "SELECT a SELECT a"],
      ["WITH w AS (SELECT * FROM a), x AS (SELECT * FROM w JOIN b ON true)", "SELECT a SELECT b"],
      ["WITH x AS MATERIALIZED (SELECT * FROM a)", "SELECT a"],
      ["WITH x AS NOT MATERIALIZED (SELECT * FROM a WHERE y IN (1, 2))", "SELECT a"],
      ["WITH x AS (DELETE FROM a RETURNING *)", "DELETE a"],
      ["WITH x AS (INSERT INTO a VALUES (1) RETURNING id)", "INSERT a"],
      ["WITH \"x\" AS (SELECT * FROM (SELECT * FROM a) y)", "SELECT SELECT a"]
    ],
    frames: [
      ["{} SELECT * FROM x", "{} SELECT"],
      ["{} SELECT * FROM c JOIN x ON true", "{} SELECT c"],
      ["{} SELECT * FROM x AS y, c", "{} SELECT c"],
      ["{} INSERT INTO c SELECT * FROM x", "{} INSERT c SELECT"],
      ["{} UPDATE c SET n = 1 FROM x", "{} UPDATE c"],
      ["{} DELETE FROM c USING x WHERE c.id = x.id", "{} DELETE c"],
      ["{} SELECT (SELECT count(*) FROM x) FROM c", "{} SELECT SELECT c"],
      ["{} SELECT * FROM c WHERE id IN (SELECT id FROM x)", "{} SELECT c SELECT"]
    ]
  },
  "sub-selects": {
    parts: selects,
    frames: [
      ["SELECT * FROM ({}) s", "SELECT {}"],
      ["SELECT * FROM ({}) AS s (x, y) WHERE x = 1", "SELECT {}"],
      ["SELECT * FROM a WHERE x IN ({})", "SELECT a {}"],
      ["SELECT * FROM a WHERE EXISTS ({}) ORDER BY 1, 2", "SELECT a {}"],
      ["SELECT ({}) FROM a", "SELECT {} a"],
      ["SELECT * FROM a JOIN ({}) s ON true", "SELECT a {}"],
      ["SELECT * FROM ({}) s, a", "SELECT {} a"],
      ["UPDATE a SET x = ({})", "UPDATE a {}"],
      ["DELETE FROM a WHERE x = ANY ({})", "DELETE a {}"],
      ["SELECT * FROM a, LATERAL ({}) s JOIN d ON true", "SELECT a {} d"]
    ]
  },
  joins: {
    parts: ["ON x.id = y.id", "USING (id)"].flatMap((condition) =>
      ["JOIN", "INNER JOIN", "LEFT JOIN", "LEFT OUTER JOIN", "right join", "FULL OUTER JOIN"].map((
        kind
      ): Row => [`${kind} b y ${condition}`, "b"])
    ).concat([
      ["CROSS JOIN b", "b"],
      ["NATURAL JOIN b", "b"],
      ["NATURAL LEFT JOIN b", "b"],
      ["JOIN s.b AS y ON (x.id = y.id AND y.n IN (1, 2))", "s.b"],
      ["JOIN (SELECT * FROM b) y ON true", "SELECT b"]
    ]),
    frames: [
      ["SELECT * FROM a x {}", "SELECT a {}"],
      ["SELECT x.n, y.m FROM a AS x {} WHERE x.n = 1 AND y.m = 2", "SELECT a {}"],
      ["SELECT * FROM a x {} JOIN c ON true", "SELECT a {} c"],
      ["SELECT * FROM a x {} GROUP BY p, q ORDER BY r, s", "SELECT a {}"],
      ["SELECT * FROM (a x {})", "SELECT a {}"],
      ["SELECT * FROM d, a x {}", "SELECT d a {}"]
    ]
  },
  "set operations": {
    parts: ["UNION", "UNION ALL", "UNION DISTINCT", "EXCEPT", "EXCEPT ALL", "INTERSECT", "INTERSECT ALL", "MINUS"].map(
      (operator): Row => [operator, ""]
    ),
    frames: [
      ["SELECT * FROM a {} SELECT * FROM b", "SELECT a SELECT b"],
      ["(SELECT * FROM a) {} (SELECT * FROM b) ORDER BY 1", "SELECT a SELECT b"],
      ["SELECT x FROM a WHERE y = 1 {} SELECT x FROM b {} SELECT x FROM c", "SELECT a SELECT b SELECT c"],
      ["SELECT 1 {} SELECT 2", "SELECT SELECT"],
      ["INSERT INTO t SELECT * FROM a {} SELECT * FROM b", "INSERT t SELECT a SELECT b"],
      ["SELECT * FROM (SELECT * FROM a {} SELECT * FROM b) u", "SELECT SELECT a SELECT b"],
      ["WITH w AS (SELECT * FROM a {} SELECT * FROM b) SELECT * FROM w", "SELECT a SELECT b SELECT"],
      ["SELECT * FROM a, b {} SELECT * FROM c JOIN d ON true", "SELECT a b SELECT c d"]
    ]
  },
  "INSERT … SELECT": {
    parts: selects,
    frames: [
      ["INSERT INTO t {}", "INSERT t {}"],
      ["INSERT INTO t (x, y) {}", "INSERT t {}"],
      ["INSERT INTO shop.t (x) ({})", "INSERT shop.t {}"],
      ["INSERT INTO \"t t\" (x) {} ON CONFLICT DO NOTHING", "INSERT \"t t\" {}", "pg"],
      ["INSERT INTO t AS target {} RETURNING *", "INSERT t {}", "pg"],
      ["INSERT IGNORE INTO t {}", "INSERT t {}", "mysql"],
      ["REPLACE INTO t (x) {}", "REPLACE t {}", "mysql"],
      ["INSERT OR REPLACE INTO t (x) {}", "INSERT t {}", "sqlite"],
      ["INSERT INTO t {} ON DUPLICATE KEY UPDATE x = 1", "INSERT t {}", "mysql"]
    ]
  },
  merge: {
    parts: [
      ["USING b ON a.id = b.id", "b"],
      ["USING b AS s ON t.id = s.id", "b"],
      ["USING shop.b s ON (t.id = s.id)", "shop.b"],
      ["USING (SELECT * FROM b) s ON t.id = s.id", "SELECT b"],
      ["USING (SELECT * FROM b JOIN c ON true) AS s (x, y) ON true", "SELECT b c"],
      ["USING (VALUES (1), (2)) v (x) ON true", ""],
      ["USING (SELECT 1 AS x) s ON true", "SELECT"],
      ["USING \"b b\" s ON true", "\"b b\"", "pg"]
    ],
    frames: [
      ["MERGE INTO a {} WHEN MATCHED THEN DELETE", "MERGE a {}"],
      ["MERGE INTO a t {} WHEN MATCHED THEN UPDATE SET x = 1, y = 2", "MERGE a {}"],
      ["MERGE INTO a AS t {} WHEN NOT MATCHED THEN INSERT (x, y) VALUES (1, 2)", "MERGE a {}"],
      ["MERGE INTO shop.a {} WHEN MATCHED AND x > 1 THEN DELETE", "MERGE shop.a {}"],
      [
        "MERGE INTO a {} WHEN MATCHED THEN UPDATE SET x = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)",
        "MERGE a {}"
      ],
      ["MERGE a {} WHEN MATCHED THEN DO NOTHING", "MERGE a {}"],
      ["MERGE INTO ONLY a {} WHEN MATCHED THEN DELETE", "MERGE a {}"],
      ["WITH w AS (SELECT * FROM d) MERGE INTO a {} WHEN MATCHED THEN DELETE", "SELECT d MERGE a {}"]
    ]
  },
  procedures: {
    parts: [
      ["p", "p"],
      ["shop.p", "shop.p"],
      ["main.shop.p", "main.shop.p"],
      ["refresh_totals", "refresh_totals"],
      ["\"My Procedure\"", "\"My Procedure\"", "pg"],
      ["shop.\"P\"", "shop.\"P\"", "pg"],
      ["`my procedure`", "`my procedure`", "mysql"],
      ["[My Procedure]", "[My Procedure]", "mssql"]
    ],
    frames: [
      ["CALL {}()", "CALL {}"],
      ["call {} (1, 'x')", "call {}"],
      ["CALL {}($1, (SELECT 1))", "CALL {} SELECT"],
      ["{call {}(?, ?)}", "call {}"],
      ["{ call {} }", "call {}"],
      ["EXEC {}", "EXEC {}"],
      ["EXECUTE {} 7, 'x'", "EXECUTE {}"],
      ["DROP PROCEDURE IF EXISTS {}", "DROP PROCEDURE {}"]
    ]
  },
  "prepared statements": {
    parts: [
      ["?", ""],
      ["$1", "", "pg"],
      ["$2::int", "", "pg"],
      [":id", ""],
      [":1", ""],
      ["@id", "", "mssql"],
      ["@p1", "", "mssql"],
      ["?1", "", "sqlite"],
      ["$id", "", "sqlite"],
      ["@id", "", "mysql"]
    ],
    frames: [
      ...literalFrames,
      ["PREPARE q AS SELECT * FROM t WHERE x = {}", "PREPARE SELECT t"],
      ["EXECUTE q ({}, {})", "EXECUTE q"]
    ]
  },
  "quoting of MySQL": {
    dialect: "mysql",
    parts: [
      ["\"a FROM b\"", ""],
      ["\"it's\"", ""],
      ["\"a \\\" FROM b\"", ""],
      ["\"a \"\" FROM b\"", ""],
      ["'a \\' FROM b'", ""],
      ["'a '' FROM b'", ""],
      ["'\\\\'", ""],
      ["_utf8'FROM b'", ""],
      ["x'4D'", ""],
      ["b'01'", ""]
    ],
    frames: literalFrames
  },
  "names of MySQL": {
    dialect: "mysql",
    parts: ["`a`", "`a b`", "`a``b`", "`select`", "`FROM x`", "`it's`", "`shop`.`a`", "shop.`a`", "`a\"b`"].map((
      name
    ): Row => [name, name]),
    frames: nameFrames
  },
  "names of SQLite": {
    dialect: "sqlite",
    parts: ["\"a b\"", "`a b`", "[a b]", "main.\"a\"", "main.[a]", "\"a\"\"b\"", "[FROM x]", "`select`"].map((
      name
    ): Row => [name, name]),
    frames: nameFrames
  },
  "quoting of T-SQL": {
    dialect: "mssql",
    parts: [
      ["N'FROM b'", ""],
      ["N'it''s'", ""],
      ["'a\\'", ""],
      ["'a '' FROM b'", ""],
      ["0xFF", ""],
      ["@@ROWCOUNT", ""],
      ["@x", ""],
      ["$1.50", ""]
    ],
    frames: literalFrames
  },
  "names of T-SQL": {
    dialect: "mssql",
    parts: [
      "[a]",
      "[Order Details]",
      "[dbo].[a]",
      "dbo.[a]",
      "db..a",
      "[a]]b]",
      "[select]",
      "\"a b\"",
      "#staging",
      "##all"
    ]
      .map((name): Row => [name, name]),
    frames: nameFrames
  }
}

/** At least sixty cases for each feature. */
export const tableCases: Readonly<Record<string, ReadonlyArray<Case>>> = Object.fromEntries(
  Object.entries(tables).map(([feature, table]) => [feature, casesOf(table)])
)

/**
 * Statements and their summaries, by the feature of SQL that they have.
 */
import type { Dialect } from "../../src/performance/QuerySummary.ts"

type Row = readonly [sql: string, summary: string, dialect?: Dialect]

const rows: Readonly<Record<string, ReadonlyArray<Row>>> = {
  comments: [
    ["/* by: ada */ SELECT * FROM orders", "SELECT orders"],
    ["-- first line\nSELECT * FROM orders", "SELECT orders"],
    ["SELECT * FROM -- FROM customers\n orders", "SELECT orders"],
    ["SELECT * FROM /* JOIN customers */ orders", "SELECT orders"],
    ["SELECT 1 /* a /* b */ FROM c */ FROM orders", "SELECT orders", "pg"],
    ["SELECT 1 /* a /* b */ FROM orders", "SELECT orders", "mysql"],
    ["# first line\nSELECT * FROM orders", "SELECT orders", "mysql"],
    ["SELECT data #> '{a}' FROM orders", "SELECT orders", "pg"],
    ["SELECT * FROM orders --", "SELECT orders"],
    ["SELECT * FROM orders /* no end FROM customers", "SELECT orders"],
    ["DELETE/**/FROM/**/orders", "DELETE orders"],
    ["/* only a comment */", ""]
  ],
  "quoted names": [
    ["SELECT * FROM \"song list\", 'artists'", "SELECT \"song list\" 'artists'"],
    ["SELECT * FROM \"Orders\"", "SELECT \"Orders\"", "pg"],
    ["SELECT * FROM \"a\"\"b\" JOIN c ON true", "SELECT \"a\"\"b\" c", "pg"],
    ["SELECT * FROM \"sales\".\"Orders\"", "SELECT \"sales\".\"Orders\"", "pg"],
    ["SELECT * FROM sales . orders", "SELECT sales . orders", "pg"],
    ["SELECT * FROM `order list` WHERE `from` = 1", "SELECT `order list`", "mysql"],
    ["SELECT * FROM `shop`.`orders`", "SELECT `shop`.`orders`", "mysql"],
    ["SELECT * FROM [dbo].[Order Details]", "SELECT [dbo].[Order Details]", "mssql"],
    ["SELECT * FROM db..orders", "SELECT db..orders", "mssql"],
    ["SELECT * FROM [a]]b]", "SELECT [a]]b]", "mssql"],
    ["SELECT \"from\", \"select\" FROM t", "SELECT t", "pg"],
    ["SELECT x[1] FROM t", "SELECT t", "pg"],
    ["SELECT 'a'' FROM b' FROM t", "SELECT t"],
    ["SELECT \"a FROM b\" FROM t", "SELECT t", "mysql"],
    ["SELECT 'a\\' FROM b' FROM t", "SELECT t", "mysql"],
    ["SELECT E'a\\' FROM b' FROM t", "SELECT t", "pg"],
    ["SELECT 'a\\' FROM t", "SELECT t", "pg"],
    ["SELECT * FROM größe JOIN 顧客 ON true", "SELECT größe 顧客", "pg"],
    ["SELECT * FROM #staging", "SELECT #staging", "mssql"],
    ["SELECT * FROM t$1", "SELECT t$1", "pg"]
  ],
  "dollar quotes": [
    ["SELECT $$ FROM a $$ FROM t", "SELECT t", "pg"],
    ["SELECT $x$ FROM $$ a $x$ FROM t", "SELECT t", "pg"],
    ["SELECT $1 FROM t WHERE a = $2", "SELECT t", "pg"],
    ["DO $$ BEGIN DELETE FROM t; END $$", "DO", "pg"],
    ["SELECT $$ no end FROM t", "SELECT", "pg"],
    ["CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 FROM a $$ LANGUAGE sql", "CREATE FUNCTION f", "pg"]
  ],
  "common table expressions": [
    ["WITH x AS (SELECT * FROM orders) SELECT * FROM x", "SELECT orders SELECT"],
    [
      "WITH x AS (SELECT * FROM a), y AS (SELECT * FROM b) SELECT * FROM x JOIN y USING (id)",
      "SELECT a SELECT b SELECT"
    ],
    ["WITH x (id, n) AS (SELECT 1, 2) SELECT * FROM x, orders", "SELECT SELECT orders"],
    ["WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT * FROM t", "SELECT SELECT SELECT", "pg"],
    ["WITH x AS MATERIALIZED (SELECT * FROM a) SELECT * FROM x JOIN c ON true", "SELECT a SELECT c", "pg"],
    ["WITH x AS NOT MATERIALIZED (SELECT * FROM a) SELECT * FROM X", "SELECT a SELECT", "pg"],
    ["WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone", "DELETE a INSERT b SELECT", "pg"],
    ["WITH u AS (UPDATE a SET x = 1 RETURNING id) SELECT * FROM u", "UPDATE a SELECT", "pg"],
    ["WITH \"my x\" AS (SELECT * FROM a) SELECT 1", "SELECT a SELECT", "pg"],
    ["WITH x AS (WITH y AS (SELECT * FROM a) SELECT * FROM y) SELECT * FROM x", "SELECT a SELECT SELECT"],
    ["WITH x AS (SELECT * FROM a) UPDATE b SET n = 1 FROM x", "SELECT a UPDATE b"],
    ["WITH x AS (SELECT * FROM a) DELETE FROM b USING x", "SELECT a DELETE b"],
    ["INSERT INTO a WITH x AS (SELECT * FROM b) SELECT * FROM x", "INSERT a SELECT b SELECT"]
  ],
  "sub-selects": [
    ["SELECT * FROM (SELECT * FROM a) x", "SELECT SELECT a"],
    ["SELECT * FROM (SELECT * FROM a) x, b", "SELECT SELECT a b"],
    ["SELECT * FROM a WHERE id IN (SELECT a_id FROM b)", "SELECT a SELECT b"],
    ["SELECT (SELECT count(*) FROM b) FROM a", "SELECT SELECT b a"],
    ["SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x)", "SELECT a SELECT b"],
    ["SELECT * FROM ((SELECT * FROM a) UNION (SELECT * FROM b)) x", "SELECT SELECT a SELECT b"],
    ["SELECT * FROM (a JOIN b ON true)", "SELECT a b"],
    ["SELECT * FROM (VALUES (1), (2)) v JOIN a ON true", "SELECT a", "pg"],
    ["SELECT * FROM a, LATERAL (SELECT * FROM b) x", "SELECT a SELECT b", "pg"],
    ["(SELECT * FROM a) ORDER BY 1", "SELECT a"],
    ["UPDATE a SET x = (SELECT max(x) FROM b) WHERE y IN (1, 2)", "UPDATE a SELECT b"],
    ["DELETE FROM a WHERE id IN (SELECT id FROM b)", "DELETE a SELECT b"]
  ],
  joins: [
    ["SELECT * FROM a JOIN b ON a.x = b.x", "SELECT a b"],
    ["SELECT * FROM a LEFT OUTER JOIN b USING (x) JOIN c ON true", "SELECT a b c"],
    ["SELECT * FROM a NATURAL JOIN b", "SELECT a b"],
    ["SELECT * FROM a x, b AS y, c", "SELECT a b c"],
    ["SELECT * FROM a JOIN b ON a.x = b.x, c", "SELECT a b c"],
    ["SELECT * FROM a STRAIGHT_JOIN b", "SELECT a b", "mysql"],
    ["SELECT * FROM a CROSS APPLY f(a.x) y", "SELECT a", "mssql"],
    ["SELECT * FROM a CROSS APPLY (SELECT * FROM b) y", "SELECT a SELECT b", "mssql"],
    ["SELECT * FROM a JOIN generate_series(1, 3) g ON true", "SELECT a", "pg"],
    ["SELECT * FROM unnest($1::int[]) AS x", "SELECT", "pg"],
    ["SELECT * FROM a GROUP BY x, y ORDER BY p, q", "SELECT a"],
    ["SELECT * FROM ONLY a, ONLY b", "SELECT a b", "pg"],
    ["SELECT a, b, c FROM t WHERE x = 1 AND y IN (2, 3) LIMIT 1, 2", "SELECT t"],
    ["SELECT * FROM a FOR UPDATE OF a, b", "SELECT a", "pg"],
    ["SELECT * FROM $1", "SELECT", "pg"]
  ],
  "FROM that announces no table": [
    ["SELECT extract(year FROM created_at) FROM a", "SELECT a"],
    ["SELECT trim(both 'x' FROM name) FROM a", "SELECT a"],
    ["SELECT substring(name FROM 2 FOR 3) FROM a", "SELECT a"],
    ["SELECT * FROM a WHERE x IS DISTINCT FROM y", "SELECT a"],
    ["SELECT * FROM a WHERE x IS NOT DISTINCT FROM y", "SELECT a"],
    ["SELECT overlay(name placing 'x' FROM 2) FROM a", "SELECT a"]
  ],
  "set operations": [
    ["SELECT * FROM a UNION SELECT * FROM b", "SELECT a SELECT b"],
    ["SELECT * FROM a UNION ALL SELECT * FROM b UNION ALL SELECT * FROM c", "SELECT a SELECT b SELECT c"],
    ["SELECT * FROM a EXCEPT SELECT * FROM b", "SELECT a SELECT b"],
    ["(SELECT * FROM a) INTERSECT (SELECT * FROM b)", "SELECT a SELECT b"],
    ["SELECT * FROM a MINUS SELECT * FROM b", "SELECT a SELECT b"]
  ],
  "statements that write": [
    ["INSERT INTO a (x, y) VALUES (1, 'b')", "INSERT a"],
    ["insert into a default values", "insert a"],
    ["INSERT INTO a SELECT * FROM b JOIN c ON true", "INSERT a SELECT b c"],
    ["INSERT INTO a (x) (SELECT x FROM b)", "INSERT a SELECT b"],
    ["INSERT INTO a VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 2", "INSERT a", "pg"],
    ["INSERT INTO a VALUES (1) ON DUPLICATE KEY UPDATE x = VALUES(x)", "INSERT a", "mysql"],
    ["INSERT IGNORE INTO a VALUES (1)", "INSERT a", "mysql"],
    ["INSERT OR REPLACE INTO a VALUES (1)", "INSERT a", "sqlite"],
    ["INSERT a VALUES (1)", "INSERT a", "mssql"],
    ["REPLACE INTO a VALUES (1)", "REPLACE a", "mysql"],
    ["UPDATE a SET x = 1 WHERE y = 2", "UPDATE a"],
    ["UPDATE ONLY a SET x = 1", "UPDATE a", "pg"],
    ["UPDATE a SET x = b.x, y = b.y FROM b WHERE a.id = b.id", "UPDATE a b", "pg"],
    ["UPDATE a, b SET a.x = b.x", "UPDATE a b", "mysql"],
    ["UPDATE a JOIN b ON true SET a.x = 1", "UPDATE a b", "mysql"],
    ["UPDATE TOP (3) a SET x = 1", "UPDATE a", "mssql"],
    ["UPDATE OR IGNORE a SET x = 1", "UPDATE a", "sqlite"],
    ["DELETE FROM a WHERE x = 1", "DELETE a"],
    ["DELETE FROM a USING b WHERE a.id = b.id", "DELETE a b", "pg"],
    ["DELETE a FROM orders a JOIN b ON true", "DELETE orders b", "mysql"],
    ["DELETE a, b FROM orders a JOIN customers b ON true", "DELETE orders customers", "mysql"],
    ["DELETE orders WHERE id = 1", "DELETE orders", "mssql"],
    ["DELETE orders", "DELETE orders", "mssql"],
    ["SELECT * INTO b FROM a", "SELECT b a", "pg"],
    ["SELECT upper(replace(name, 'a', 'b')) FROM a", "SELECT a"],
    ["SELECT truncate(x, 2), insert(a, 1, 2, 'b') FROM a", "SELECT a", "mysql"],
    ["TRUNCATE TABLE a", "TRUNCATE a"],
    ["TRUNCATE a, b CASCADE", "TRUNCATE a b", "pg"],
    ["COPY a (x, y) FROM STDIN", "COPY a", "pg"],
    ["LOCK TABLE a IN EXCLUSIVE MODE", "LOCK a", "pg"]
  ],
  merge: [
    ["MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET x = b.x", "MERGE a b"],
    [
      "MERGE a AS t USING (SELECT * FROM b) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (x) VALUES (1)",
      "MERGE a SELECT b"
    ],
    ["MERGE INTO a USING (VALUES (1)) v (x) ON true WHEN MATCHED THEN DELETE", "MERGE a"],
    ["WITH s AS (SELECT * FROM b) MERGE INTO a USING s ON true WHEN MATCHED THEN DO NOTHING", "SELECT b MERGE a", "pg"]
  ],
  procedures: [
    ["CALL refresh_totals(1, 'x')", "CALL refresh_totals"],
    ["{call some_stored_procedure}", "call some_stored_procedure"],
    ["CALL shop.refresh()", "CALL shop.refresh"],
    ["EXEC dbo.GetOrder @id = 7", "EXEC dbo.GetOrder", "mssql"],
    ["EXEC @rc = GetOrder 7", "EXEC GetOrder", "mssql"],
    ["EXECUTE my_plan (1, 2)", "EXECUTE my_plan", "pg"],
    ["EXEC ('DELETE FROM a')", "EXEC", "mssql"],
    ["CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS 'DELETE FROM a'", "CREATE PROCEDURE p", "pg"],
    ["CREATE TRIGGER t ON a AFTER UPDATE AS BEGIN UPDATE a SET x = 1; DELETE FROM b; END", "CREATE TRIGGER t", "mssql"],
    ["DROP FUNCTION IF EXISTS f(int)", "DROP FUNCTION f", "pg"]
  ],
  definitions: [
    ["CREATE TABLE IF NOT EXISTS a (id int DEFAULT (1))", "CREATE TABLE a"],
    ["CREATE TEMPORARY TABLE a AS SELECT * FROM b", "CREATE TABLE a"],
    ["CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a (x)", "CREATE INDEX i", "pg"],
    ["CREATE INDEX ON a (x)", "CREATE INDEX", "pg"],
    ["CREATE MATERIALIZED VIEW v AS SELECT * FROM a", "CREATE VIEW v", "pg"],
    ["ALTER TABLE IF EXISTS ONLY a ADD COLUMN x int", "ALTER TABLE a", "pg"],
    ["DROP TABLE IF EXISTS a", "DROP TABLE a"],
    ["CREATE USER ada WITH PASSWORD 'secret'", "CREATE USER ada"],
    ["REFRESH MATERIALIZED VIEW CONCURRENTLY v", "REFRESH v", "pg"],
    ["CREATE TABLE a (x int); SELECT * FROM a", "CREATE TABLE a SELECT a"]
  ],
  "other statements": [
    ["BEGIN", "BEGIN"],
    ["BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN", "pg"],
    ["COMMIT", "COMMIT"],
    ["ROLLBACK TO SAVEPOINT effect_sql_1", "ROLLBACK"],
    ["SAVEPOINT effect_sql_7", "SAVEPOINT"],
    ["SET search_path TO app", "SET"],
    ["SHOW TABLES FROM shop", "SHOW", "mysql"],
    ["EXPLAIN ANALYZE SELECT * FROM a", "EXPLAIN SELECT a"],
    ["EXPLAIN (ANALYZE, BUFFERS) UPDATE a SET x = 1", "EXPLAIN UPDATE a", "pg"],
    ["DECLARE c CURSOR FOR SELECT * FROM a", "DECLARE SELECT a", "pg"],
    ["GRANT SELECT ON a TO ada", "GRANT"],
    ["VALUES (1), (2)", "VALUES"],
    ["TABLE a", "TABLE a", "pg"],
    ["VACUUM (ANALYZE) a", "VACUUM", "pg"],
    ["SELECT 1; SELECT * FROM a; DELETE FROM b", "SELECT SELECT a DELETE b"],
    ["  ;; SELECT 1", "SELECT"],
    ["selekt 1", ""],
    ["", ""]
  ]
}

export interface Case {
  readonly sql: string
  readonly summary: string
  /** Whose SQL it is, where only one database reads it so. */
  readonly dialect: Dialect | undefined
}

export const cases: Readonly<Record<string, ReadonlyArray<Case>>> = Object.fromEntries(
  Object.entries(rows).map(([feature, statements]) => [
    feature,
    statements.map(([sql, summary, dialect]) => ({ sql, summary, dialect }))
  ])
)

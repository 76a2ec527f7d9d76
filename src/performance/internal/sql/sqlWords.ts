/**
 * The words of SQL that the summary of a statement depends on.
 */

/** What begins a statement, and how its rest is read. */
export type Opening =
  | "select"
  | "insert"
  | "update"
  | "delete"
  | "merge"
  | "with"
  /** Calls the procedure that is named next. */
  | "call"
  /** Is followed by the kind of an object and its name. */
  | "define"
  /** Is followed by a target, perhaps after the word `TABLE` or the like. */
  | "maintain"
  /** Is followed by a statement. */
  | "explain"
  /** Nothing else of the statement counts. */
  | "plain"

const openingsOf = (opening: Opening, words: string): ReadonlyArray<readonly [string, Opening]> =>
  words.split(" ").map((word) => [word, opening] as const)

export const openings: ReadonlyMap<string, Opening> = new Map([
  ...openingsOf("select", "SELECT"),
  ...openingsOf("insert", "INSERT REPLACE"),
  ...openingsOf("update", "UPDATE"),
  ...openingsOf("delete", "DELETE"),
  ...openingsOf("merge", "MERGE"),
  ...openingsOf("with", "WITH"),
  ...openingsOf("call", "CALL EXEC EXECUTE"),
  ...openingsOf("define", "CREATE ALTER DROP"),
  ...openingsOf(
    "maintain",
    "TRUNCATE TABLE LOCK VACUUM ANALYZE REINDEX REFRESH OPTIMIZE CLUSTER COPY DESCRIBE DESC"
  ),
  ...openingsOf("explain", "EXPLAIN DECLARE PREPARE"),
  ...openingsOf(
    "plain",
    "VALUES BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE SET RESET SHOW USE PRAGMA GRANT REVOKE LISTEN " +
      "UNLISTEN NOTIFY DEALLOCATE DISCARD CHECKPOINT COMMENT DO FETCH MOVE CLOSE ATTACH DETACH LOAD KILL"
  )
])

const set = (words: string): ReadonlySet<string> => new Set(words.split(" "))

/** Statements that may stand in parentheses after `AS` of a `WITH`. */
export const writing = set("INSERT UPDATE DELETE MERGE")

/** Kinds of objects. */
export const objects = set(
  "TABLE VIEW INDEX PROCEDURE PROC FUNCTION TRIGGER DATABASE SCHEMA SEQUENCE USER ROLE TYPE DOMAIN EXTENSION POLICY " +
    "RULE AGGREGATE COLLATION LANGUAGE SERVER PUBLICATION SUBSCRIPTION TABLESPACE STATISTICS EVENT LOGIN SYNONYM PACKAGE"
)

/** Objects whose body holds statements. */
export const withBodies = set("PROCEDURE PROC FUNCTION TRIGGER RULE EVENT PACKAGE")

/** Objects with rows. Only these are collections. */
export const collections = set("TABLE VIEW")

/** Words between a word and the target that it announces. */
export const beforeTarget: Readonly<Record<"from" | "write" | "define" | "maintain", ReadonlySet<string>>> = {
  from: set("ONLY LATERAL"),
  write: set("INTO OVERWRITE TABLE FROM ONLY IGNORE LOW_PRIORITY HIGH_PRIORITY DELAYED QUICK TOP"),
  define: set("IF NOT EXISTS CONCURRENTLY ONLY"),
  maintain: set(
    "TABLE VIEW MATERIALIZED INDEX DATABASE SCHEMA SYSTEM IF EXISTS CONCURRENTLY ONLY FULL FREEZE VERBOSE ANALYZE"
  )
}

/** Words after which the list of sources is over. */
export const endOfSources = set(
  "WHERE GROUP ORDER HAVING LIMIT SET UNION EXCEPT INTERSECT MINUS WINDOW FOR RETURNING VALUES FETCH OFFSET QUALIFY WHEN"
)

/** No word of SQL that counts here is longer, or shorter: names of one letter are frequent. */
export const longestWord = 15
export const shortestWord = 2

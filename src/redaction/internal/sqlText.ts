/**
 * Finds SQL by its key and removes its literals.
 */

/** OpenTelemetry's names for the text of a query, also in snake or camel case and behind a prefix. */
const sqlName = /(?:^|[._])db[._]?(?:query[._]?text|statement)$/i
/** Most keys end differently. */
const lastLetter = /t$/i
const lastWord = /(?:text|statement)$/i
/** The key of an element of an array. The elements of an array of SQL are SQL. */
const element = /^\d*$/

/** Whether a text under this key may be SQL, as far as the key alone tells. The key of an element tells nothing. */
export const mayBeSql = (key: string): boolean => lastWord.test(key) || element.test(key)

/** Whether the path, as one key or as nested keys, names SQL. */
export const isSqlAt = (path: ReadonlyArray<string>): boolean => {
  let end = path.length
  while (end > 1 && element.test(path[end - 1] as string)) end--
  const last = path[end - 1] ?? ""
  return lastLetter.test(last) && sqlName.test(end === 1 ? last : path.slice(0, end).join("."))
}

/** Databases write literals differently. In doubt the expression takes the longer literal, so that no part stays. */
const tokens = new RegExp(
  [
    // Comments. Depending on the database, a nested comment ends at the first end or the last.
    String.raw`(--[^\n]*|#(?![>-])[^\n]*|\/\*(?:[^*/]|\*(?!\/)|\/(?!\*))*(?:\*\/|\/\*[\s\S]*|$))`,
    // Quoted identifiers. With a backslash in double quotes it is a text whose end depends on the database.
    String.raw`("(?:[^"\\]|"")*(?:"|$)|\`[^\`]*(?:\`|$)|\[[A-Za-z_][\w $-]*'[\w $-]*\])`,
    String.raw`"(?:[^"\\]|"")*\\[\s\S]*`,
    // Texts between quotes that the author chose, as Oracle's `q'[…]'`.
    String
      .raw`\b[nN]?[qQ]'(?:\[[\s\S]*?(?:\]'|$)|\{[\s\S]*?(?:\}'|$)|\([\s\S]*?(?:\)'|$)|<[\s\S]*?(?:>'|$)|([^\s\w'])[\s\S]*?(?:\3'|$))`,
    // Texts. Whether a backslash escapes a quote depends on the database, so such a text goes to the end.
    String.raw`(?:\b[eEnNbBxX])?'(?:[^'\\]|''|\\(?!'))*(?:\\'[\s\S]*|'|$)`,
    String.raw`\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\4\$|$)`,
    String.raw`\b0[xXoObB][0-9a-fA-F_]+\b`,
    String.raw`(?<![\w$"])-?\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?(?!\w)`
  ].join("|"),
  "g"
)

/** SQL with `?` in place of every literal, and without its comments. */
export const withoutLiterals = (sql: string): string =>
  sql.replace(
    tokens,
    (_match, comment: string | undefined, identifier: string | undefined) =>
      comment === undefined ? identifier ?? "?" : "/* */"
  )

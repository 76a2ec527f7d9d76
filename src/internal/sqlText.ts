/**
 * Where SQL stands in what leaves, and what it is without its literals.
 *
 * @internal
 */

/** OpenTelemetry's names for the text of a query, also in snake case and behind a prefix. */
const sqlName = /(?:^|[._])db[._](?:query[._]text|statement)$/
/** Elements of an array are what the array is. */
const element = /^\d*$/

/** Whether a text at this path is SQL by its name, whether that is one key or keys inside each other. */
export const isSqlAt = (path: ReadonlyArray<string>): boolean => {
  let end = path.length
  while (end > 1 && element.test(path[end - 1] as string)) end--
  const last = path[end - 1] ?? ""
  return (last.endsWith("text") || last.endsWith("statement")) &&
    sqlName.test(end === 1 ? last : path.slice(0, end).join("."))
}

/**
 * Comments, which may end in the middle of a quote, quoted identifiers, and then what is replaced: quoted texts,
 * dollar-quoted texts and numbers. Whether a backslash escapes a quote depends on the database, so a text with one goes
 * to the end.
 */
const tokens =
  /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|("(?:[^"]|"")*(?:"|$)|`[^`]*(?:`|$))|(?:\b[eEnNbBxX])?'(?:[^'\\]|''|\\(?!'))*(?:\\'[\s\S]*|'|$)|\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\3\$|$)|\b0x[0-9a-fA-F]+\b|(?<![\w$"])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)/g

/** SQL with `?` in place of every literal, and without its comments. */
export const withoutLiterals = (sql: string): string =>
  sql.replace(
    tokens,
    (_match, comment: string | undefined, identifier: string | undefined) =>
      comment === undefined ? identifier ?? "?" : "/* */"
  )

/**
 * Where in the program a metric is declared, for messages about conflicts.
 *
 * @internal
 */

const unknown = "an unknown place"

/** File, line and column of the call of `declare`. */
export const siteOf = (declare: (...args: ReadonlyArray<never>) => unknown): string => {
  const trace: { stack?: string } = {}
  Error.captureStackTrace?.(trace, declare)
  const frame = trace.stack?.split("\n")[1]?.trim() ?? unknown
  return /\((.*)\)$/.exec(frame)?.[1] ?? frame.replace(/^at (async )?/, "")
}

/**
 * Names of fields as logs, attributes and JSON write them.
 *
 * @internal
 */

const known = new Map<string, string>()

/** Distinct names remembered; payload fields are few, so this is only a bound. */
const mostKnown = 1024

/** `durationSeconds` → `duration_seconds`; each name is worked out once. */
export const snakeCase = (name: string): string => {
  const before = known.get(name)
  if (before !== undefined) return before
  const text = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase()
  if (known.size < mostKnown) known.set(name, text)
  return text
}

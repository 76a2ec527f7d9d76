/**
 * Names of fields as logs, attributes and JSON write them.
 *
 * @internal
 */

/** Distinct names one translator remembers; payload fields are few, so this is only a bound. */
const mostKnown = 1024

/** Makes a translator, `durationSeconds` → `duration_seconds`, that works each name out once. */
export const make = (): (name: string) => string => {
  const known = new Map<string, string>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const text = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase()
    if (known.size < mostKnown) known.set(name, text)
    return text
  }
}

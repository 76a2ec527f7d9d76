/**
 * Translates names of fields into snake case, as in logs, attributes and JSON.
 */

/** The highest number of names in memory. Payloads have few fields, so this is only a bound. */
const mostKnown = 1024

/**
 * Makes a translator, such as from `durationSeconds` to `duration_seconds`, that remembers its results. They begin with
 * `prefix`.
 */
export const make = (prefix: string = ""): (name: string) => string => {
  const known = new Map<string, string>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const text = prefix + name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase()
    if (known.size < mostKnown) known.set(name, text)
    return text
  }
}

/**
 * Patterns that name several events: `*` for all, `step.*` for all names that
 * begin with `step.`. Any other pattern is a name.
 */
import * as EventCatalog from "../EventCatalog.ts"
import { domainOf } from "./EventDefinition.ts"

/**
 * All events, or all that begin with a domain.
 *
 * @category models
 * @since 0.1.0
 */
export type Wildcard = "*" | `${string}.*`

/**
 * The names of a union that a pattern matches.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Matched<Pattern extends string, Names extends string> = Pattern extends "*" ? Names
  : Pattern extends `${infer Domain}.*` ? Extract<Names, `${Domain}.${string}`>
  : Extract<Names, Pattern>

/**
 * Makes the test that tells whether a pattern matches a name.
 *
 * @category constructors
 * @since 0.1.0
 */
export const compile = (pattern: string): (name: string) => boolean => {
  if (pattern === "*") return () => true
  if (!pattern.endsWith(".*")) return (name) => name === pattern
  const prefix = pattern.slice(0, -1)
  return (name) => name.startsWith(prefix)
}

/**
 * Gives a sentence for each filter that no event can match: a name of a reserved
 * domain that is not in the catalog.
 */
export const unknownFilters = (filtered: ReadonlyArray<string>): ReadonlyArray<string> =>
  filtered.flatMap((pattern) => {
    const domain = domainOf(pattern)
    const isOurs = EventCatalog.reservedDomains.some((reserved) => reserved === domain)
    const isImpossible = pattern !== "*" && (isOurs || !pattern.includes("."))
    return isImpossible && !EventCatalog.names.some(compile(pattern))
      ? [`events.filtered names "${pattern}", which no event matches`]
      : []
  })

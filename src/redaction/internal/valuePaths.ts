/**
 * Places of values, as `redaction.paths` names them.
 */
import * as SnakeCase from "../../internal/snakeCase.ts"

/** Prefixes that a payload's field gets as a span's attribute or as a line's field. */
const prefixes: ReadonlyArray<ReadonlyArray<string>> = [["tasker", "event"], ["fields"]]

/** Longer keys are compared as they are. */
const longestKey = 256

/**
 * Whether a value stands at one of these places.
 *
 * Nested keys and one key with dots are the same place, because spans have attributes such as `customer.card.number`.
 * A value inside a place is at that place. `customerCard` and `customer_card` are the same key: an event has
 * its payload's fields in camel case, and its lines and attributes have them in snake case.
 */
export const compile = (paths: ReadonlyArray<string>): (path: ReadonlyArray<string>) => boolean => {
  const snakeCase = SnakeCase.make()
  const keyOf = (key: string) => key.length > longestKey ? key : snakeCase(key)
  const places = paths.map((path) => path.split(".").map(keyOf))

  return (path) => {
    const given = path.map(keyOf)
    if (places.some((place) => place.length === given.length && startsWith(given, place))) return true
    if (!given.some((key) => key.includes("."))) return false
    const parts = given.join(".").split(".")
    return isWithin(places, parts) ||
      prefixes.some((prefix) => startsWith(parts, prefix) && isWithin(places, parts.slice(prefix.length)))
  }
}

const isWithin = (places: ReadonlyArray<ReadonlyArray<string>>, parts: ReadonlyArray<string>): boolean =>
  places.some((place) => startsWith(parts, place))

const startsWith = (parts: ReadonlyArray<string>, place: ReadonlyArray<string>): boolean =>
  place.length <= parts.length && place.every((part, index) => part === "*" || part === parts[index])

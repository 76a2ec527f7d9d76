/**
 * Gives every field of an object a unique name. Two fields can get the same name after their names are redacted or cut.
 */

/**
 * Makes a function that names the fields of one object.
 *
 * @param taken names that are already used
 * @returns a function that gives each shown name once, and adds a number if the name is used
 */
export const uniqueNames = (taken: Iterable<string>): (shown: string) => string => {
  const used = new Set(taken)
  const numbers = new Map<string, number>()
  return (shown) => {
    let name = shown
    let number = numbers.get(shown) ?? 1
    while (used.has(name)) name = `${shown}_${++number}`
    numbers.set(shown, number)
    used.add(name)
    return name
  }
}

/**
 * Names for the members of one object, of which some are not written as they were given: two of those may look alike.
 *
 * @internal
 */

/**
 * Makes the naming of one object's members.
 *
 * @param taken names that stand for themselves
 * @returns the name for a member that is shown otherwise than it was given: as it is shown, with a number behind it
 * where that is taken; each name is given once
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

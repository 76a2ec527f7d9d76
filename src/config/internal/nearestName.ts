/**
 * The known name that a misspelt one most likely stands for.
 *
 * @internal
 */

/** Characters of a name that are compared. */
const longestCompared = 100

/**
 * Gives the known name with the fewest letters to change; upper and lower case are the same letter.
 *
 * @param most letters that may differ, half of the name by default
 */
export const nearestName = (
  name: string,
  known: ReadonlyArray<string>,
  most = name.length / 2
): string | undefined => {
  const given = name.slice(0, longestCompared).toLowerCase()
  let nearest: string | undefined
  let least = Math.max(most, 0)
  for (const candidate of known) {
    const distance = distanceOf(given, candidate.toLowerCase())
    if (distance <= least && (nearest === undefined || distance < least)) {
      nearest = candidate
      least = distance
    }
  }
  return nearest
}

/** Letters to insert, remove or replace to come from one text to the other (Levenshtein). */
const distanceOf = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let index = 0; index < from.length; index++) {
    const next = [index + 1]
    for (let column = 0; column < to.length; column++) {
      const replaced = (row[column] as number) + (from[index] === to[column] ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] as number) + 1, (next[column] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}

/**
 * Judges values that hold masks already, because a pattern that searches later has replaced a part of them before.
 */

/** A word that no rule takes for a secret. It stands for each mask. */
const harmlessWord = "true"

/** Longer values are no harmless ones, also with their masks. */
const longest = 4096

/**
 * Whether a value is harmless, or would be with a harmless word in place of each mask. Otherwise a second search would
 * mask a value that the first one left, such as a path with a card number in it.
 */
export const isHarmlessBeside = (value: string, mask: string, isHarmless: (value: string) => boolean): boolean =>
  isHarmless(value) ||
  (mask !== "" && value.length <= longest && value.includes(mask) && isHarmless(value.replaceAll(mask, harmlessWord)))

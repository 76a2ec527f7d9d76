/**
 * Fisher's exact test, one-sided, and Holm's correction for many tests.
 */

/** Gives the natural logarithms of the factorials of 0 to `most`. */
export const logFactorials = (most: number): Float64Array => {
  const logs = new Float64Array(most + 1)
  for (let number = 2; number <= most; number++) logs[number] = (logs[number - 1] as number) + Math.log(number)
  return logs
}

/** A table of two properties: the number of things that have both, either or none. */
export interface Table {
  readonly both: number
  readonly onlyFirst: number
  readonly onlySecond: number
  readonly neither: number
}

/**
 * The probability of at least so many things with both properties, if the properties had nothing to do with each other.
 *
 * @param logs from {@link logFactorials}, up to the sum of the table at least
 */
export const fisherTest = ({ both, neither, onlyFirst, onlySecond }: Table, logs: Float64Array): number => {
  const first = both + onlyFirst
  const second = both + onlySecond
  const total = first + onlySecond + neither
  const log = (number: number): number => logs[number] as number
  const margins = log(first) + log(total - first) + log(second) + log(total - second) - log(total)
  let probability = 0
  for (let count = both; count <= Math.min(first, second); count++) {
    probability += Math.exp(
      margins - log(count) - log(first - count) - log(second - count) - log(total - first - second + count)
    )
  }
  return Math.min(1, probability)
}

/** Corrects probabilities for their number, so that the chance of any false alarm is no higher than that of one test. */
export const holm = (probabilities: ReadonlyArray<number>): ReadonlyArray<number> => {
  const order = probabilities.map((_, index) => index).toSorted((a, b) =>
    (probabilities[a] as number) - (probabilities[b] as number)
  )
  const corrected = probabilities.map(() => 1)
  let highest = 0
  order.forEach((index, rank) => {
    highest = Math.max(highest, Math.min(1, (probabilities[index] as number) * (order.length - rank)))
    corrected[index] = highest
  })
  return corrected
}

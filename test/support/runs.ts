/**
 * How often a property is tried: in the slow suite, which runs the files that use this as well, ten times as often.
 */
const times = Number(process.env["TIMES_OF_PROPERTIES"] ?? 1)

export const runs = (number: number): number => number * times

/**
 * Writes numbers and help texts, as both text formats of Prometheus do. Pure.
 */

/** Writes the value of a sample. */
export const number = (value: number): string => value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : `${value}`

/** Writes a count, as an integer even if it is large. */
export const integer = (value: number): string =>
  value < 1e21 || !Number.isFinite(value) ? number(value) : BigInt(value).toString()

/** Writes milliseconds as seconds. */
export const seconds = (millis: number): string => `${millis / 1000}`

/**
 * Writes a finite number as Go does, such as `1e-05` and `1e+06`. So the same bound has the same text in all programs
 * that Prometheus scrapes.
 */
export const shortest = (value: number): string => {
  const [digits = "", exponent = ""] = value.toExponential().split("e")
  const power = Number(exponent)
  if (power >= -4 && power < 6) return `${value}`
  return `${digits}e${exponent.startsWith("-") ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`
}

/** Writes a help text on one line. A carriage return would look like a part of a line break. */
export const help = (text: string): string =>
  text.toWellFormed().replace(/\r\n?/g, "\n").replace(/\\/g, "\\\\").replace(/\n/g, "\\n")

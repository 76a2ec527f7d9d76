/**
 * Numbers and help texts, as both text formats of Prometheus write them. Pure.
 *
 * @internal
 */

/** A value of a sample. */
export const number = (value: number): string => value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : `${value}`

/** A count: large ones too are written as what they are, integers. */
export const integer = (value: number): string =>
  value < 1e21 || !Number.isFinite(value) ? number(value) : BigInt(value).toString()

/** Milliseconds as seconds. */
export const seconds = (millis: number): string => `${millis / 1000}`

/**
 * The shortest text of a finite number as Go writes it, `1e-05` and `1e+06`: the same bound has the same text in all
 * programs that Prometheus scrapes.
 */
export const shortest = (value: number): string => {
  const [digits = "", exponent = ""] = value.toExponential().split("e")
  const power = Number(exponent)
  if (power >= -4 && power < 6) return `${value}`
  return `${digits}e${exponent.startsWith("-") ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`
}

/** A help text on one line. A carriage return would be taken for a part of the line's end. */
export const help = (text: string): string =>
  text.toWellFormed().replace(/\r\n?/g, "\n").replace(/\\/g, "\\\\").replace(/\n/g, "\\n")

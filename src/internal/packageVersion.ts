/** The version of this package, as receivers see it. */
export const packageVersion = "0.1.0"

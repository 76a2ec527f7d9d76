/**
 * Collects what a program logs.
 */
import { Logger } from "effect"

/**
 * Makes a logger that adds `Level message` to the lines. It leaves out what the test clock says where a test takes more
 * than a second of real time, as on a busy machine.
 */
export const loggerInto = (lines: Array<string>) =>
  Logger.make(({ logLevel, message }) => {
    const text = String(message)
    if (!text.startsWith("A test is using time, but is not advancing the test clock")) lines.push(`${logLevel} ${text}`)
  })

/**
 * Reads what was added to a log file.
 */
import * as Effect from "effect/Effect"
import { readFileSync, statSync } from "node:fs"
import { CliFailure, exitCodes } from "../CliFailure.ts"

const unreadable = (path: string) => (error: unknown) =>
  new CliFailure({
    exitCode: exitCodes.usage,
    message:
      `${path} cannot be read (${error instanceof Error && "code" in error ? String(error.code) : "unknown"}): ` +
      "name the file of logging.file.path with --log-file"
  })

/** The size of a file in bytes. */
export const sizeOf = (path: string): Effect.Effect<number, CliFailure> =>
  Effect.try({ try: () => statSync(path).size, catch: unreadable(path) })

/** The text behind a number of bytes. A file that is shorter was rotated, and is read from its start. */
export const textFrom = (path: string, offset: number): Effect.Effect<string, CliFailure> =>
  Effect.try({
    try: () => {
      const bytes = readFileSync(path)
      return bytes.subarray(bytes.length < offset ? 0 : offset).toString("utf8")
    },
    catch: unreadable(path)
  })

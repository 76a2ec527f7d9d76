/**
 * Reads the input of a task from a flag.
 */
import * as Effect from "effect/Effect"
import { CliFailure, exitCodes } from "../CliFailure.ts"

/** The value of `--context`. */
export const jsonInput = (text: string): Effect.Effect<unknown, CliFailure> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () =>
      new CliFailure({
        exitCode: exitCodes.usage,
        message: "--context is no JSON: give the task's input, such as --context '{\"orderId\":\"o-1\"}'"
      })
  })

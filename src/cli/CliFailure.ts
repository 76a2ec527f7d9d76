/**
 * Why a command has no answer, and the exit code that says so.
 */
import * as Data from "effect/Data"

/** The exit codes of the program. 0 is an answer. */
export const exitCodes = {
  /** A mistake in the program. */
  defect: 1,
  /** A wrong or missing flag or argument. */
  usage: 2,
  /** No service answers at the address, or what answers is no service of this package. */
  unreachable: 3,
  /** The service refuses the token, or needs one. */
  refused: 4,
  /** Nothing has the name or id, or the service analyses no runs. */
  notFound: 5,
  /** A check or a validation has found something wrong. The output says what. */
  failed: 6
} as const

/** A command has no answer. */
export class CliFailure extends Data.TaggedError("CliFailure")<{
  readonly exitCode: number
  /** What happened and what to do. */
  readonly message: string
}> {}

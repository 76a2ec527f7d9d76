/**
 * What a refusal of a service means for a command.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { CliFailure, exitCodes } from "./CliFailure.ts"
import { printable } from "./TextTable.ts"

const Refusal = Schema.Struct({
  error: Schema.String,
  message: Schema.String,
  issues: Schema.optional(Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })))
})

const decodeRefusal = Schema.decodeUnknownOption(Refusal)

const notFound: ReadonlySet<string> = new Set(["run_not_found", "analysis_disabled", "events_disabled"])

/** The failure of a command whose request was answered with another status than 200. */
export const refusal = (status: number, body: unknown, address: string): CliFailure => {
  const known = Option.getOrUndefined(decodeRefusal(body))
  if (known === undefined) {
    return new CliFailure({
      exitCode: exitCodes.unreachable,
      message: `${address} answers ${status}: give the address of the routes with their prefix with --url`
    })
  }
  const details = (known.issues ?? []).map(({ message, path }) => `${path}: ${message}`)
  const said = printable([known.message, ...details].join("; "))
  const exitCode = status === 401 || status === 403
    ? exitCodes.refused
    : status === 400
    ? exitCodes.usage
    : notFound.has(known.error)
    ? exitCodes.notFound
    : exitCodes.unreachable
  const advice = exitCode === exitCodes.refused ? "; give the token with --token or in TASKER_HTTP_TOKEN" : ""
  return new CliFailure({ exitCode, message: `${address}: ${said}${advice}` })
}

/**
 * Shows findings while they come, and ends a command with the exit code that they ask for.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { CliFailure, exitCodes } from "../CliFailure.ts"
import { printable } from "../TextTable.ts"
import { type Finding, hold } from "./Finding.ts"

/** Where the findings of a command go. */
export interface Report {
  /** Says on standard error what happens now. Says nothing with `--json`. */
  readonly progress: (what: string) => Effect.Effect<void>
  /** Adds findings, and shows them at once unless `--json` is given. */
  readonly add: (findings: Finding | ReadonlyArray<Finding>) => Effect.Effect<void>
  /** Whether no finding so far is a failure. */
  readonly holds: () => boolean
  /** Ends the command: prints the summary, or with `--json` the whole report. */
  readonly end: (data?: Readonly<Record<string, unknown>>) => Effect.Effect<void, CliFailure>
}

/** Makes the report of a command. */
export const make = (command: string, json: boolean): Report => {
  const all: Array<Finding> = []
  return {
    progress: (what) => json ? Effect.void : Console.error(`… ${printable(what)}`),
    add: (given) => {
      const findings = "check" in given ? [given] : given
      all.push(...findings)
      return json || findings.length === 0 ? Effect.void : Console.log(findings.map(render).join("\n"))
    },
    holds: () => hold(all),
    end: Effect.fnUntraced(function*(data = {}) {
      const failures = all.filter(({ outcome }) => outcome === "failed").length
      yield* Console.log(
        json
          ? JSON.stringify({ command, ok: failures === 0, ...data, findings: all }, undefined, 2)
          : `\n${failures === 0 ? "✓" : "✗"} ${command}: ${summary(all)}`
      )
      if (failures > 0) {
        return yield* new CliFailure({
          exitCode: exitCodes.failed,
          message: `${command}: ${failures} of ${all.length} checks failed`
        })
      }
    })
  }
}

const summary = (findings: ReadonlyArray<Finding>): string => {
  const count = (outcome: Finding["outcome"]) => findings.filter((finding) => finding.outcome === outcome).length
  const skipped = count("skipped")
  return `${count("ok")} checks hold, ${count("failed")} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`
}

const marks = { ok: "✓", failed: "✗", skipped: "–" } as const

/** The lines of a finding. */
const render = ({ advice, check, expected, found, outcome }: Finding): string => {
  const head = `${marks[outcome]} ${printable(check)}`
  return outcome === "failed"
    ? [
      head,
      `    expected: ${printable(expected)}`,
      `    found:    ${printable(found)}`,
      ...(advice === undefined ? [] : [`    do:       ${printable(advice)}`])
    ].join("\n")
    : `${head}: ${printable(found)}`
}

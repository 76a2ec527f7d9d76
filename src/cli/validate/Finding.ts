/**
 * What a check has found: what was expected, what is there, and what to do.
 */

/** The result of one check. */
export interface Finding {
  /** What was checked, in a few words. */
  readonly check: string
  /** `skipped`: the check does not apply here, and `found` says why. */
  readonly outcome: "ok" | "failed" | "skipped"
  readonly expected: string
  readonly found: string
  /** What to do about a failure. */
  readonly advice?: string | undefined
}

/** A check that found what was expected. */
export const ok = (check: string, found: string): Finding => ({ check, outcome: "ok", expected: found, found })

/** A check that found something else. */
export const failed = (check: string, expected: string, found: string, advice: string): Finding => ({
  check,
  outcome: "failed",
  expected,
  found,
  advice
})

/** A check that does not apply. */
export const skipped = (check: string, reason: string): Finding => ({
  check,
  outcome: "skipped",
  expected: "",
  found: reason
})

/** Compares two values that have a text. */
export const equal = (
  check: string,
  expected: string | number,
  found: string | number,
  advice: string
): Finding => expected === found ? ok(check, String(found)) : failed(check, String(expected), String(found), advice)

/** Whether no check failed. */
export const hold = (findings: ReadonlyArray<Finding>): boolean => findings.every(({ outcome }) => outcome !== "failed")

/** Names, at most so many: a terminal has few lines. */
export const names = (all: ReadonlyArray<string>, most = 8): string =>
  all.length === 0
    ? "none"
    : all.length <= most
    ? all.join(", ")
    : `${all.slice(0, most).join(", ")} and ${all.length - most} more`

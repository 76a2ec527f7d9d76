import { assert } from "@effect/vitest"

/** Compares what the program has reported about a signal with patterns: one report for each. */
export const assertReports = (
  reports: ReadonlyArray<string>,
  signal: "spans" | "log records" | "metrics",
  ...expected: ReadonlyArray<RegExp>
): void => {
  const found = reports.filter((report) => new RegExp(`^(Info|Warn) (\\d+ )?${signal}`).test(report))
  const isSame = found.length === expected.length &&
    expected.every((pattern) => found.filter((report) => pattern.test(report)).length === 1)
  assert.isTrue(isSame, `${found.join("\n")}\ndiffers from\n${expected.join("\n")}`)
}

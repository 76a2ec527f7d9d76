/**
 * Keeps secrets out of the analysis of runs. Names of tasks, steps and errors come from the program, and a sentence has
 * them in its middle.
 */
import type * as TimeSlice from "../../internal/TimeSlice.ts"
import type { RunRecord } from "../../performance/RunRecord.ts"
import type { Redaction } from "../../redaction/Redaction.ts"

/** Members whose values are ids, which no rule for texts may change. */
const ids: ReadonlySet<string> = new Set(["runId", "runIds", "correlationId", "traceId"])

/**
 * Gives a report about runs as it may leave. A name that is a secret is replaced in every text, also where the rules for
 * texts do not find it. The work is done in small pieces.
 */
export function* redactReport<A>(
  report: A,
  runs: ReadonlyArray<RunRecord>,
  redaction: Redaction
): TimeSlice.Work<A> {
  const secrets = yield* secretNames(runs, redaction)
  const shown = (text: string): string =>
    redaction.text(secrets.reduce((shown, [name, mask]) => shown.replaceAll(name, () => mask), text))
  const visit = (value: unknown): unknown => {
    if (typeof value === "string") return shown(value)
    if (Array.isArray(value)) return value.map(visit)
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, ids.has(key) ? inner : visit(inner)])
    )
  }
  return visit(report) as A
}

/** The names that do not leave as they are, the longest first: a name may be a part of another one. */
function* secretNames(
  runs: ReadonlyArray<RunRecord>,
  redaction: Redaction
): TimeSlice.Work<ReadonlyArray<readonly [name: string, mask: string]>> {
  const names = new Set<string>()
  for (const { errorType = "", instance = "", steps, taskName, version } of runs) {
    for (const name of [taskName, version, errorType, instance]) names.add(name)
    for (const { attempts, name } of steps) {
      names.add(name)
      for (const { errorType = "" } of attempts) names.add(errorType)
    }
    yield
  }
  return Array.from(names, (name) => [name, redaction.name(name)] as const)
    .filter(([name, shown]) => name !== shown)
    .toSorted(([left], [right]) => right.length - left.length)
}

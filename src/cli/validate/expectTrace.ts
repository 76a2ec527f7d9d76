/**
 * Compares a stored trace with the run that it is of: is every span there once, under the right parent, with its
 * attributes, and do the times agree?
 */
import { Attribute, SpanName } from "../../Conventions.ts"
import * as Finding from "./Finding.ts"
import type { StoredSpan } from "./storedSpans.ts"

/** A run whose trace is expected. */
export interface ExpectedRun {
  /** The name of the run in findings. */
  readonly label: string
  readonly taskId: string
  readonly taskName: string
  readonly status: string
  /** The span that the trace continues; `undefined` for a trace of its own. */
  readonly remoteParent?: string | undefined
  readonly steps: ReadonlyArray<ExpectedStep>
  /** Epoch milliseconds between which the run began and ended, by the clock here. */
  readonly window: readonly [from: number, to: number]
}

/** A step of the run. */
export interface ExpectedStep {
  readonly name: string
  readonly dependsOn: ReadonlyArray<string>
  readonly attempts: number
  readonly status: string
  /** Work of all attempts in seconds, if it is known. */
  readonly workSeconds?: number | undefined
}

const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "nothing"

/** What is wrong with a trace. All findings are `ok` if nothing is. */
export const expectTrace = (run: ExpectedRun, spans: ReadonlyArray<StoredSpan>): ReadonlyArray<Finding.Finding> => {
  const own = spans.filter(({ attributes }) => attributes[Attribute.taskId] === run.taskId)
  const task = own.find(({ name }) => name === SpanName.task)
  if (task === undefined) {
    return [Finding.failed(
      `${run.label}: trace`,
      `a span ${SpanName.task} of run ${run.taskId}`,
      spans.length === 0 ? "no trace" : `${spans.length} other spans`,
      missing
    )]
  }
  return [
    completeness(run, own, spans.length),
    parents(run, spans, task),
    attributes(run, own, task),
    times(run, own, task)
  ]
}

const missing = "look whether the receiver runs, and for a sampler or filter that drops spans: in the program " +
  "(tracing.sampler, tracing.keep, events.filtered), in the collector, and in the backend"

const attemptsOf = (spans: ReadonlyArray<StoredSpan>) => spans.filter(({ name }) => name === SpanName.step)

const completeness = (run: ExpectedRun, own: ReadonlyArray<StoredSpan>, all: number): Finding.Finding => {
  const count = (name: string) => own.filter((span) => span.name === name).length
  const expected = run.steps.flatMap(({ attempts, name }) =>
    Array.from({ length: attempts }, (_, index) => `${name}#${index + 1}`)
  ).toSorted()
  const found = attemptsOf(own).map(({ attributes }) =>
    `${text(attributes[Attribute.stepName])}#${text(attributes[Attribute.attempt])}`
  ).toSorted()
  const lost = difference(expected, found)
  const extra = difference(found, expected)
  const problems = [
    ...(count(SpanName.task) === 1 ? [] : [`${count(SpanName.task)} spans ${SpanName.task}`]),
    ...(count(SpanName.orchestration) === 1
      ? []
      : [`${count(SpanName.orchestration)} spans ${SpanName.orchestration}`]),
    ...(count(SpanName.batch) > 0 || expected.length === 0 ? [] : [`no span ${SpanName.batch}`]),
    ...(lost.length === 0 ? [] : [`no span of ${Finding.names(lost)}`]),
    ...(extra.length === 0 ? [] : [`too many spans of ${Finding.names(extra)}`])
  ]
  const check = `${run.label}: complete`
  return problems.length === 0
    ? Finding.ok(check, `${all} spans, ${expected.length} attempts of ${run.steps.length} steps`)
    : Finding.failed(
      check,
      `one span each of the run, its loop and its ${expected.length} attempts (step#attempt): ${
        Finding.names(expected)
      }`,
      problems.join("; "),
      extra.length > 0 && lost.length === 0
        ? "look for two exporters to one backend, such as a second telemetry layer or an OpenTelemetry SDK beside it"
        : missing
    )
}

/** What is in one list more often than in the other. */
const difference = (left: ReadonlyArray<string>, right: ReadonlyArray<string>): ReadonlyArray<string> => {
  const rest = [...right]
  return left.filter((item) => {
    const at = rest.indexOf(item)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

/** The span around each of ours. */
const around: Readonly<Record<string, string>> = {
  [SpanName.orchestration]: SpanName.task,
  [SpanName.batch]: SpanName.orchestration,
  [SpanName.step]: SpanName.batch
}

const parents = (run: ExpectedRun, spans: ReadonlyArray<StoredSpan>, task: StoredSpan): Finding.Finding => {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const problems = spans.flatMap((span) => {
    const parent = span.parentId === undefined ? undefined : byId.get(span.parentId)
    if (span.traceId !== task.traceId) return [`${span.name} is in another trace`]
    if (span.parentId !== undefined && parent === undefined && span.parentId !== run.remoteParent) {
      return [`the parent of ${describe(span)} is missing`]
    }
    const wanted = around[span.name]
    return wanted === undefined || parent?.name === wanted || span.attributes[Attribute.taskId] !== run.taskId
      ? []
      : [`${describe(span)} is below ${parent?.name ?? "nothing"}, not below ${wanted}`]
  })
  const roots = spans.filter(({ parentId }) => parentId === undefined || parentId === run.remoteParent)
  if (roots.length > 1) problems.push(`${roots.length} spans begin the trace`)
  const check = `${run.label}: parents`
  return problems.length === 0
    ? Finding.ok(check, "every span is below the span that it belongs to")
    : Finding.failed(check, "every span is below the span that it belongs to", Finding.names(problems, 4), missing)
}

const describe = ({ attributes, name }: StoredSpan): string =>
  attributes[Attribute.stepName] === undefined ? name : `${name} of ${text(attributes[Attribute.stepName])}`

const attributes = (run: ExpectedRun, own: ReadonlyArray<StoredSpan>, task: StoredSpan): Finding.Finding => {
  const wrong = (span: StoredSpan, key: string, expected: unknown) =>
    span.attributes[key] === expected
      ? []
      : [`${describe(span)}: ${key} is ${text(span.attributes[key])}, not ${text(expected)}`]
  const last = (name: string) =>
    attemptsOf(own).filter(({ attributes }) => attributes[Attribute.stepName] === name).toSorted((left, right) =>
      Number(left.attributes[Attribute.attempt]) - Number(right.attributes[Attribute.attempt])
    ).at(-1)
  const problems = [
    ...wrong(task, Attribute.taskName, run.taskName),
    ...wrong(task, Attribute.taskStatus, run.status),
    ...run.steps.flatMap(({ name, status }) => {
      const span = last(name)
      return span === undefined ? [] : wrong(span, Attribute.stepStatus, status)
    }),
    ...attemptsOf(own).filter(({ attributes }) => typeof attributes[Attribute.workSeconds] !== "number").map((span) =>
      `${describe(span)} has no ${Attribute.workSeconds}`
    )
  ]
  const check = `${run.label}: attributes`
  return problems.length === 0
    ? Finding.ok(check, "task, steps, states and times are on the spans")
    : Finding.failed(
      check,
      "the attributes of the run and of its steps",
      Finding.names(problems, 4),
      "look for a processor of the collector that removes or changes attributes, and at tracing.limits"
    )
}

/** Microseconds that times of one clock may differ by rounding. */
const rounding = 2
/** Seconds that a time may differ between two machines whose clocks agree. */
const tolerance = 2

const times = (run: ExpectedRun, own: ReadonlyArray<StoredSpan>, task: StoredSpan): Finding.Finding => {
  const check = `${run.label}: times`
  const [from, to] = run.window
  const [early, late] = [
    from / 1000 - tolerance - task.start / 1e6,
    (task.start + task.duration) / 1e6 - to / 1000 - tolerance
  ]
  if (early > 0 || late > 0) {
    const away = tolerance + Math.max(early, late)
    return Finding.failed(
      check,
      `the trace is between ${new Date(from).toISOString()} and ${new Date(to).toISOString()}`,
      `it is ${away.toFixed(1)} s too ${early > 0 ? "early" : "late"}, from ${
        new Date(task.start / 1000).toISOString()
      }`,
      "the clock of the service is wrong: set it by NTP"
    )
  }
  const problems = [...nesting(own), ...order(run, own), ...work(run, own)]
  return problems.length === 0
    ? Finding.ok(
      check,
      `${(task.duration / 1e6).toFixed(3)} s; spans lie within their parents, and after what they need`
    )
    : Finding.failed(
      check,
      "spans lie within their parents, and steps begin after the steps that they need",
      Finding.names(problems, 4),
      "look for clocks that jump, and for a processor that changes times"
    )
}

const end = ({ duration, start }: StoredSpan): number => start + duration

const nesting = (own: ReadonlyArray<StoredSpan>): ReadonlyArray<string> => {
  const byId = new Map(own.map((span) => [span.spanId, span]))
  return own.flatMap((span) => {
    const parent = byId.get(span.parentId ?? "")
    return parent === undefined || (span.start >= parent.start - rounding && end(span) <= end(parent) + rounding)
      ? []
      : [`${describe(span)} is not within ${parent.name}`]
  })
}

const order = (run: ExpectedRun, own: ReadonlyArray<StoredSpan>): ReadonlyArray<string> => {
  const attempts = Map.groupBy(attemptsOf(own), ({ attributes }) => text(attributes[Attribute.stepName]))
  return run.steps.flatMap(({ dependsOn, name }) =>
    dependsOn.flatMap((needed) => {
      const starts = (attempts.get(name) ?? []).map(({ start }) => start)
      const ends = (attempts.get(needed) ?? []).map(end)
      return starts.length === 0 || ends.length === 0 || Math.min(...starts) >= Math.max(...ends) - 1000
        ? []
        : [`${name} begins before ${needed} has ended`]
    })
  )
}

/** Seconds that the span of an attempt may begin after its work on a busy machine. */
const spanDelay = 0.05

/** Whether spans of steps are as long as the work that the run has measured. */
const work = (run: ExpectedRun, own: ReadonlyArray<StoredSpan>): ReadonlyArray<string> =>
  run.steps.flatMap(({ name, workSeconds }) => {
    const spans = attemptsOf(own).filter(({ attributes }) => attributes[Attribute.stepName] === name)
    if (workSeconds === undefined || spans.length === 0) return []
    const measured = spans.reduce((sum, { attributes }) => sum + Number(attributes[Attribute.workSeconds]), 0)
    const shown = spans.reduce((sum, { duration }) => sum + duration / 1e6, 0)
    return Math.abs(measured - workSeconds) <= 0.001 * (1 + workSeconds) && shown >= 0.9 * workSeconds - spanDelay
      ? []
      : [`${name} has worked for ${workSeconds} s, its spans say ${measured} s and are ${shown.toFixed(6)} s long`]
  })

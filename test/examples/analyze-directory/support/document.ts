/**
 * What every JSON document of the demo satisfies, whatever was analysed.
 */
import { assert } from "@effect/vitest"

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | null
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<{ readonly name: string }>
  readonly status: string
}

export interface Document {
  readonly task: {
    readonly id: string
    readonly status: string
    readonly durationMs: number
    readonly steps: ReadonlyArray<{
      readonly name: string
      readonly status: string
      readonly attempts: number
      readonly queueMs: number
      readonly workMs: number
    }>
  }
  readonly result: {
    readonly files: number
    readonly bytes: number
    readonly linesByLanguage: Readonly<Record<string, number>>
    readonly duplicateGroups: ReadonlyArray<{ readonly sha256: string; readonly paths: ReadonlyArray<string> }>
    readonly unreadable: ReadonlyArray<{ readonly path: string; readonly reason: string }>
  } | null
  readonly report: {
    readonly makespanSeconds: number
    readonly path: ReadonlyArray<string>
    readonly steps: ReadonlyArray<{ readonly name: string; readonly critical: boolean }>
    readonly recommendations: ReadonlyArray<{
      readonly stepName?: string
      readonly gainSeconds: number
      readonly text: string
      readonly evidence: { readonly runs: number; readonly runIds: ReadonlyArray<string> }
    }>
  }
  readonly spans: ReadonlyArray<Span>
  readonly events: ReadonlyArray<{
    readonly name: string
    readonly stepName: string | null
    readonly attempt: number | null
    readonly time: string
  }>
  readonly logs: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly metrics: string
}

export const linesIn = ({ result }: Document): number =>
  Object.values(result?.linesByLanguage ?? {}).reduce((sum, lines) => sum + lines, 0)

const steps = [
  "discover_files",
  "count_lines",
  "hash_files",
  "find_duplicates",
  "read_manifests",
  "store_report",
  "summarize"
]

const endEvents = ["step.completed", "step.failed", "step.cancelled"]

/** The sum of the samples of a metric whose labels contain these. */
const sample = (metrics: string, name: string, labels: ReadonlyArray<string>): number =>
  metrics.split("\n")
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0)

/** Milliseconds are nanoseconds rounded to doubles. */
const rounding = 0.001

const checkSpans = ({ spans }: Document): void => {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  assert.strictEqual(byId.size, spans.length, "span ids are unique")
  const roots = spans.filter((span) => span.parentSpanId === null)
  assert.deepStrictEqual(roots.map((span) => span.name), ["tasker.task.execution"])
  assert.strictEqual(new Set(spans.map((span) => span.traceId)).size, 1)
  const depthOf = (span: Span): number => {
    if (span.parentSpanId === null) return 1
    const parent = byId.get(span.parentSpanId)
    assert(parent !== undefined, `the parent of ${span.name} is recorded`)
    assert.isAtLeast(span.startMs, parent.startMs - rounding)
    assert.isAtMost(span.endMs, parent.endMs + rounding)
    return depthOf(parent) + 1
  }
  assert.isAtLeast(Math.max(...spans.map(depthOf)), 5)
  const path = [
    "tasker.task.execution",
    "tasker.workflow.orchestration",
    "tasker.batch.execution",
    "tasker.step.execution"
  ]
  for (const sql of spans.filter((span) => "db.query.text" in span.attributes)) {
    const ancestors: Array<string> = []
    for (let at = byId.get(sql.parentSpanId!); at !== undefined; at = byId.get(at.parentSpanId ?? "")) {
      if (at.name !== "sql.transaction") ancestors.unshift(at.name)
    }
    assert.deepStrictEqual(ancestors, path)
  }
}

/** The path leads from the first step to the last one, and a step on the path leaves no slack. */
const checkReport = ({ report, spans, task }: Document): void => {
  assert.strictEqual(report.path[0], "discover_files")
  assert.strictEqual(report.path.at(-1), task.status === "complete" ? "summarize" : "store_report")
  // The span of the run begins before its first event, and ends after its last one.
  const whole = spans.find((span) => span.parentSpanId === null)
  assert(whole !== undefined)
  assert.isAtMost(report.makespanSeconds * 1000, whole.endMs - whole.startMs + rounding)
  assert.deepStrictEqual(
    report.steps.filter(({ critical }) => critical).map(({ name }) => name),
    steps.filter((name) => report.path.includes(name))
  )
  const gains = report.recommendations.map(({ gainSeconds }) => gainSeconds)
  assert.deepStrictEqual(gains, gains.toSorted((left, right) => right - left))
  for (const { evidence, text } of report.recommendations) {
    assert.deepStrictEqual([evidence.runs, evidence.runIds], [1, [task.id]])
    assert.match(text, /a run (?:then )?takes .* less \([\d.]+ %\)/)
  }
  // A failed run is no evidence for how long a run takes.
  assert.strictEqual(report.recommendations.length > 0, task.status === "complete")
}

/** Per attempt exactly one span, one request and one end, and metrics that say the same. */
const checkAttempts = ({ events, metrics, spans, task }: Document): void => {
  assert.deepStrictEqual(task.steps.map((step) => step.name).toSorted(), steps.toSorted())
  for (const { attempts, name } of task.steps) {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const own = spans.filter((span) =>
        span.name === "tasker.step.execution" && span.attributes["tasker.step.name"] === name &&
        span.attributes["tasker.step.attempt"] === attempt
      )
      assert.strictEqual(own.length, 1, `spans of ${name}, attempt ${attempt}`)
      const named = events.filter((event) => event.stepName === name && event.attempt === attempt)
      const count = (names: ReadonlyArray<string>) => named.filter((event) => names.includes(event.name)).length
      assert.strictEqual(count(["step.execution_requested"]), 1, `requests of ${name}, attempt ${attempt}`)
      assert.strictEqual(count(endEvents), 1, `ends of ${name}, attempt ${attempt}`)
    }
    const step = [`step="${name}"`]
    assert.strictEqual(sample(metrics, "tasker_steps_total", step), attempts)
    assert.strictEqual(sample(metrics, "tasker_step_duration_seconds_count", step), attempts)
    for (const [event, status] of [["step.completed", "complete"], ["step.failed", "error"]] as const) {
      assert.strictEqual(
        sample(metrics, "tasker_steps_total", [...step, `status="${status}"`]),
        events.filter((it) => it.name === event && it.stepName === name).length
      )
    }
    assert.strictEqual(sample(metrics, "tasker_steps_active", step), 0)
  }
  const attempts = task.steps.reduce((sum, step) => sum + step.attempts, 0)
  assert.strictEqual(spans.filter((span) => span.name === "tasker.step.execution").length, attempts)
  assert.strictEqual(sample(metrics, "tasker_tasks_total", [`status="${task.status}"`]), 1)
  assert.strictEqual(sample(metrics, "tasker_tasks_total", []), 1)
}

const checkLogs = ({ logs, spans, task }: Document): void => {
  assert.isAtLeast(logs.length, task.steps.length)
  assert.strictEqual(new Set(logs.map((line) => line["correlation_id"])).size, 1)
  const ids = new Set(spans.map((span) => span.spanId))
  for (const line of logs) {
    assert.match(String(line["correlation_id"]), /^tsk_[a-z0-9]+_[A-Za-z0-9]{6}$/)
    assert.match(String(line["trace_id"]), /^[0-9a-f]{32}$/)
    assert.strictEqual(line["trace_id"], spans[0]?.traceId)
    assert(ids.has(String(line["span_id"])), "the span of a line is recorded")
    assert.strictEqual(line["task_id"], task.id)
  }
}

export const check = (document: Document): void => {
  checkSpans(document)
  checkAttempts(document)
  checkLogs(document)
  checkReport(document)
}

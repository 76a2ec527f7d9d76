/**
 * Compares recorded spans with expected ones. The message of a mismatch is for a
 * person.
 *
 * @since 0.1.0
 */
import * as Equal from "effect/Equal"
import { Attribute, SpanName } from "../../Conventions.ts"
import type { SpanData } from "../../tracing/SpanData.ts"

/**
 * An expected span. Missing fields are not compared.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExpectedSpan {
  readonly name: string
  readonly kind?: SpanData["kind"] | undefined
  readonly status?: SpanData["statusCode"] | undefined
  /** Attributes that the span must have. It may have others. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
  /** Names of all events of the span, in order. */
  readonly events?: ReadonlyArray<string> | undefined
  /**
   * All children, in the order of their starts. Without it children are not compared; an empty list means no children.
   */
  readonly children?: ReadonlyArray<ExpectedSpan> | undefined
}

/**
 * Options of the comparison.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Whether to compare spans of the engine: orchestration, dependency resolution, batches and state transitions; `true`
   * by default. Without them, their children are compared as children of the task.
   */
  readonly engine?: boolean | undefined
}

/**
 * Thrown by {@link spanTree}. The message lists the mismatches, then the recorded
 * tree.
 *
 * @category errors
 * @since 0.1.0
 */
export class SpanTreeMismatch extends Error {
  override readonly name = "SpanTreeMismatch"
  readonly mismatches: ReadonlyArray<string>

  constructor(mismatches: ReadonlyArray<string>, spans: ReadonlyArray<SpanData>, options?: Options) {
    super(
      `the spans are not as expected:\n${mismatches.map((line) => `  - ${line}`).join("\n")}\nrecorded:\n${
        format(spans, options)
      }`
    )
    this.mismatches = mismatches
  }
}

/**
 * Compares recorded spans with expected trees. It throws a {@link SpanTreeMismatch} that names the differences.
 *
 * **Details**
 *
 * Siblings are compared in the order of their starts. Siblings that start at the same instant may stand in any order. A
 * span without a recorded parent is a root. Messages name steps with the number of the attempt.
 *
 * **Example** (A step with a query)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Expect, TelemetryTest } from "tasker-telemetry/testing"
 *
 * const check = Effect.gen(function*() {
 *   const { spans } = yield* TelemetryTest
 *   Expect.spanTree(yield* spans, [
 *     { name: "tasker.step.execution", status: "unset", children: [{ name: "sql.execute", kind: "client" }] }
 *   ])
 * })
 * ```
 *
 * @category assertions
 * @since 0.1.0
 */
export const spanTree = (
  spans: ReadonlyArray<SpanData>,
  expected: ReadonlyArray<ExpectedSpan>,
  options?: Options
): void => {
  const tree = treeOf(spans, options)
  const mismatches = compareForest("the roots", tree.roots, expected, tree)
  if (mismatches.length > 0) throw new SpanTreeMismatch(mismatches, spans, options)
}

/**
 * Gives the spans as an indented list, for messages and small tools.
 *
 * **Details**
 *
 * A line has the name of the span, of the task and of the step, the number of the
 * attempt, and `(error)` if the span failed, as in
 * `tasker.step.execution charge #2 (error)`.
 *
 * **Example** (What the steps of a program did)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Expect, TelemetryTest } from "tasker-telemetry/testing"
 *
 * const shown = Effect.gen(function*() {
 *   const { spans } = yield* TelemetryTest
 *   return Expect.format(yield* spans, { engine: false })
 * })
 * ```
 *
 * @category rendering
 * @since 0.1.0
 */
export const format = (spans: ReadonlyArray<SpanData>, options?: Options): string => {
  const { childrenOf, roots } = treeOf(spans, options)
  const lines = (level: ReadonlyArray<SpanData>, depth: number): ReadonlyArray<string> =>
    level.flatMap((span) => [
      `${"  ".repeat(depth + 1)}${labelOf(span)}${span.statusCode === "error" ? " (error)" : ""}`,
      ...lines(childrenOf(span), depth + 1)
    ])
  return lines(roots, 0).join("\n")
}

const engineSpans: ReadonlySet<string> = new Set([
  SpanName.orchestration,
  SpanName.dependencyResolution,
  SpanName.batch,
  SpanName.stateTransition
])

/** The name of a span, with task, step and attempt. */
const labelOf = (span: SpanData): string => labelFrom(span.name, (key) => span.attributes.get(key))

const labelOfExpected = ({ attributes = {}, name }: ExpectedSpan): string => labelFrom(name, (key) => attributes[key])

const labelFrom = (name: string, attribute: (key: string) => unknown): string => {
  const attempt = attribute(Attribute.attempt)
  const parts = [
    name === SpanName.task ? attribute(Attribute.taskName) : undefined,
    attribute(Attribute.stepName),
    attempt === undefined ? undefined : `#${show(attempt)}`
  ]
  return [name, ...parts.filter((part) => part !== undefined).map(String)].join(" ")
}

/** The span tree, each level in the order of the starts. */
interface Tree {
  readonly roots: ReadonlyArray<SpanData>
  readonly childrenOf: (span: SpanData) => ReadonlyArray<SpanData>
}

const treeOf = (spans: ReadonlyArray<SpanData>, { engine = true }: Options = {}): Tree => {
  const known = new Map(spans.map((span) => [`${span.traceId} ${span.spanId}`, span]))
  const isKept = (span: SpanData) => engine || !engineSpans.has(span.name)
  const parentOf = (span: SpanData): SpanData | undefined => {
    const parent = known.get(`${span.traceId} ${span.parentSpanId}`)
    return parent === undefined || isKept(parent) ? parent : parentOf(parent)
  }
  const children = new Map<SpanData | undefined, Array<SpanData>>()
  for (const span of spans.filter(isKept).sort(byStart)) {
    const parent = parentOf(span)
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [span])
    else siblings.push(span)
  }
  return { roots: children.get(undefined) ?? [], childrenOf: (span) => children.get(span) ?? [] }
}

const byStart = (left: SpanData, right: SpanData) =>
  left.startTimeNanos < right.startTimeNanos ? -1 : left.startTimeNanos > right.startTimeNanos ? 1 : 0

const compareForest = (
  place: string,
  actual: ReadonlyArray<SpanData>,
  expected: ReadonlyArray<ExpectedSpan>,
  tree: Tree
): ReadonlyArray<string> => {
  const inOrder = arrange(actual, expected, tree)
  if (inOrder.length !== expected.length) {
    const wanted = expected.map(labelOfExpected).join(", ") || "nothing"
    return [`${place}: expected ${wanted}, got ${inOrder.map(labelOf).join(", ") || "nothing"}`]
  }
  return expected.flatMap((wanted, index) => compareSpan(place, inOrder[index] as SpanData, wanted, tree))
}

/** Puts siblings that started at the same instant into the expected order. */
const arrange = (
  actual: ReadonlyArray<SpanData>,
  expected: ReadonlyArray<ExpectedSpan>,
  tree: Tree
): ReadonlyArray<SpanData> => {
  const left = [...actual]
  const arranged = expected.flatMap((wanted) => {
    const start = left[0]?.startTimeNanos
    const together = left.filter((span) => span.startTimeNanos === start)
    const chosen = together.find((span) => compareSpan("", span, wanted, tree).length === 0) ??
      together.find((span) => span.name === wanted.name) ?? left[0]
    if (chosen === undefined) return []
    left.splice(left.indexOf(chosen), 1)
    return [chosen]
  })
  return [...arranged, ...left]
}

const compareSpan = (
  place: string,
  actual: SpanData,
  expected: ExpectedSpan,
  tree: Tree
): ReadonlyArray<string> => {
  const here = `${place} > ${actual.name === expected.name ? labelOf(actual) : labelOfExpected(expected)}`
  const mismatches: Array<string> = []
  const compare = (what: string, wanted: unknown, got: unknown) => {
    if (wanted !== undefined && !Equal.equals(wanted, got)) {
      mismatches.push(`${here}: expected ${what} ${show(wanted)}, got ${show(got)}`)
    }
  }
  if (actual.name !== expected.name) return [`${here}: got ${labelOf(actual)} in its place`]
  compare("kind", expected.kind, actual.kind)
  compare("status", expected.status, actual.statusCode)
  compare("events", expected.events, actual.events.map((event) => event.name))
  for (const [key, value] of Object.entries(expected.attributes ?? {})) {
    compare(`attribute ${key}`, value, actual.attributes.get(key))
  }
  return expected.children === undefined
    ? mismatches
    : [...mismatches, ...compareForest(here, tree.childrenOf(actual), expected.children, tree)]
}

const show = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : Array.isArray(value)
    ? `[${value.map(show).join(", ")}]`
    : String(value)

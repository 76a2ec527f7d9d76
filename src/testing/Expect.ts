/**
 * Expectations about what was recorded, with mismatches a person can read.
 *
 * @since 0.1.0
 */
import * as Equal from "effect/Equal"
import type { SpanData } from "../delivery/SpanData.ts"

/**
 * What a span should be. Fields that are not given are not compared.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExpectedSpan {
  readonly name: string
  readonly kind?: SpanData["kind"] | undefined
  readonly status?: SpanData["statusCode"] | undefined
  /** Attributes the span must have; it may have others. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
  /** Names of all events of the span, in order. */
  readonly events?: ReadonlyArray<string> | undefined
  /** All children, in the order of their starts; not compared if left out, none if empty. */
  readonly children?: ReadonlyArray<ExpectedSpan> | undefined
}

/**
 * Thrown by {@link spanTree}: the mismatches, then the tree as it was recorded.
 *
 * @category errors
 * @since 0.1.0
 */
export class SpanTreeMismatch extends Error {
  override readonly name = "SpanTreeMismatch"
  readonly mismatches: ReadonlyArray<string>

  constructor(mismatches: ReadonlyArray<string>, spans: ReadonlyArray<SpanData>) {
    super(
      `the spans are not as expected:\n${mismatches.map((line) => `  - ${line}`).join("\n")}\nrecorded:\n${
        render(spans)
      }`
    )
    this.mismatches = mismatches
  }
}

/**
 * Compares recorded spans with an expected forest and throws a
 * {@link SpanTreeMismatch} that says where they differ.
 *
 * **Details**
 *
 * Siblings are compared in the order of their starts; siblings that start at the
 * same instant may stand in any order. A span whose parent was not recorded is a
 * root.
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
export const spanTree = (spans: ReadonlyArray<SpanData>, expected: ReadonlyArray<ExpectedSpan>): void => {
  const mismatches = compareForest("the roots", roots(spans), expected, spans)
  if (mismatches.length > 0) throw new SpanTreeMismatch(mismatches, spans)
}

/**
 * The spans as an indented list of names, for messages and small tools.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (spans: ReadonlyArray<SpanData>): string => {
  const lines = (level: ReadonlyArray<SpanData>, depth: number): ReadonlyArray<string> =>
    level.flatMap((span) => [
      `${"  ".repeat(depth + 1)}${span.name}${span.statusCode === "error" ? " (error)" : ""}`,
      ...lines(childrenOf(spans, span), depth + 1)
    ])
  return lines(roots(spans), 0).join("\n")
}

const byStart = (left: SpanData, right: SpanData) =>
  left.startTimeNanos < right.startTimeNanos ? -1 : left.startTimeNanos > right.startTimeNanos ? 1 : 0

const roots = (spans: ReadonlyArray<SpanData>) => {
  const ids = new Set(spans.map((span) => span.spanId))
  return spans.filter((span) => span.parentSpanId === undefined || !ids.has(span.parentSpanId)).sort(byStart)
}

const childrenOf = (spans: ReadonlyArray<SpanData>, parent: SpanData) =>
  spans.filter((span) => span.parentSpanId === parent.spanId && span.traceId === parent.traceId).sort(byStart)

const compareForest = (
  place: string,
  actual: ReadonlyArray<SpanData>,
  expected: ReadonlyArray<ExpectedSpan>,
  spans: ReadonlyArray<SpanData>
): ReadonlyArray<string> => {
  const inOrder = arrange(actual, expected, spans)
  const names = (list: ReadonlyArray<{ readonly name: string }>) =>
    list.map((span) => span.name).join(", ") || "nothing"
  if (inOrder.length !== expected.length) {
    return [`${place}: expected ${names(expected)}, got ${names(inOrder)}`]
  }
  return expected.flatMap((wanted, index) => compareSpan(place, inOrder[index] as SpanData, wanted, spans))
}

/** Puts siblings that started at one instant into the order in which they are expected. */
const arrange = (
  actual: ReadonlyArray<SpanData>,
  expected: ReadonlyArray<ExpectedSpan>,
  spans: ReadonlyArray<SpanData>
): ReadonlyArray<SpanData> => {
  const left = [...actual]
  const arranged = expected.flatMap((wanted) => {
    const start = left[0]?.startTimeNanos
    const together = left.filter((span) => span.startTimeNanos === start)
    const chosen = together.find((span) => compareSpan("", span, wanted, spans).length === 0) ??
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
  spans: ReadonlyArray<SpanData>
): ReadonlyArray<string> => {
  const here = `${place} > ${expected.name}`
  const mismatches: Array<string> = []
  const compare = (what: string, wanted: unknown, got: unknown) => {
    if (wanted !== undefined && !Equal.equals(wanted, got)) {
      mismatches.push(`${here}: expected ${what} ${show(wanted)}, got ${show(got)}`)
    }
  }
  if (actual.name !== expected.name) return [`${here}: got ${actual.name} in its place`]
  compare("kind", expected.kind, actual.kind)
  compare("status", expected.status, actual.statusCode)
  compare("events", expected.events, actual.events.map((event) => event.name))
  for (const [key, value] of Object.entries(expected.attributes ?? {})) {
    compare(`attribute ${key}`, value, actual.attributes.get(key))
  }
  return expected.children === undefined
    ? mismatches
    : [...mismatches, ...compareForest(here, childrenOf(spans, actual), expected.children, spans)]
}

const show = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : Array.isArray(value)
    ? `[${value.map(show).join(", ")}]`
    : String(value)

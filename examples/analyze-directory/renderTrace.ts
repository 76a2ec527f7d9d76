/**
 * Shows the trace as a tree: one line per span, with its duration and a bar for
 * its time.
 */
import { Conventions } from "tasker-telemetry"
import type { SpanData } from "./Recorder.ts"
import {
  cutEnd,
  duration,
  heading,
  padEnd,
  padStart,
  painter,
  printable,
  quantity,
  type Style,
  type Terminal,
  timeBar
} from "./terminalText.ts"

const { Attribute, SpanName } = Conventions

interface Node {
  readonly span: SpanData
  readonly children: Array<Node>
}

/** A span without a recorded parent is a root. Siblings are sorted by their start. */
const treeOf = (spans: ReadonlyArray<SpanData>): ReadonlyArray<Node> => {
  const nodes = new Map(spans.map((span) => [span.spanId, { span, children: [] as Array<Node> }]))
  const roots: Array<Node> = []
  for (const node of nodes.values()) {
    const parent = node.span.parentSpanId === undefined ? undefined : nodes.get(node.span.parentSpanId)
    if (parent === undefined) roots.push(node)
    else parent.children.push(node)
  }
  const sort = (siblings: Array<Node>): Array<Node> => {
    for (const { children } of siblings) sort(children)
    return siblings.sort((a, b) => Number(a.span.startTimeNanos - b.span.startTimeNanos))
  }
  return sort(roots)
}

interface Line {
  readonly indent: string
  readonly label: string
  readonly style: Style
  readonly start: bigint
  readonly end: bigint
  readonly failed: boolean
}

const text = (span: SpanData, key: string): string => {
  const value = span.attributes.get(key)
  return typeof value === "string" || typeof value === "number" ? String(value) : ""
}

const isSql = (span: SpanData) => span.attributes.has("db.query.text")

/** Gives a span a label: the step for a step, the statement for SQL, else the name of the span. */
const labelOf = (span: SpanData): string => {
  switch (span.name) {
    case SpanName.batch:
      return `${span.name} ${text(span, Attribute.batchNumber)}`
    case SpanName.dependencyResolution:
      return `${span.name} ${text(span, Attribute.discoveryNumber)}`
    case SpanName.step: {
      const attempt = Number(span.attributes.get(Attribute.attempt) ?? 1)
      return `${text(span, Attribute.stepName)}${attempt > 1 ? ` (attempt ${attempt})` : ""}`
    }
    default:
      return isSql(span) ? sqlOf(span) : span.name
  }
}

const sqlOf = (span: SpanData): string =>
  printable(text(span, "db.query.text").replaceAll(/\s+/g, " ").replace("IF NOT EXISTS ", "").trim())

/** Gives the first two words of a statement. */
const operationOf = (span: SpanData): string | undefined =>
  isSql(span) ? sqlOf(span).split(" ", 2).join(" ") : undefined

const styleOf = (span: SpanData): Style => {
  if (span.statusCode === "error") return "red"
  if (span.name === SpanName.step) return "cyan"
  if (isSql(span)) return "magenta"
  return "dim"
}

/** From this many statements of one kind in a row, one line shows them all. */
const fewestAlike = 3

/** Groups statements of one kind that follow each other. Every other span is a group of its own. */
const groupsOf = (children: ReadonlyArray<Node>): ReadonlyArray<ReadonlyArray<Node>> => {
  const runs: Array<Array<Node>> = []
  for (const child of children) {
    const last = runs.at(-1)
    const operation = operationOf(child.span)
    if (last !== undefined && operation !== undefined && operationOf(last[0]!.span) === operation) last.push(child)
    else runs.push([child])
  }
  return runs.flatMap((run) => run.length < fewestAlike ? run.map((node) => [node]) : [run])
}

const lineOf = (group: ReadonlyArray<Node>, indent: string): Line => {
  const { span } = group[0]!
  return {
    indent,
    label: group.length === 1 ? labelOf(span) : `${operationOf(span)} × ${group.length}`,
    style: group.some((node) => node.span.statusCode === "error") ? "red" : styleOf(span),
    start: span.startTimeNanos,
    end: group.reduce((end, node) => node.span.endTimeNanos > end ? node.span.endTimeNanos : end, 0n),
    failed: group.some((node) => node.span.statusCode === "error")
  }
}

const linesOf = (roots: ReadonlyArray<Node>): ReadonlyArray<Line> => {
  const lines: Array<Line> = []
  const visit = (group: ReadonlyArray<Node>, indent: string, childIndent: string): void => {
    lines.push(lineOf(group, indent))
    const groups = groupsOf(group.flatMap((node) => node.children))
    groups.forEach((children, index) => {
      const isLast = index === groups.length - 1
      visit(children, `${childIndent}${isLast ? "└─ " : "├─ "}`, `${childIndent}${isLast ? "   " : "│  "}`)
    })
  }
  for (const root of roots) visit([root], "", "")
  return lines
}

const milliseconds = (nanos: bigint) => Number(nanos) / 1e6

const durationWidth = 8

export const renderTrace = (spans: ReadonlyArray<SpanData>, terminal: Terminal): ReadonlyArray<string> => {
  if (spans.length === 0) return []
  const paint = painter(terminal)
  const lines = linesOf(treeOf(spans))
  const first = lines.reduce((start, line) => line.start < start ? line.start : start, lines[0]?.start ?? 0n)
  const last = lines.reduce((end, line) => line.end > end ? line.end : end, first)
  const total = Math.max(milliseconds(last - first), 0.001)
  const labelWidth = Math.floor(terminal.width * 0.54)
  const barWidth = terminal.width - labelWidth - durationWidth - 3
  return [
    heading("Trace", `${spans[0]?.traceId ?? ""}, ${quantity(spans.length, "span")}`, terminal),
    ...lines.map(({ end, failed, indent, label, start, style }) => {
      const name = cutEnd(label, labelWidth - indent.length)
      const from = milliseconds(start - first) / total
      return [
        padEnd(`${paint("dim", indent)}${style === "dim" ? name : paint(style, name)}`, labelWidth),
        padStart(duration(milliseconds(end - start)), durationWidth + 1),
        ` ${failed ? paint("red", "✗") : " "}`,
        paint(style, timeBar(from, milliseconds(end - first) / total, barWidth)).trimEnd()
      ].join("").trimEnd()
    })
  ]
}

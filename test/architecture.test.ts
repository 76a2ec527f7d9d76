/**
 * The source tree keeps the shape that the architecture gives it.
 */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as SourceRules from "./support/sourceRules.ts"
import * as SourceText from "./support/sourceText.ts"

/** Where a rule does not hold, and why. Keep it short. */
const exceptions: ReadonlyArray<SourceRules.Exception> = [
  { rule: "no-try", path: "src/internal/", reason: "contains what callers' getters, toJSON and callbacks throw" },
  {
    rule: "no-try",
    path: "src/node/internal/LineBuffer.ts",
    reason: "tells why a write failed, without a closure a line"
  },
  { rule: "no-timer", path: "src/node/internal/NodeProcess.ts", reason: "makes timers that let the process end" },
  { rule: "no-try", path: "src/redaction/internal/encodeJson.ts", reason: "closes an object whose members throw" },
  { rule: "no-async", path: "src/internal/", reason: "wraps promise APIs of the platform" }
]

const root = fileURLToPath(new URL("..", import.meta.url))

const files = globSync("{src,examples}/**/*.ts", { cwd: root }).toSorted().map((path): SourceRules.SourceFile => ({
  path: path.replaceAll("\\", "/"),
  source: readFileSync(join(root, path), "utf8")
}))

const rules = [
  "rank",
  "no-cycle",
  "extension",
  "no-barrel",
  "packages",
  "size",
  "no-async",
  "no-try",
  "no-clock",
  "no-random",
  "no-timer",
  "no-env",
  "no-console"
]

describe("source tree", () => {
  const violations = SourceRules.check(files, exceptions)

  it.each(rules)("keeps the rule %s", (rule) => {
    const broken = violations.filter((violation) => violation.rule === rule).map(SourceRules.show)
    if (broken.length > 0) assert.fail(broken.join("\n"))
  })

  it("keeps no exception that nothing needs", () => {
    assert.deepStrictEqual(SourceRules.unused(files, exceptions), [])
  })

  it("has no rule that is not listed here", () => {
    assert.deepStrictEqual(violations.filter(({ rule }) => !rules.includes(rule)), [])
  })
})

describe("public surface", () => {
  const isPublic = (path: string): boolean =>
    !/\/(?:internal|cli|delivery|encoding)\//.test(path) && path !== "src/index.ts"

  it("has one namespace in the index for each public module, but those for tests, for Node and for optional packages", () => {
    const index = readFileSync(join(root, "src/index.ts"), "utf8")
    const named = Array.from(
      index.matchAll(/^export \* as (\w+) from "\.\/(.+)"$/gm),
      ([, name, path]) => `${name} src/${path}`
    )
    const expected = files.map(({ path }) => path)
      .filter((path) => path.startsWith("src/") && isPublic(path) && !/^src\/(?:node|testing)\//.test(path))
      // A program without the optional package must not load it.
      .filter((path) => path !== SourceRules.openTelemetryModule && path !== SourceRules.graphqlModule)
      .map((path) => `${basename(path, ".ts")} ${path}`)
    assert.deepStrictEqual(named.toSorted(), expected.toSorted())
  })

  it("has the tag @internal in public modules alone, because a private module needs no tag and would lose declarations", () => {
    const tagged = files.filter(({ path, source }) => path.startsWith("src/") && /@internal\b/.test(source))
    assert.deepStrictEqual(tagged.map(({ path }) => path).filter((path) => !isPublic(path)), [])
  })

  it("is closed by the exports of the package exactly where a folder is private", () => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      exports: Record<string, unknown>
    }
    const closed = Object.keys(exports).filter((entry) => exports[entry] === null && !entry.endsWith("/index"))
    const folders = new Set(
      files.filter(({ path }) => path.startsWith("src/") && path !== "src/index.ts" && !isPublic(path))
        .map(({ path }) => path.replace(/^src\/(.*?\binternal|cli|delivery|encoding)\/.*$/, "./$1/*"))
    )
    assert.deepStrictEqual(closed.toSorted(), [...folders].toSorted())
  })
})

// --- The rules can be broken ---

const sample = (sources: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  SourceRules.check(Object.entries(sources).map(([path, source]) => ({ path, source })), exceptions)
    .map(({ line, path, rule }) => `${path}:${line} ${rule}`)

describe("rules", () => {
  describe("rank", () => {
    const allowed: ReadonlyArray<readonly [from: string, to: string]> = [
      ["src/events/A.ts", "../internal/b.ts"],
      ["src/events/A.ts", "./B.ts"],
      ["src/redaction/Redaction.ts", "./TelemetryConfig.ts"],
      ["src/redaction/Redaction.ts", "./internal/b.ts"],
      ["src/metrics/EventMetrics.ts", "../events/B.ts"],
      ["src/metrics/internal/combine/A.ts", "../aggregation/B.ts"],
      ["src/metrics/internal/combine/A.ts", "../../MetricSnapshot.ts"],
      ["src/metrics/internal/threads/A.ts", "../store/B.ts"],
      ["src/metrics/internal/A.ts", "./threads/B.ts"],
      ["src/metrics/MetricStore.ts", "./internal/A.ts"],
      ["src/metrics/A.ts", "../delivery/B.ts"],
      ["src/config/A.ts", "../redaction/B.ts"],
      ["src/node/A.ts", "../metrics/B.ts"],
      ["src/workflow/A.ts", "../events/B.ts"],
      ["src/http/A.ts", "../workflow/B.ts"],
      ["src/http/GraphqlRoute.ts", "./internal/graphql/A.ts"],
      ["src/http/internal/graphql/A.ts", "../B.ts"],
      ["src/Telemetry.ts", "./http/B.ts"],
      ["src/Telemetry.ts", "./node/B.ts"],
      ["src/testing/A.ts", "../workflow/B.ts"],
      ["src/cli/A.ts", "../http/B.ts"],
      ["src/cli/A.ts", "./B.ts"],
      ["src/index.ts", "./testing/B.ts"],
      ["src/index.ts", "./Telemetry.ts"],
      ["examples/sample/main.ts", "./A.ts"],
      ["examples/sample/main.ts", "./parts/A.ts"]
    ]
    const refused: ReadonlyArray<readonly [from: string, to: string]> = [
      ["src/internal/a.ts", "../events/B.ts"],
      ["src/redaction/Redaction.ts", "../events/B.ts"],
      ["src/encoding/A.ts", "../redaction/B.ts"],
      ["src/events/A.ts", "../delivery/B.ts"],
      ["src/delivery/A.ts", "../events/B.ts"],
      ["src/events/A.ts", "../metrics/B.ts"],
      ["src/logging/A.ts", "../metrics/B.ts"],
      ["src/metrics/A.ts", "../tracing/B.ts"],
      ["src/metrics/internal/model/A.ts", "../aggregation/B.ts"],
      ["src/metrics/internal/model/A.ts", "../../MetricMerge.ts"],
      ["src/metrics/internal/aggregation/A.ts", "../store/B.ts"],
      ["src/metrics/internal/store/A.ts", "../threads/B.ts"],
      ["src/metrics/internal/store/A.ts", "../B.ts"],
      ["src/metrics/internal/combine/A.ts", "../store/B.ts"],
      ["src/metrics/internal/exposition/A.ts", "../store/B.ts"],
      ["src/metrics/internal/somewhere/A.ts", "../model/B.ts"],
      ["src/metrics/Anything.ts", "./internal/model/B.ts"],
      ["src/tracing/A.ts", "../logging/B.ts"],
      ["src/workflow/A.ts", "../metrics/B.ts"],
      ["src/workflow/internal/A.ts", "../../tracing/B.ts"],
      ["src/workflow/A.ts", "../node/B.ts"],
      ["src/logging/A.ts", "../node/B.ts"],
      ["src/node/A.ts", "../http/B.ts"],
      ["src/http/A.ts", "../Telemetry.ts"],
      ["src/Telemetry.ts", "./testing/B.ts"],
      ["src/index.ts", "./cli/B.ts"],
      ["src/Telemetry.ts", "./index.ts"],
      ["examples/sample/A.ts", "../../src/index.ts"],
      ["examples/sample/A.ts", "../other/B.ts"],
      ["examples/sample/A.ts", "../../test/B.ts"],
      ["src/Telemetry.ts", "../examples/sample/A.ts"],
      ["src/http/TelemetryRoutes.ts", "./GraphqlRoute.ts"],
      ["src/http/internal/A.ts", "./graphql/B.ts"],
      ["src/events/A.ts", "../../test/B.ts"],
      ["src/helpers/A.ts", "./B.ts"]
    ]

    it.each(allowed)("lets %s import %s", (from, to) => {
      assert.deepStrictEqual(sample({ [from]: `import * as B from "${to}"\n` }), [])
    })

    it.each(refused)("keeps %s from importing %s", (from, to) => {
      assert.deepStrictEqual(sample({ [from]: `import type { B } from "${to}"\n` }), [`${from}:1 rank`])
    })
  })

  it("finds every way to name a module", () => {
    const source = [
      "import * as A from \"../http/A.ts\"",
      "import {",
      "  type B,",
      "  b",
      "} from '../http/B.ts'",
      "export * from \"../http/C.ts\"",
      "export { type D } from \"../http/D.ts\"",
      "import \"../http/E.ts\"",
      "const f = () => import(\"../http/F.ts\")",
      "type G = import(\"../http/G.ts\").G",
      "const h = new URL(\"../http/H.ts\", import.meta.url)",
      "// import * as I from \"../http/I.ts\"",
      "const j = 'import * as J from \"../http/J.ts\"'"
    ].join("\n")
    assert.deepStrictEqual(
      sample({ "src/events/A.ts": source }),
      [1, 5, 6, 7, 8, 9, 10, 11].map((line) => `src/events/A.ts:${line} rank`)
    )
  })

  it("refuses a cycle and names it once", () => {
    const found = SourceRules.check([
      { path: "src/events/A.ts", source: "import * as B from \"./B.ts\"\n" },
      { path: "src/events/B.ts", source: "\nimport type * as C from \"./C.ts\"\n" },
      { path: "src/events/C.ts", source: "export * from \"./A.ts\"\n" },
      { path: "src/events/D.ts", source: "import * as B from \"./B.ts\"\n" },
      { path: "src/Correlation.ts", source: "import * as Redaction from \"./redaction/Redaction.ts\"\n" },
      { path: "src/redaction/Redaction.ts", source: "import * as Correlation from \"../Correlation.ts\"\n" }
    ], [])
    assert.deepStrictEqual(found.map(SourceRules.show), [
      "src/Correlation.ts:1  [no-cycle] src/Correlation.ts → src/redaction/Redaction.ts → src/Correlation.ts",
      "src/events/A.ts:1  [no-cycle] src/events/A.ts → src/events/B.ts → src/events/C.ts → src/events/A.ts"
    ])
  })

  it("refuses a relative import without .ts", () => {
    const source = "import * as B from \"./B.js\"\nimport * as C from \"./C\"\nimport * as D from \"./D.ts\"\n"
    assert.deepStrictEqual(sample({ "src/events/A.ts": source }), [
      "src/events/A.ts:1 extension",
      "src/events/A.ts:2 extension"
    ])
  })

  it("refuses the barrel of effect outside of examples", () => {
    const source = "import { Effect } from \"effect\"\nimport * as Layer from \"effect/Layer\"\n"
    assert.deepStrictEqual(
      sample({ "src/events/A.ts": source, "examples/sample/main.ts": source }),
      ["src/events/A.ts:1 no-barrel"]
    )
  })

  it("refuses packages where they do not belong", () => {
    const source = [
      "import * as NodeHttpClient from \"@effect/platform-node/NodeHttpClient\"",
      "import { PgClient } from \"@effect/sql-pg\"",
      "import lodash from \"lodash/get\"",
      "import { writeSync } from \"node:fs\""
    ].join("\n")
    assert.deepStrictEqual(
      sample({
        "src/Telemetry.ts": source,
        "examples/sample/A.ts": source,
        "src/cli/A.ts": source,
        "src/logging/A.ts": source,
        "src/node/NodeLogDestination.ts": source
      }),
      [
        "examples/sample/A.ts:3 packages",
        "src/Telemetry.ts:1 packages",
        "src/Telemetry.ts:2 packages",
        "src/Telemetry.ts:3 packages",
        "src/Telemetry.ts:4 packages",
        "src/cli/A.ts:2 packages",
        "src/cli/A.ts:3 packages",
        "src/logging/A.ts:1 packages",
        "src/logging/A.ts:2 packages",
        "src/logging/A.ts:3 packages",
        "src/logging/A.ts:4 packages",
        "src/node/NodeLogDestination.ts:2 packages",
        "src/node/NodeLogDestination.ts:3 packages"
      ]
    )
  })

  it("refuses a file of more than 400 lines", () => {
    assert.deepStrictEqual(sample({ "src/events/A.ts": "const a = 1\n".repeat(400) }), [])
    assert.deepStrictEqual(sample({ "src/events/A.ts": "const a = 1\n".repeat(401) }), ["src/events/A.ts:401 size"])
  })

  it.each([
    ["no-async", "const f = async () => 1"],
    ["no-async", "const f = async <A>(a: A) => a"],
    ["no-async", "async function f() {}"],
    ["no-async", "const o = { async f() {} }"],
    ["no-async", "const f = async x => x"],
    ["no-try", "try { f() } finally { g() }"],
    ["no-clock", "const now = Date.now()"],
    ["no-clock", "const now = Date.now"],
    ["no-clock", "const now = new Date()"],
    ["no-random", "const n = Math.random()"],
    ["no-timer", "setTimeout(f, 10)"],
    ["no-timer", "globalThis.setInterval(f, 10)"],
    ["no-env", "const home = process.env[\"HOME\"]"],
    ["no-env", "const text = `${process.env.HOME}`"],
    ["no-console", "console.log(1)"],
    ["no-console", "const r = /\"/; console.error(r)"]
  ])("refuses %s: %s", (rule, source) => {
    assert.deepStrictEqual(sample({ "src/events/A.ts": source }), [`src/events/A.ts:1 ${rule}`])
  })

  it("refuses both halves of try and catch", () => {
    assert.deepStrictEqual(sample({ "src/events/A.ts": "try {\n  f()\n} catch (e) {\n}\n" }), [
      "src/events/A.ts:1 no-try",
      "src/events/A.ts:3 no-try"
    ])
  })

  it.each([
    "const a = Effect.try({ try: () => f(), catch: (cause) => new E({ cause }) })",
    "const a = Effect.catch(b, f)",
    "const a = { async: true }",
    "const a = effect.pipe(Effect.catch((e) => f(e)))",
    "const a = new Date(millis)",
    "const a = \"Date.now() and process.env\"",
    "const a = `console.log(${b})`",
    "const a = /Math.random/.test(b)",
    "// try { Date.now() }",
    "/** console.log(1) */",
    "const a = Console.console.log",
    "const a = b / c; /* new Date() */ const d = e / f"
  ])("lets pass: %s", (source) => {
    assert.deepStrictEqual(sample({ "src/events/A.ts": source }), [])
  })

  it("lets programs use the platform, and nothing use async", () => {
    const source = "console.log(Date.now(), process.env)\nconst f = async () => 1\n"
    assert.deepStrictEqual(sample({ "examples/sample/main.ts": source }), ["examples/sample/main.ts:2 no-async"])
  })

  it("makes exceptions of the listed files only", () => {
    const source = "try {} finally {}\n"
    assert.deepStrictEqual(sample({ "src/internal/a.ts": source, "src/events/A.ts": source }), [
      "src/events/A.ts:1 no-try"
    ])
    const exception = { rule: "no-try", path: "src/events/A.ts", reason: "sample" }
    assert.deepStrictEqual(SourceRules.check([{ path: "src/events/A.ts", source }], [exception]), [])
    assert.deepStrictEqual(SourceRules.unused([{ path: "src/events/A.ts", source }], [exception]), [])
    assert.deepStrictEqual(SourceRules.unused([{ path: "src/events/A.ts", source: "" }], [exception]), [exception])
  })
})

describe("source text", () => {
  it("blanks comments and the contents of strings, and keeps every offset", () => {
    const source = "const a = `x${b + `y${\"z\"}` /* c */}w` // d\nconst e = '//' + /[/\"]+/g.source\n"
    const { code, withoutComments } = SourceText.read(source)
    assert.strictEqual(
      code,
      "const a = ` ${b + ` ${\" \"}`        } `     \nconst e = '  ' + /      g.source\n"
    )
    assert.strictEqual(withoutComments, source.replace("/* c */", "       ").replace("// d", "    "))
  })
})

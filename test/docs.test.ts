/**
 * Every TypeScript fence of the documentation compiles: README, CONTRIBUTING, docs and the examples in JSDoc comments.
 */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { TelemetryConfig } from "tasker-telemetry"
import { originals } from "../docs/generate/originals.ts"
import { otelVariables } from "../src/internal/otelVariables.ts"
import * as CodeFences from "./support/codeFences.ts"
import { root, typeCheck } from "./support/typeCheck.ts"

interface Page {
  readonly path: string
  readonly fences: ReadonlyArray<CodeFences.Fence>
}

const read = (path: string): Page => {
  const text = readFileSync(join(root, path), "utf8")
  return { path, fences: path.endsWith(".ts") ? CodeFences.fromJsDoc(text) : CodeFences.fromMarkdown(text) }
}

const samples: ReadonlyArray<Page> = [
  {
    path: "sample.md",
    fences: CodeFences.fromMarkdown("# Sample\n\n```ts\nconst one = 1\nconst two: string = one\n```\n")
  },
  {
    path: "sample.ts",
    fences: CodeFences.fromJsDoc(
      "const a = 1\n\n/**\n * Adds.\n *\n * ```ts\n * import { nothing } from \"tasker-telemetry/none\"\n * ```\n */\n"
    )
  }
]

const pages = [
  ...["README.md", "CONTRIBUTING.md"].filter((path) => existsSync(join(root, path))),
  ...globSync("docs/**/*.md", { cwd: root }).toSorted(),
  ...globSync("src/**/*.ts", { cwd: root }).toSorted()
].map(read).filter(({ fences }) => fences.length > 0)

/** One compiler run for all pages: the failures of each page, as `path:line message`. */
const check = (all: ReadonlyArray<Page>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const modules = all.flatMap((page) => page.fences.map((fence) => ({ page, fence })))
  const name = (index: number): string => `fence-${index}.ts`
  const { diagnostics, folder } = typeCheck({
    sources: Object.fromEntries(modules.map(({ fence }, index) => [name(index), CodeFences.toModule(fence)])),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false }
  })
  const failures = new Map(all.map(({ path }) => [path, Array<string>()]))
  modules.forEach(({ fence, page }, index) => {
    const found = failures.get(page.path)!
    if (fence.info !== "" || fence.language !== "ts") {
      found.push(`${page.path}:${fence.line - 1} a TypeScript fence opens with \`\`\`ts and nothing behind it`)
    }
    for (const { file, line, message } of diagnostics) {
      if (file === join(folder, name(index))) found.push(`${page.path}:${line} ${message}`)
    }
  })
  const ofProject = diagnostics.filter(({ file }) => file === undefined)
  if (ofProject.length > 0) throw new Error(ofProject.map(({ message }) => message).join("\n"))
  return failures
}

describe("documentation", () => {
  const failures = check([...samples, ...pages])

  it("refuses a fence that does not compile and names its line", () => {
    assert.deepStrictEqual(failures.get("sample.md"), [
      "sample.md:5 TS2322: Type 'number' is not assignable to type 'string'."
    ])
    assert.match(failures.get("sample.ts")?.join("\n") ?? "", /^sample\.ts:7 TS2307: Cannot find module/)
  })

  it("finds the fences of a page and nothing else", () => {
    const page =
      "```ts\na\n```\n```sh\nb\n```\n````md\n```ts\nc\n```\n````\n- item\n\n  ```ts no-check\n  d\n    e\n  ```\n"
    assert.deepStrictEqual(CodeFences.fromMarkdown(page), [
      { line: 2, info: "", language: "ts", code: "a" },
      { line: 15, info: "no-check", language: "ts", code: "d\n  e" }
    ])
  })

  it.each(pages.map(({ path }) => path))("%s", (path) => {
    assert.deepStrictEqual(failures.get(path), [])
  })
})

describe("docs/reference/config.md", () => {
  const page = readFileSync(join(root, "docs/reference/config.md"), "utf8")

  it("names each attribute of the original in one table only", () => {
    const carried = TelemetryConfig.options.flatMap(({ meta }) => meta.tasker?.split(", ") ?? [])
    const all = [...carried, ...originals.map(({ attribute }) => attribute)]
    assert.deepStrictEqual(all.filter((attribute, index) => all.indexOf(attribute) !== index), [])
  })

  it("names every variable that is read", () => {
    assert.deepStrictEqual(otelVariables.filter((variable) => !page.includes(`\`${variable}`)), [])
    const named = [...page.matchAll(/\bOTEL_[A-Z0-9_]+/g)].map(([variable]) => variable)
    assert.deepStrictEqual(
      [...new Set(named)].filter((variable) => variable !== "OTEL_" && !otelVariables.includes(variable)),
      []
    )
  })
})

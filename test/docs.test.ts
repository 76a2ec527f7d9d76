/**
 * Every TypeScript fence of the documentation compiles: README, CONTRIBUTING, docs and the examples in JSDoc comments.
 */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { join, posix } from "node:path"
import { TelemetryConfig } from "tasker-telemetry"
import { originals } from "../docs/generate/originals.ts"
import { otelVariables } from "../src/config/internal/otelVariables.ts"
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
    path: "named.md",
    fences: CodeFences.fromMarkdown(
      "```ts\nimport { a } from \"./a.ts\"\nconst b: 1 = a\n```\n\n```ts\n// a.ts\nexport const a = 1\n```\n```ts\n// a.ts\nexport const a = 1\n```\n"
    )
  },
  {
    path: "sample.ts",
    fences: CodeFences.fromJsDoc(
      "const a = 1\n\n/**\n * Adds.\n *\n * ```ts\n * import { nothing } from \"tasker-telemetry/none\"\n * ```\n */\n"
    )
  }
]

const markdown = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md", { cwd: root }).toSorted()]

/** The relative links of a page, outside of its fences, as paths from the root. */
const linksOf = (path: string) => {
  const text = readFileSync(join(root, path), "utf8").replaceAll(
    /^(`{3,}).*\n[^]*?^\1$/gm,
    (fence) => "\n".repeat(fence.split("\n").length - 1)
  )
  return Array.from(
    text.matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g),
    ({ 1: file = "", 2: heading, index }) => ({
      line: text.slice(0, index).split("\n").length,
      target: file === "" ? path : posix.join(posix.dirname(path), file),
      heading
    })
  )
}

/** How GitHub names a heading in a link. */
const anchorsOf = (path: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync(join(root, path), "utf8").matchAll(/^#+ (.*)$/gm),
    ([, title = ""]) => title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  )

const brokenLinks = (path: string): ReadonlyArray<string> =>
  linksOf(path).flatMap(({ heading, line, target }) => {
    if (!existsSync(join(root, target))) return [`${path}:${line} ${target} does not exist`]
    return heading === undefined || anchorsOf(target).includes(heading)
      ? []
      : [`${path}:${line} ${target} has no heading #${heading}`]
  })

const pages = [
  ...markdown,
  ...globSync("src/**/*.ts", { cwd: root }).toSorted()
].map(read).filter(({ fences }) => fences.length > 0)

/** One compiler run for all pages: the failures of each page, as `path:line message`. */
const check = (all: ReadonlyArray<Page>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const modules = all.flatMap((page, index) =>
    page.fences.map((fence, position) => ({
      page,
      fence,
      file: `page-${index}/${CodeFences.fileName(fence) ?? `fence-${position}.ts`}`
    }))
  )
  const { diagnostics, folder } = typeCheck({
    sources: Object.fromEntries(modules.map(({ fence, file }) => [file, CodeFences.toModule(fence)])),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false }
  })
  const failures = new Map(all.map(({ path }) => [path, Array<string>()]))
  const files = new Set<string>()
  modules.forEach(({ fence, file: name, page }) => {
    const found = failures.get(page.path)!
    if (files.has(name)) found.push(`${page.path}:${fence.line} two fences of the page are ${name.split("/")[1]}`)
    files.add(name)
    if (fence.info !== "" || fence.language !== "ts") {
      found.push(`${page.path}:${fence.line - 1} a TypeScript fence opens with \`\`\`ts and nothing behind it`)
    }
    for (const { file, line, message } of diagnostics) {
      if (file === join(folder, name)) found.push(`${page.path}:${line} ${message}`)
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

  it("lets a fence import another fence of its page that has a name, and refuses a name that stands twice", () => {
    assert.deepStrictEqual(failures.get("named.md"), [
      "named.md:11 two fences of the page are a.ts"
    ])
  })

  it("finds the fences of a page and nothing else", () => {
    const page =
      "```ts\na\n```\n```sh\nb\n```\n````md\n```ts\nc\n```\n````\n- item\n\n  ```ts no-check\n  d\n    e\n  ```\n"
    assert.deepStrictEqual(CodeFences.fromMarkdown(page), [
      { line: 2, info: "", language: "ts", code: "a" },
      { line: 15, info: "no-check", language: "ts", code: "d\n  e" }
    ])
  })

  it.each(markdown)("%s links to files and headings that there are", (path) => {
    assert.deepStrictEqual(brokenLinks(path), [])
  })

  it("names files in CONTRIBUTING.md that there are", () => {
    const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8")
    const named = Array.from(text.matchAll(/`((?:src|test|docs|bench|examples)\/[\w./-]*)`/g), ([, path = ""]) => path)
    assert.isAbove(named.length, 20)
    assert.deepStrictEqual(named.filter((path) => !existsSync(join(root, path))), [])
  })

  it("has no link from the packed pages to a file that is not packed", () => {
    const packed =
      (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: ReadonlyArray<string> }).files
    const outside = markdown.filter((path) => path !== "CONTRIBUTING.md").flatMap((path) =>
      linksOf(path).filter(({ target }) => target !== "" && !packed.includes(target.split("/")[0]!))
        .map(({ line, target }) => `${path}:${line} ${target}`)
    )
    assert.deepStrictEqual(outside, [])
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

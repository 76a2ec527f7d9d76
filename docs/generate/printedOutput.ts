/**
 * What the programs of a page print. A shell fence that runs a file of the page,
 * with a text fence after it, is run, and its output compared with the text.
 *
 * **Details**
 *
 * A file of a page is a TypeScript fence whose first line names it, as in
 * `// order.ts`. Times, ids and durations differ in each run, so they are not
 * compared. A line `…` in the text stands for lines that are left out.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as CodeFences from "../../test/support/codeFences.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** A command of a page, and the output that stands behind it. */
export interface Printed {
  readonly command: string
  readonly expected: string
  /** The first line of the output, counted from 1. */
  readonly line: number
}

const runnable = /^(?:[A-Z_]+=\S+ )*(?:node \S+\.ts|npx vitest run)(?: \| grep .+)?$/

export const find = (page: string): ReadonlyArray<Printed> => {
  const fences = CodeFences.ofPage(page)
  return fences.flatMap((fence, index) => {
    const next = fences[index + 1]
    return fence.language === "sh" && runnable.test(fence.code) && next?.language === "text"
      ? [{ command: fence.code, expected: next.code, line: next.line }]
      : []
  })
}

// --- Running ---

const packages = ["effect", "vitest", "@effect/vitest", "@effect/platform-node", ".bin"]

/** A folder as a user has it: the files of the page, and the packages they import. */
const makeFolder = (page: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "docs-"))
  mkdirSync(join(folder, "node_modules/@effect"), { recursive: true })
  for (const name of packages) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name))
  symlinkSync(root, join(folder, "node_modules/tasker-telemetry"))
  writeFileSync(join(folder, "package.json"), "{ \"type\": \"module\" }\n")
  const conditions = "[\"tasker-telemetry-source\", \"module\", \"node\", \"development|production\"]"
  writeFileSync(
    join(folder, "vitest.config.ts"),
    `export default { resolve: { conditions: ${conditions} }, ssr: { resolve: { conditions: ${conditions} } } }\n`
  )
  for (const fence of CodeFences.fromMarkdown(page)) {
    const name = CodeFences.fileName(fence)
    if (name !== undefined) writeFileSync(join(folder, name), `${fence.code}\n`)
  }
  return folder
}

/** The environment without variables that configure telemetry or the test runner. */
const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:OTEL_|TASKER_|VITEST|npm_)/.test(name))),
  PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
  NODE_OPTIONS: "--conditions=tasker-telemetry-source",
  // Most of the time of a short program is the compilation of the modules that it imports.
  NODE_COMPILE_CACHE: join(root, "node_modules/.cache/docs-programs"),
  NODE_ENV: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: "1"
})

/** Milliseconds after which a program counts as one that does not end. */
const timeout = 120_000

/** Runs a command in a folder with the files of the page, and gives its standard output. */
export const run = (page: string, command: string): Promise<string> => {
  const folder = makeFolder(page)
  return new Promise<string>((resolve, reject) => {
    execFile(
      "sh",
      ["-c", command.replace(/^npx /, "")],
      { cwd: folder, env: environment(), timeout },
      (error, stdout, stderr) =>
        error === null
          ? resolve(stdout.replaceAll(folder, "/home/ada/shop").replace(/^\n+/, "").trimEnd())
          : reject(new Error(`${command} failed: ${error.message}\n${stdout}${stderr}`))
    )
  }).finally(() => rmSync(folder, { recursive: true, force: true }))
}

// --- Comparing ---

const variable: ReadonlyArray<readonly [pattern: RegExp, name: string]> = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "<time>"],
  [/\b\d\d:\d\d:\d\d(?:\.\d+)?\b/g, "<time>"],
  [/\btsk_[a-z0-9]+_[A-Za-z0-9]{6}\b/g, "<correlation id>"],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<task id>"],
  [/\b[0-9a-f]{32}\b/g, "<trace id>"],
  [/\b[0-9a-f]{16}\b/g, "<span id>"],
  [/(\w(?:_seconds|Seconds|_ms)"?[:=] ?)[\d.e-]+/g, "$1<number>"],
  [/^(\w+_seconds_(?:sum|bucket)(?:\{.*\})?) .*$/gm, "$1 <number>"],
  [/\b\d+(?:\.\d+)? ?(?:ns|µs|ms|s)\b/g, "<duration>"],
  // The test runner names slow tests.
  [/^ {3}✓ .*$/gm, ""],
  [/^ *RUN +v\S+ .*$/gm, "RUN"],
  [/^( *Duration ).*$/gm, "$1<duration>"],
  [/[ \t]+$/gm, ""]
]

const comparable = (text: string): ReadonlyArray<string> =>
  variable.reduce((changed, [pattern, name]) => changed.replaceAll(pattern, name), text).split("\n")
    .filter((line) => line !== "")

const indexOf = (lines: ReadonlyArray<string>, part: ReadonlyArray<string>, from: number): number => {
  for (let start = from; start + part.length <= lines.length; start++) {
    if (part.every((line, offset) => lines[start + offset] === line)) return start
  }
  return -1
}

/** Whether an output is the expected one, apart from times, ids, durations, empty lines, and what `…` leaves out. */
export const matches = (expected: string, actual: string): boolean => {
  const lines = comparable(actual)
  const parts: Array<Array<string>> = [[]]
  for (const line of comparable(expected)) {
    if (line.trim() === "…") parts.push([])
    else parts.at(-1)!.push(line)
  }
  let position = 0
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1
    const start = isLast && index > 0 ? lines.length - part.length : index === 0 ? 0 : indexOf(lines, part, position)
    if (start < position || indexOf(lines.slice(0, start + part.length), part, start) !== start) return false
    position = start + part.length
  }
  return position === lines.length
}

/** Puts an output into the page in place of the one that is there. */
export const replace = (page: string, { expected, line }: Printed, actual: string): string => {
  const lines = page.split("\n")
  lines.splice(line - 1, expected.split("\n").length, ...actual.split("\n"))
  return lines.join("\n")
}

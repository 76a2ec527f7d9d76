/**
 * Type-checks a few files with the project's own compiler and options, from a temporary project.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))

export interface Diagnostic {
  /** The absolute path of the file, or `undefined` where the compiler complains about the project itself. */
  readonly file: string | undefined
  readonly line: number
  readonly message: string
}

export interface Project {
  /** Files to check where they are: absolute paths. */
  readonly files?: ReadonlyArray<string>
  /** Files to write into the temporary project: text by path. */
  readonly sources?: Readonly<Record<string, string>>
  readonly compilerOptions?: Readonly<Record<string, unknown>>
}

export interface Result {
  readonly diagnostics: ReadonlyArray<Diagnostic>
  /** Where the files of `sources` were. They are gone by now. */
  readonly folder: string
}

/** Reads what `tsc --pretty false` prints; indented lines continue the message before them. */
const parseDiagnostics = (output: string, base: string): ReadonlyArray<Diagnostic> => {
  const diagnostics: Array<Diagnostic> = []
  for (const text of output.split("\n")) {
    const inFile = /^(.+?)\((\d+),\d+\): error (.*)$/.exec(text)
    const global = /^error (TS.*)$/.exec(text)
    const previous = diagnostics.at(-1)
    if (inFile) {
      diagnostics.push({ file: resolve(base, inFile[1]!), line: Number(inFile[2]), message: inFile[3]! })
    } else if (global) {
      diagnostics.push({ file: undefined, line: 0, message: global[1]! })
    } else if (previous !== undefined && text.startsWith(" ")) {
      diagnostics[diagnostics.length - 1] = { ...previous, message: `${previous.message}\n${text}` }
    }
  }
  return diagnostics
}

export const typeCheck = (project: Project): Result => {
  const cache = join(root, "node_modules/.cache")
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, "type-check-"))
  try {
    const sources = Object.entries(project.sources ?? {})
    for (const [name, text] of sources) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const config = {
      extends: relative(folder, join(root, "tsconfig.json")),
      compilerOptions: project.compilerOptions ?? {},
      include: [],
      files: [...(project.files ?? []), ...sources.map(([name]) => join(folder, name))]
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const compiler = join(root, "node_modules/typescript/bin/tsc")
    const { error, status, stderr, stdout } = spawnSync(
      process.execPath,
      [compiler, "-p", join(folder, "tsconfig.json"), "--pretty", "false"],
      { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }
    )
    const diagnostics = parseDiagnostics(stdout, root)
    if (error !== undefined || (status !== 0 && diagnostics.length === 0)) {
      throw new Error(`the compiler did not run: ${error?.message ?? `${stdout}${stderr}`}`)
    }
    return { diagnostics, folder }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

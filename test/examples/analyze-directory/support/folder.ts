/**
 * A folder with everything that makes counting files hard.
 */
import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A new folder that the user PostgreSQL runs as may enter, too. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "demo-test-"))
  chmodSync(folder, 0o755)
  folders.push(folder)
  return folder
}

const folders: Array<string> = []

export const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** For `afterAll`: what tests that failed have not removed. */
export const removeAll = (): void => folders.forEach(remove)

/** Bytes that are no UTF-8: Latin-1 for `naïve-é.txt`. */
const latin1Name = Buffer.from("na\xefve-\xe9.txt", "latin1")

/** How that name is shown. */
export const latin1Shown = "na\\xefve-\\xe9.txt"

export const fill = (folder: string): void => {
  const write = (path: string, content: string | Buffer) => writeFileSync(join(folder, path), content)
  for (const path of ["src/deep/er", ".hidden", ".git/objects", "node_modules/left-pad", "copies", "empty"]) {
    mkdirSync(join(folder, path), { recursive: true })
  }
  write("src/index.ts", "export const a = 1\nexport const b = 2\n")
  write("src/deep/er/last.ts", "no newline at the end")
  write("src/Main.JAVA", "class Main {}\r\n")
  write("README.md", "# Title\n\ntext\n")
  write("README", "plain\n")
  write("Makefile", "all:\n\ttrue\n")
  write(".hidden/.config", "secret\n")
  write(".gitignore", "node_modules\n")
  write("binary.bin", Buffer.from([0, 10, 255, 10, 0, 13, 10]))
  write("empty/a", "")
  write("empty/b", "")
  write("copies/one.txt", "the same\n")
  write("copies/two.txt", "the same\n")
  write("copies/three", "the same\n")
  write("copies/other-one", "also the same")
  write("copies/other-two", "also the same")
  write("line\nbreak.txt", "a\nb\nc\n")
  write("  spaces and 'quotes' \"both\".txt", "x\n")
  write("漢字.md", "# 漢字\n")
  write("package.json", JSON.stringify({ name: "sample", version: "1.2.3", dependencies: { a: "1", b: "2" } }))
  write("src/package.json", "{ not json")
  write("Cargo.toml", "[package]\nname = \"crate\"\nversion = \"0.1.0\"\n[dependencies]\nserde = \"1\"\n")
  write("large.log", Buffer.alloc(1_000_003, "0123456789abcde\n"))
  write(".git/config", "[core]\n")
  write(".git/objects/pack", "pack\n")
  write("node_modules/left-pad/index.js", "module.exports = 1\n")
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), latin1Name]), "un\ndeux\n")
  symlinkSync("README.md", join(folder, "link-to-file"))
  symlinkSync("src", join(folder, "link-to-folder"))
  symlinkSync("..", join(folder, "src/loop"))
  symlinkSync("nowhere", join(folder, "dangling"))
  symlinkSync("/etc/passwd", join(folder, "outside.txt"))
  makeFifo(join(folder, "fifo"))
}

// --- What the tools of the system say ---

const shell = (script: string, folder: string): string =>
  execFileSync("bash", ["-c", `set -o pipefail; ${script}`, "bash", folder], { encoding: "latin1" }).trim()

const pruned = "\\( -name .git -o -name node_modules \\) -prune -o"

/** Counts by `find`, `wc` and `sha256sum`. */
export const countedBySystem = (folder: string, all = false) => {
  const find = (rest: string) => `find "$1" ${all ? "" : pruned} -type f ${rest}`
  const number = (script: string) => Number(shell(script, folder))
  const linesOf = (pattern: string) => number(`${find(`-name '${pattern}' -print0`)} | xargs -0r cat | wc -l`)
  const hashes = shell(`${find("-size +0 -print0")} | xargs -0r sha256sum -z | tr '\\n\\0' ' \\n' | cut -c1-64`, folder)
  const counts = new Map<string, number>()
  for (const hash of hashes.split("\n")) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  const duplicates = [...counts].filter(([, count]) => count > 1)
  return {
    files: number(`${find("-print0")} | tr -dc '\\0' | wc -c`),
    bytes: number(`${find("-printf '%s\\n'")} | awk '{ sum += $1 } END { print sum + 0 }'`),
    lines: number(`${find("-print0")} | xargs -0r cat | wc -l`),
    typescriptLines: linesOf("*.ts"),
    markdownLines: linesOf("*.md"),
    duplicates: Object.fromEntries(duplicates)
  }
}

export const makeFifo = (path: string): void => void shell("mkfifo \"$1\"", path)

/** A file that takes long to read and no space. */
export const makeSparse = (path: string, size: number): void => {
  writeFileSync(path, "")
  truncateSync(path, size)
}

// Runs every check that is not a test, one after the other, also when one fails.
// Shows the output of those that fail, and closes with `N passed, N failed`.
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"

const steps = ["check", "lint", "format:check", "knip", "build", "pack:check", "docs:check", "ops:check"]
const root = fileURLToPath(new URL("..", import.meta.url))

let failed = 0
for (const step of steps) {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", step], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    maxBuffer: 64 * 1024 * 1024
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${step} (${seconds} s)`)
  if (status !== 0) {
    failed++
    const output = stripVTControlCharacters(`${stdout ?? ""}${stderr ?? ""}`).trimEnd()
    console.log(output.replaceAll(/^/gm, "       "))
  }
}
console.log(`${steps.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

// The Effect-aware type check: the TypeScript compiler with Effect's diagnostics built in
// (floating effects, missing services, wrong generators). It ships for one platform.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL("..", import.meta.url))
const { version } = require("typescript/package.json")
const compiler = join(root, "node_modules/@effect/tsgo-linux-x64/artifacts/typescript", version, "tsc")

if (!existsSync(compiler)) {
  console.log("The Effect-aware type check is skipped: @effect/tsgo-linux-x64 is not installed on this platform.")
} else {
  const { status } = spawnSync(compiler, ["-p", join(root, "tsconfig.json")], { stdio: "inherit", cwd: root })
  process.exitCode = status ?? 1
}

/**
 * `promtool`, which comes with Prometheus.
 */
import { spawnSync } from "node:child_process"
import { promtool } from "./receivers.ts"

const program = promtool ?? "promtool"

/** Whether the program is there: Debian has it in the package `prometheus`, `.ci/peers` builds that of Prometheus 3. */
export const isInstalled = spawnSync(program, ["--version"]).status === 0

/** Runs the program in a folder. */
export const run = (
  folder: string,
  ...args: ReadonlyArray<string>
): { readonly status: number | null; readonly output: string } => {
  const { status, stderr, stdout } = spawnSync(program, args, { cwd: folder, encoding: "utf8" })
  return { status, output: stdout + stderr }
}

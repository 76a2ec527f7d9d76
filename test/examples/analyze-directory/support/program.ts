/**
 * The programs of the demo as processes, each with a temporary folder of its
 * own, so that what stays behind is found.
 */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { remove, removeAll, temporaryFolder } from "./folder.ts"

const checkout = fileURLToPath(new URL("../../../..", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Processes and temporary folders that are still there. */
  readonly left: ReadonlyArray<string>
}

export interface Running {
  /** Waits until the program has written a line to standard error, and gives it. */
  readonly firstError: () => Promise<string>
  /** Waits until a process of the program has this in its command line. */
  readonly appeared: (text: string) => Promise<void>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Closes our end of its standard output. */
  readonly closeOutput: () => void
  readonly ended: Promise<Ended>
}

/** The environment without what would configure the demo. */
const environment = (extra: Readonly<Record<string, string>>) => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:OTEL_|TASKER_|DATABASE_URL$|PORT$|npm_)/.test(name))
  ),
  ...extra
})

const processesThatName = (path: string): ReadonlyArray<string> =>
  execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n").filter((line) => line.includes(path))

const running = new Set<{ readonly stop: () => Promise<unknown> }>()

/** For `afterAll`: a test that fails before it has stopped its program leaves nothing behind either. */
export const stopAll = async (): Promise<void> => {
  await Promise.all([...running].map(({ stop }) => stop()))
  removeAll()
}

export const start = (
  file: "main.ts" | "serve.ts",
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Running => {
  const home = temporaryFolder()
  const child = spawn(
    process.execPath,
    ["--conditions=tasker-telemetry-source", `examples/analyze-directory/${file}`, ...args],
    { cwd: checkout, env: environment({ TMPDIR: home, ...env }), stdio: ["ignore", "pipe", "pipe"] }
  )
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text)
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text)
  const ended = once(child, "close").then(([code]): Ended => {
    const left = [...readdirSync(home), ...processesThatName(home)]
    remove(home)
    running.delete(entry)
    return { code: code as number | null, stdout, stderr, left }
  })
  const entry = {
    stop: () => {
      child.kill("SIGTERM")
      return ended
    }
  }
  running.add(entry)
  return {
    ended,
    firstError: async () => {
      while (!stderr.includes("\n")) {
        await Promise.race([once(child.stderr, "data"), ended.then(() => Promise.reject(new Error(stderr)))])
      }
      return stderr.slice(0, stderr.indexOf("\n"))
    },
    appeared: async (text) => {
      while (!processesThatName(home).some((line) => line.includes(text))) {
        if (child.exitCode !== null) throw new Error(stderr)
        await setTimeout(20)
      }
    },
    kill: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout.destroy()
  }
}

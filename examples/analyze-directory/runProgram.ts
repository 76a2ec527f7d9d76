/**
 * Runs a program of the example as a process: output, errors, signals, exit code.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { NodeServices as Services } from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fs from "node:fs"
import { DemoError } from "./DemoError.ts"
import { callFs } from "./FileEntry.ts"

const standardOutput = 1

/**
 * Writes to standard output and waits for a slow reader. If the reader has
 * closed its end, as `head -1` does, the rest is left out without an error.
 */
export const write = Effect.fnUntraced(function*(text: string): Effect.fn.Return<void, DemoError> {
  const bytes = Buffer.from(text)
  let offset = 0
  while (offset < bytes.length) {
    const start = offset
    const written = yield* callFs<number>((done) =>
      fs.write(standardOutput, bytes, start, bytes.length - start, null, done)
    )
      .pipe(Effect.catch(({ code }) => {
        if (code === "EAGAIN") return Effect.as(Effect.sleep("10 millis"), 0)
        if (code === "EPIPE") return Effect.succeed(bytes.length)
        return Effect.fail(
          new DemoError({ message: `Cannot write to standard output (${code}); write to another file or disk.` })
        )
      }))
    offset += written
  }
})

/** Writes a line to standard error. */
export const writeError = (line: string): void => void process.stderr.write(`${line}\n`)

const interruptedExitCode = 130

/**
 * Runs a program until it ends, or until SIGINT, SIGTERM or SIGHUP. Its layers
 * are closed before the process exits. A failure is one sentence on standard
 * error.
 */
export const runProgram = (
  program: Effect.Effect<void, { readonly message: string }, Services>,
  options: { readonly exitCodeOnSignal: number } = { exitCodeOnSignal: interruptedExitCode }
): void => {
  // A closed output must not end the process before its layers are closed.
  process.stderr.on("error", () => {})
  process.stdout.on("error", () => {})
  process.once("SIGHUP", terminate)
  endWithShell()
  program.pipe(
    Effect.provide(NodeServices.layer),
    Effect.tapCause((cause) =>
      Effect.sync(() => {
        if (!Cause.hasInterruptsOnly(cause)) writeError(describe(cause))
      })
    ),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => {
        onExit(Exit.isSuccess(exit) ? 0 : Cause.hasInterruptsOnly(exit.cause) ? options.exitCodeOnSignal : 1)
      }
    })
  )
}

const terminate = () => process.kill(process.pid, "SIGTERM")

/**
 * Ends the process when the shell of `npm run` has ended. npm sends signals to
 * the shell, and the shell can end without passing them on.
 */
const endWithShell = () => {
  const shell = process.ppid
  if (process.env["npm_lifecycle_event"] === undefined || process.platform === "win32") return
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    terminate()
  }, 100)
  timer.unref()
}

const describe = (cause: Cause.Cause<{ readonly message: string }>): string => {
  const failure = cause.reasons.find(Cause.isFailReason)
  return failure === undefined ? Cause.pretty(cause) : failure.error.message
}

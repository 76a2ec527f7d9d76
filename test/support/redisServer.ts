/**
 * A real Redis on a free loopback port. It ends with its scope, and takes its folder along.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Effect, Layer, Logger } from "effect"
import type { Redis } from "effect/persistence"
import { spawn, spawnSync } from "node:child_process"
import { createServer } from "node:net"
import { temporaryFolder } from "./temporaryFile.ts"

/** Whether the program is there; Debian has it as the package `redis-server`. */
export const isInstalled = spawnSync("redis-server", ["--version"]).status === 0

/** What the name of a group of tests says where the program is missing. */
export const unlessInstalled = isInstalled ? "" : ": redis-server is not installed, so these tests are skipped"

export interface RedisServer {
  readonly url: string
  /** Pauses the process, or lets it go on. */
  readonly signal: (signal: "SIGSTOP" | "SIGCONT") => Effect.Effect<void>
}

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

export const start = Effect.gen(function*() {
  const [folder, port] = yield* Effect.all([temporaryFolder, freePort])
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn("redis-server", [
        "--port",
        String(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        folder
      ], { stdio: ["ignore", "pipe", "ignore"] })
    ),
    (child) =>
      child.exitCode === null && child.signalCode === null
        ? Effect.callback<void>((resume) => {
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGKILL")
        })
        : Effect.void
  )
  yield* Effect.callback<void>((resume) => {
    let log = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      log += text
      if (log.includes("Ready to accept connections")) resume(Effect.void)
    })
    child.on("exit", () => resume(Effect.die(new Error(`Redis did not start:\n${log}`))))
  })
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    signal: (signal) => Effect.sync(() => void child.kill(signal))
  }
  return server
})

/** A client, which reports nothing of its troubles. */
export const client = (server: RedisServer): Layer.Layer<Redis.Redis> =>
  NodeRedis.layer({ url: server.url }).pipe(Layer.orDie, Layer.provide(Logger.layer([])))

/**
 * A real Pushgateway on a free loopback port. It ends with its scope.
 */
import { Effect, Schedule, type Scope } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { type AddressInfo, createServer } from "node:net"
import { pushgateway } from "./receivers.ts"

const program = pushgateway ?? "prometheus-pushgateway"

/** Whether the program is there: Debian has it as the package `prometheus-pushgateway`, `.ci/peers` builds a newer one. */
export const isInstalled = spawnSync(program, ["--version"]).status === 0

const freePort: Effect.Effect<number> = Effect.callback((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Starts the program, and gives its host once it answers. */
export const start: Effect.Effect<string, never, Scope.Scope> = Effect.gen(function*() {
  const host = `127.0.0.1:${yield* freePort}`
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      // Debian's would keep what it has for the next one.
      spawn(program, [`--web.listen-address=${host}`, "--persistence.file="], { stdio: "ignore" })
    ),
    (child) =>
      Effect.callback<void>((resume) => {
        child.once("close", () => resume(Effect.void))
        child.kill()
      })
  )
  yield* Effect.retry(exposition(host), Schedule.spaced("50 millis")).pipe(Effect.timeout("30 seconds"), Effect.orDie)
  return host
})

/** What it shows to Prometheus. */
export const exposition = (host: string): Effect.Effect<string, unknown> =>
  Effect.tryPromise(() => fetch(`http://${host}/metrics`).then((response) => response.text()))

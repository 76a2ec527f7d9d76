/**
 * Worker processes that run `test/support/programs/clusterWorker.ts` and end with the scope.
 */
import { Effect, Queue, type Scope } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import cluster from "node:cluster"
import * as MetricCluster from "../../src/metrics/MetricCluster.ts"
import { program } from "./programs.ts"
import type { Command } from "./programs/clusterWorker.ts"

const server = await program("clusterServer")
const exec = await program("clusterWorker")

/** No step of a test takes longer. */
const deadline = "40 seconds"

export interface WorkerProcess {
  readonly child: ChildProcess
  /** Gives a command and waits until it is done. */
  readonly tell: (command: Command) => Effect.Effect<void>
  /** Gives a command and waits until it has begun, or the process has ended. */
  readonly begin: (command: Command) => Effect.Effect<void>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Waits for the next report that nobody asked for. */
  readonly reported: Effect.Effect<void>
  /** Waits until the process has ended and nothing comes from it any more. */
  readonly ended: Effect.Effect<{ readonly code: number | null; readonly signal: string | null }>
}

interface Reply {
  readonly did: Command["do"] | "start" | "begin"
}

const processOf = Effect.fnUntraced(function*(
  make: () => ChildProcess
): Effect.fn.Return<
  { readonly started: Effect.Effect<void>; readonly worker: WorkerProcess },
  never,
  Scope.Scope
> {
  const child = yield* Effect.acquireRelease(Effect.sync(make), (child) => Effect.sync(() => child.kill("SIGKILL")))
  const replies = yield* Queue.unbounded<Reply["did"]>()
  child.on("message", (message) => {
    if (typeof message === "object" && "did" in message) Queue.offerUnsafe(replies, (message as unknown as Reply).did)
  })
  const await_ = (wanted: Reply["did"]): Effect.Effect<void> =>
    Effect.flatMap(Queue.take(replies), (did) => did === wanted ? Effect.void : await_(wanted))
  const hasEnded = () => (child.exitCode !== null || child.signalCode !== null) && !child.connected
  const ended = Effect.callback<void>((resume) => {
    const check = () => {
      if (hasEnded()) resume(Effect.void)
    }
    child.on("exit", check)
    child.on("disconnect", check)
    check()
  })
  const reported = Effect.callback<void>((resume) => {
    child.on("message", (message) => {
      if (typeof message === "object" && "round" in message && message.round === 0) resume(Effect.void)
    })
  })
  const within = <A>(effect: Effect.Effect<A>) => Effect.orDie(Effect.timeout(effect, deadline))
  const send = (command: Command) => Effect.sync(() => void child.send(command, () => {}))
  return {
    started: within(await_("start")),
    worker: {
      child,
      tell: (command) => within(Effect.andThen(send(command), await_(command.do === "restart" ? "start" : command.do))),
      begin: (command) => within(Effect.andThen(send(command), Effect.raceFirst(await_("begin"), ended))),
      signal: (signal) => Effect.sync(() => void child.kill(signal)),
      reported: within(reported),
      ended: within(Effect.map(ended, () => ({ code: child.exitCode, signal: child.signalCode })))
    }
  }
})

/** Workers of `node:cluster`. */
export const clusterWorkers = (count: number, ...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    cluster.setupPrimary({ exec, args: [...args] })
    const all = yield* Effect.forEach(Array.from({ length: count }), () => processOf(() => cluster.fork().process))
    yield* Effect.forEach(all, ({ started }) => started)
    return all.map(({ worker }) => worker)
  })

/** A child process that may not have come up yet. */
export const startingWorker = (...args: ReadonlyArray<string>) => processOf(() => fork(exec, args))

/** Attached child processes. */
export const forkedWorkers = (count: number, ...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const all = yield* Effect.forEach(Array.from({ length: count }), () => startingWorker(...args))
    yield* Effect.forEach(all, ({ worker }) => MetricCluster.attach(worker.child))
    yield* Effect.forEach(all, ({ started }) => started)
    return all.map(({ worker }) => worker)
  })

/** Where the server of `test/support/programs/clusterServer.ts` listens, once one of its workers hangs. */
export const clusterServer = Effect.gen(function*() {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(server)),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  return yield* Effect.callback<string>((resume) => {
    child.on("message", (message) => {
      if (typeof message === "object" && "url" in message) resume(Effect.succeed(String(message.url)))
    })
  }).pipe(Effect.timeout(deadline), Effect.orDie)
})

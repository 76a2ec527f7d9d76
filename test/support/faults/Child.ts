/**
 * A process that answers messages, one after the other.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { fork } from "node:child_process"

export interface Child<in Message> {
  /** Sends a message and waits for its answer. */
  readonly ask: <A>(message: Message) => Effect.Effect<A>
  /** Sends a message that has no answer. */
  readonly tell: (message: Message) => Effect.Effect<void>
  /** Sends no more messages. A process that waits for nothing else ends. */
  readonly release: Effect.Effect<void>
  /** Waits for the end of the process; gives the exit code. */
  readonly ended: Effect.Effect<number | null>
}

/** Starts a file with Node and waits for its first message. The process ends with the scope. */
export const start = Effect.fnUntraced(function*<Message extends object>(
  file: string,
  args: ReadonlyArray<string> = []
): Effect.fn.Return<Child<Message>, never, Scope.Scope> {
  const ended = Deferred.makeUnsafe<number | null>()
  let errors = ""
  let answered: ((answer: unknown) => void) | undefined
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      fork(file, args, {
        execArgv: ["--conditions=tasker-telemetry-source", "--expose-gc"],
        stdio: ["ignore", "inherit", "pipe", "ipc"]
      })
    ),
    (child) => Effect.andThen(Effect.sync(() => child.kill("SIGKILL")), Deferred.await(ended))
  )
  child.stderr?.on("data", (chunk: Buffer) => void (errors += chunk.toString()))
  child.on("message", (answer) => answered?.(answer))
  // A message that comes too late: the end of the process says why.
  child.on("error", () => {})
  // After `disconnect`, Node emits no `close`.
  child.on("exit", (code) => Deferred.doneUnsafe(ended, Effect.succeed(code)))
  const answer = Effect.callback<unknown>((resume) => {
    answered = (answer) => resume(Effect.succeed(answer))
  })
  const orEnd = Effect.raceFirst(
    answer,
    Effect.flatMap(Deferred.await(ended), (code) => Effect.die(new Error(`${file} ended with ${code}: ${errors}`)))
  )
  const turn = yield* Semaphore.make(1)
  yield* orEnd
  return {
    ask: <A>(message: Message) =>
      turn.withPermits(1)(
        Effect.map(Effect.andThen(Effect.sync(() => child.send(message)), orEnd), (answer) => answer as A)
      ),
    tell: (message) => Effect.sync(() => void child.send(message)),
    release: Effect.sync(() => child.disconnect()),
    ended: Deferred.await(ended)
  }
})

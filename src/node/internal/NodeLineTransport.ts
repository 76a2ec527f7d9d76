/**
 * Writes requests as lines of JSON, to a file or to the standard output. The Collector's OTLP JSON file receiver reads
 * them. Lines are written as log lines are.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { fileURLToPath } from "node:url"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import * as networkFailure from "../../delivery/networkFailure.ts"
import type { Receiver } from "../../delivery/Receiver.ts"
import type { Answer, Post, TransportError } from "../../delivery/Transport.ts"
import { orElse } from "../../internal/guard.ts"
import { blockingDrain } from "./ExitHooks.ts"
import type { LineBufferOptions } from "./LineBuffer.ts"
import * as LogFile from "./LogFile.ts"
import * as StandardOutput from "./StandardOutput.ts"

/** Pause between two tries to write to a reader that is not ready. */
const pause = "5 millis"

const lineFeed = 10

const taken: Answer = {
  status: 200,
  header: () => undefined,
  body: Effect.succeed({ bytes: new Uint8Array(), isBroken: false })
}

/** Opens the file or the output until the scope closes. */
export const connect = Effect.fnUntraced(function*(
  receiver: Receiver
): Effect.fn.Return<Post, TelemetryConfig.TelemetryConfigError, Scope.Scope> {
  let isTorn = false
  const { writeBytes } = receiver.url === "stdout:"
    ? yield* StandardOutput.open("stdout", () => {})
    : yield* openFile(receiver)
  /** Writes what the reader takes now, and gives the rest. */
  const writeSome = (bytes: Uint8Array): Uint8Array => {
    const count = writeReady(writeBytes, bytes)
    if (count > 0) isTorn = count < bytes.length
    return bytes.subarray(count)
  }
  const write = (bytes: Uint8Array): Effect.Effect<void, TransportError> => {
    let rest = bytes
    const writeMore = Effect.try({
      try: () => {
        rest = writeSome(rest)
        return rest.length === 0
      },
      catch: networkFailure.describe
    })
    const writeAll: Effect.Effect<void, TransportError> = Effect.flatMap(
      writeMore,
      (isWhole) => isWhole ? Effect.void : Effect.andThen(Effect.sleep(pause), writeAll)
    )
    return writeAll
  }
  const lineOf = (body: Uint8Array): Uint8Array => {
    // A time limit or the end of the process may have cut the last line off.
    const start = isTorn ? 1 : 0
    const line = new Uint8Array(start + body.length + 1).fill(lineFeed)
    line.set(body, start)
    return line
  }
  const post = (body: Uint8Array): Effect.Effect<Answer, TransportError> =>
    Effect.suspend(() => Effect.as(write(lineOf(body)), taken))
  let last: Uint8Array = new Uint8Array()
  const writeLast = blockingDrain(() => {
    for (let before = Infinity; last.length > 0 && last.length < before;) {
      before = last.length
      last = writeSome(last)
    }
  }, () => last.length === 0)
  const atExit = (body: Uint8Array): void => {
    last = lineOf(body)
    writeLast(true)
    if (last.length > 0) throw new Error("the reader is too slow")
  }
  return Object.assign(post, { atExit })
})

/** Gives the number of bytes that were written; none if the reader is not ready. */
const writeReady = (writeBytes: LineBufferOptions["writeBytes"], bytes: Uint8Array): number =>
  orElse(() => writeBytes(bytes, 0, bytes.length), (error) => {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0
    throw error
  })

const openFile = Effect.fnUntraced(function*({ optionOf, url }: Receiver) {
  const clock = yield* Clock.Clock
  return yield* LogFile.open({
    path: url.startsWith("file://") ? fileURLToPath(url) : url.slice("file:".length),
    maximumBytes: 0,
    maximumAgeMillis: undefined,
    keep: 1,
    now: () => clock.currentTimeMillisUnsafe(),
    onRotationFailed: () => {}
  }).pipe(Effect.mapError(({ cause, path }) =>
    new TelemetryConfig.TelemetryConfigError({
      message: `${optionOf("endpoint")}: ${JSON.stringify(path)} cannot be written: ${String(cause)}`
    })
  ))
})

/**
 * A transport that answers as a test tells it, without a network and under the test clock.
 */
import { Context, type Duration, Effect, Layer } from "effect"
import type { Receiver } from "../../src/delivery/Receiver.ts"
import { type FailureReason, Transport, TransportError } from "../../src/delivery/Transport.ts"

/** What a request comes to. */
export interface Reply {
  /** Time until the head of the answer, or until the failure. */
  readonly after?: Duration.Input
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The answer breaks off within its body. */
  readonly isBroken?: boolean
  /** The request gets no answer. */
  readonly fails?: FailureReason
  /** The receiver reads the request all the same. */
  readonly reads?: boolean
}

export interface Sent {
  readonly receiver: Receiver
  readonly bytes: Uint8Array
  /** The bytes as a text. */
  readonly body: string
  /** Milliseconds of the test clock. */
  readonly at: number
  /** Whether the receiver has read the request and said or not said so. */
  readonly isTaken: boolean
}

export class TestTransport extends Context.Service<TestTransport, {
  /** Requests in the order in which they began. */
  readonly sent: ReadonlyArray<Sent>
  /** What the next requests come to; afterwards every request is accepted. */
  readonly reply: (...replies: ReadonlyArray<Reply | "hang">) => void
  /** Requests that are open, and the most that were open at the same time. */
  readonly open: () => number
  readonly mostOpen: () => number
}>()("tasker-telemetry/test/support/TestTransport") {
  static readonly layer: Layer.Layer<TestTransport | Transport> = Layer.effectContext(Effect.sync(() => {
    const sent: Array<Sent> = []
    const replies: Array<Reply | "hang"> = []
    let open = 0
    let mostOpen = 0
    const connect = (receiver: Receiver) =>
      Effect.succeed((bytes: Uint8Array<ArrayBuffer>) =>
        Effect.gen(function*() {
          const given = replies.shift() ?? {}
          const reply: Reply = given === "hang" ? {} : given
          const isTaken = given !== "hang" &&
            (reply.reads ?? (reply.fails === undefined && (reply.status ?? 200) < 300))
          yield* Effect.clockWith((clock) =>
            Effect.sync(() => {
              const at = clock.currentTimeMillisUnsafe()
              sent.push({ receiver, bytes, body: new TextDecoder().decode(bytes), at, isTaken })
              mostOpen = Math.max(mostOpen, ++open)
            })
          )
          yield* Effect.addFinalizer(() => Effect.sync(() => void open--))
          if (given === "hang") return yield* Effect.never
          if (reply.after !== undefined) yield* Effect.sleep(reply.after)
          if (reply.fails !== undefined) return yield* new TransportError({ reason: reply.fails, detail: "TEST" })
          return {
            status: reply.status ?? 200,
            header: (name: string) =>
              reply.headers?.[name] ?? (name === "content-type" ? "application/json" : undefined),
            body: Effect.succeed({
              bytes: new TextEncoder().encode(reply.body ?? "{}"),
              isBroken: reply.isBroken ?? false
            })
          }
        })
      )
    return Context.make(TestTransport, {
      sent,
      reply: (...next) => void replies.push(...next),
      open: () => open,
      mostOpen: () => mostOpen
    }).pipe(Context.add(Transport, { connect }))
  }))
}

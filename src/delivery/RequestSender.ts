/**
 * Sends request bodies to one receiver and tries again while that can help.
 *
 * **Details**
 *
 * Each attempt has a time limit. 429, 502, 503, 504 and requests without an answer are tried again with exponential
 * back-off and jitter, or after the answer's `Retry-After`. Any other answer is final. The back-off belongs to the
 * receiver: a batch after a batch that was given up waits as long as another attempt would.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#failures-1
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { TelemetryConfigError } from "../config/TelemetryConfig.ts"
import { ExportDurations } from "../internal/ExportDurations.ts"
import type { ExporterState } from "../internal/ExporterStates.ts"
import { LocalLog } from "../internal/LocalLog.ts"
import * as Redaction from "../redaction/Redaction.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import * as Backoff from "./Backoff.ts"
import type { DropReason } from "./Ledger.ts"
import type { Protocol } from "./Otlp.ts"
import { OutageLog } from "./OutageLog.ts"
import { type Receiver, shownUrl } from "./Receiver.ts"
import * as ReceiverAnswer from "./ReceiverAnswer.ts"
import { type Answer, type AnswerBody, type FailureReason, type Post, Transport, TransportError } from "./Transport.ts"
import { Wakeup } from "./Wakeup.ts"

/** What became of a request. */
export type Outcome =
  | { readonly _tag: "Accepted"; readonly rejected: number }
  | { readonly _tag: "TooLarge" }
  | { readonly _tag: "Lost"; readonly reason: DropReason; readonly problem?: string }

export interface RequestSender {
  /**
   * Sends a body, which is encoded in the receiver's protocol by default. After `deadline`, in nanoseconds of the
   * monotonic clock, no attempt begins.
   */
  readonly send: (body: Uint8Array<ArrayBuffer>, deadline: bigint, protocol?: Protocol) => Effect.Effect<Outcome>
  /** Ends a pause early: the next attempt is made once `retry.initialInterval` has passed since the last one. */
  readonly hurry: () => void
  /** Reports an attempt that the caller has just interrupted, with the reason; nothing if no attempt was open. */
  readonly gaveUp: (problem: string) => void
  /** Reports records that were lost because the layer was closed. Called after the last attempt has been interrupted. */
  readonly closed: (count: number) => void
  /** {@link Post.atExit} of the receiver. */
  readonly atExit: Post["atExit"]
  readonly outage: OutageLog
  /** What the last requests came to. */
  readonly state: () => Pick<ExporterState, "lastSuccess" | "consecutiveFailures">
}

const failureSentences: Readonly<Record<FailureReason, string>> = {
  refused: "the connection was refused",
  unknown_name: "the name of its host is not known",
  unreachable: "its host cannot be reached",
  tls: "the TLS connection failed",
  timed_out: "no answer came in time",
  reset: "the connection broke off",
  malformed_answer: "its answer is not HTTP",
  other: "the request failed"
}

const nothing: AnswerBody = { bytes: new Uint8Array(), isBroken: true }

/** Makes a sender that lives as long as its scope. Its requests are not traced. */
export const make = Effect.fnUntraced(function*(
  receiver: Receiver,
  retry: Backoff.Retry
): Effect.fn.Return<RequestSender, TelemetryConfigError, Transport | Scope.Scope> {
  const post = yield* (yield* Transport).connect(receiver)
  const clock = yield* Clock.Clock
  const redaction = yield* Redaction.Current
  const durations = yield* ExportDurations
  const context = yield* Effect.context<never>()
  // A record can be lost in a plain callback, which has the loggers of the layer.
  const log = (effect: Effect.Effect<void>) =>
    void Effect.runForkWith(Fiber.getCurrent()?.context ?? context)(Effect.provideService(effect, LocalLog, true))
  const outage = new OutageLog({
    receiver,
    redact: redaction.text,
    now: () => clock.monotonicTimeNanosUnsafe(),
    warn: (sentence) => log(Effect.logWarning(sentence)),
    inform: (sentence) => log(Effect.logInfo(sentence))
  })
  if (receiver.ignoredHeaders.length > 0) {
    log(Effect.logWarning(
      `${receiver.signal} are sent to ${shownUrl(receiver)} without the configured headers ` +
        `${receiver.ignoredHeaders.join(", ")}: delivery sets them itself`
    ))
  }

  /** Retryable failures one after the other. */
  let failures = 0
  let consecutiveFailures = 0
  let lastSuccess: number | undefined
  /** No attempt begins before this time; `asked` says that the receiver wants it so. */
  let notBefore = 0n
  let asked = false
  let failedAt = 0n
  let isInterrupted = false
  const hurried = new Wakeup()
  const initialInterval = Duration.toNanosUnsafe(retry.initialInterval)

  const pause: Effect.Effect<void> = Effect.suspend(() => {
    const seen = hurried.version
    const left = notBefore - clock.monotonicTimeNanosUnsafe()
    if (left <= 0n) return Effect.void
    return Effect.andThen(Effect.raceFirst(Effect.sleep(Duration.nanos(left)), hurried.after(seen)), pause)
  })

  const attempt = (body: Uint8Array<ArrayBuffer>, protocol: Protocol): Effect.Effect<ReceiverAnswer.Verdict> =>
    Effect.suspend(() => {
      isInterrupted = false
      let answer: Answer | undefined
      let read = nothing
      const reading = Effect.flatMap(post(body, protocol), (head) => {
        answer = head
        return Effect.map(head.body, (body) => {
          read = body
        })
      })
      return reading.pipe(
        Effect.scoped,
        Effect.timeoutOrElse({
          duration: receiver.timeout,
          orElse: () => new TransportError({ reason: "timed_out", detail: Duration.format(receiver.timeout) })
        }),
        Effect.exit,
        // The status decides, also if the time was up before the end of the body.
        Effect.map((exit) => answer === undefined ? failed(exit) : ReceiverAnswer.judge(receiver, answer, read)),
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            isInterrupted = true
          })
        )
      )
    })

  const tryAgainAfter = Effect.fnUntraced(function*(retryAfter: string | undefined) {
    const delay = yield* RetryPolicy.parseRetryAfter(retryAfter)
    const millis = Backoff.pauseMillis(retry, ++failures, yield* Random.next, delay)
    failedAt = clock.monotonicTimeNanosUnsafe()
    asked = delay !== undefined
    notBefore = failedAt + BigInt(Math.ceil(millis * 1e6))
  })

  const send = Effect.fnUntraced(function*(
    body: Uint8Array<ArrayBuffer>,
    deadline: bigint,
    protocol: Protocol
  ): Effect.fn.Return<Outcome> {
    while (true) {
      yield* pause
      const verdict = yield* attempt(body, protocol)
      if (verdict._tag === "Accepted") {
        failures = 0
        consecutiveFailures = 0
        lastSuccess = clock.currentTimeMillisUnsafe()
        outage.accepted(verdict.remark)
        return { _tag: "Accepted", rejected: verdict.rejected }
      }
      consecutiveFailures++
      if (verdict._tag === "TooLarge") {
        outage.tooLarge(verdict.problem)
        return { _tag: "TooLarge" }
      }
      if (verdict._tag === "Refused") {
        outage.refused(verdict.problem)
        return { _tag: "Lost", reason: verdict.reason, problem: verdict.problem }
      }
      outage.attemptFailed(verdict.problem)
      yield* tryAgainAfter(verdict.retryAfter)
      if (notBefore > deadline) return { _tag: "Lost", reason: "unreachable", problem: verdict.problem }
    }
  })

  /** The back-off that an earlier request has left is no part of the time of this one. */
  const measured = (sending: Effect.Effect<Outcome>): Effect.Effect<Outcome> =>
    Effect.andThen(
      pause,
      Effect.suspend(() => {
        const begin = clock.monotonicTimeNanosUnsafe()
        return Effect.map(sending, (outcome) => {
          const seconds = Number(clock.monotonicTimeNanosUnsafe() - begin) / 1e9
          durations.record({ signal: receiver.signal, seconds, errorType: errorTypeOf(outcome) })
          return outcome
        })
      })
    )

  return {
    send: (body, deadline, protocol = receiver.protocol) =>
      Effect.withTracerEnabled(measured(send(body, deadline, protocol)), false),
    hurry: () => {
      if (asked) return
      const soon = failedAt + initialInterval
      if (soon < notBefore) notBefore = soon
      hurried.wake()
    },
    gaveUp: (problem) => {
      if (!isInterrupted) return
      isInterrupted = false
      consecutiveFailures++
      outage.attemptFailed(problem)
    },
    closed: (count) => outage.closed(count, isInterrupted),
    atExit: post.atExit,
    outage,
    state: () => ({ lastSuccess, consecutiveFailures })
  }
})

const errorTypeOf = (outcome: Outcome): DropReason | "" => {
  switch (outcome._tag) {
    case "Accepted":
      return outcome.rejected > 0 ? "partially_rejected" : ""
    case "TooLarge":
      return "too_large"
    case "Lost":
      return outcome.reason
  }
}

const failed = (exit: Exit.Exit<void, TransportError>): ReceiverAnswer.Verdict => {
  const error = Exit.findErrorOption(exit)
  const { detail, reason } = error._tag === "Some" ? error.value : { reason: "other" as const, detail: "" }
  return { _tag: "TryAgain", problem: `${failureSentences[reason]}${detail === "" ? "" : ` (${detail})`}` }
}

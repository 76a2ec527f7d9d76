/**
 * What an answer of a receiver means for the records that were sent. Pure.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { DropReason } from "./Ledger.ts"
import type { Receiver, Signal } from "./Receiver.ts"
import type { AnswerBody } from "./Transport.ts"

export type Verdict =
  | {
    readonly _tag: "Accepted"
    /** Records that the receiver did not take. They must not be sent again. */
    readonly rejected: number
    /** What the receiver or the connection has to say although the request was taken. */
    readonly remark: string
  }
  | { readonly _tag: "TooLarge"; readonly problem: string }
  | { readonly _tag: "Refused"; readonly reason: DropReason; readonly problem: string }
  | { readonly _tag: "TryAgain"; readonly problem: string; readonly retryAfter?: string | undefined }

const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** 64-bit integers are texts in the JSON of protobuf; some receivers write numbers. */
const Count = Schema.Union([Schema.Natural, Schema.String.check(Schema.isPattern(/^\d{1,19}$/))])

const optional = <S extends Schema.Top>(schema: S) => Schema.optional(Schema.NullOr(schema))

const Success = Schema.fromJsonString(Schema.Struct({
  partialSuccess: Schema.Struct({
    rejectedSpans: optional(Count),
    rejectedDataPoints: optional(Count),
    errorMessage: optional(Schema.String)
  })
}))

const Status = Schema.fromJsonString(Schema.Struct({ message: Schema.String }))

const decodeSuccess = Schema.decodeUnknownOption(Success)
const decodeStatus = Schema.decodeUnknownOption(Status)

const rejectedFields = { spans: "rejectedSpans", metrics: "rejectedDataPoints" } as const

/** Judges an answer. A status of success counts even if the body broke off: the receiver has read the request. */
export const judge = (
  receiver: Receiver,
  answer: { readonly status: number; readonly header: (name: string) => string | undefined },
  body: AnswerBody
): Verdict => {
  const { status } = answer
  if (status >= 200 && status < 300) return accepted(receiver.signal, status, body)
  if (status >= 300 && status < 400) {
    return { _tag: "Refused", reason: "redirected", problem: redirection(receiver, status, answer.header("location")) }
  }
  const message = textOf(body)
  const problem = `it answered with status ${status}${message === "" ? "" : `: ${message}`}`
  if (status === 413) return { _tag: "TooLarge", problem }
  return retryable.has(status)
    ? { _tag: "TryAgain", problem, retryAfter: answer.header("retry-after") }
    : { _tag: "Refused", reason: "rejected", problem }
}

const accepted = (signal: Signal, status: number, body: AnswerBody): Verdict => {
  if (body.isBroken) return { _tag: "Accepted", rejected: 0, remark: `broke off its answer with status ${status}` }
  const partial = Option.getOrUndefined(decodeSuccess(decodeText(body.bytes)))?.partialSuccess
  const rejected = Number(partial?.[rejectedFields[signal]] ?? 0)
  const message = partial?.errorMessage ?? ""
  if (rejected === 0 && message === "") return { _tag: "Accepted", rejected, remark: "" }
  const what = rejected > 0 ? `rejected ${rejected} of a request` : "has a remark"
  return { _tag: "Accepted", rejected, remark: `${what}${message === "" ? "" : `: ${message}`}` }
}

/** The host is enough to find the mistake; the rest of an address may hold a key. */
const redirection = ({ url }: Receiver, status: number, location: string | undefined): string => {
  const host = location !== undefined && URL.canParse(location, url) ? new URL(location, url).host : "no known host"
  return `it redirects to ${host} with status ${status}, and redirects are not followed`
}

/** The message of a status in JSON, or the text of any other answer on one line. */
const textOf = ({ bytes }: AnswerBody): string => {
  const text = decodeText(bytes)
  return (Option.getOrUndefined(decodeStatus(text))?.message ?? text).replace(/\s+/g, " ").trim()
}

const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

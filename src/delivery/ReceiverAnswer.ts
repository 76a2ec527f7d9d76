/**
 * What an answer of a receiver means for the records that were sent. Pure.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type FieldValue, readProtobuf } from "../encoding/readProtobuf.ts"
import type { DropReason } from "./Ledger.ts"
import type { Receiver, Signal } from "./Receiver.ts"
import type { Answer, AnswerBody } from "./Transport.ts"

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

/** Statuses after which a request of OTLP is sent again. */
export const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** 64-bit integers are texts in the JSON of protobuf; some receivers write numbers. */
const Count = Schema.Union([Schema.Natural, Schema.String.check(Schema.isPattern(/^\d{1,19}$/))])

const optional = <S extends Schema.Top>(schema: S) => Schema.optional(Schema.NullOr(schema))

const Success = Schema.fromJsonString(Schema.Struct({
  partialSuccess: Schema.Struct({
    rejectedSpans: optional(Count),
    rejectedDataPoints: optional(Count),
    rejectedLogRecords: optional(Count),
    errorMessage: optional(Schema.String)
  })
}))

const Status = Schema.fromJsonString(Schema.Struct({ message: Schema.String }))

const decodeSuccess = Schema.decodeUnknownOption(Success)
const decodeStatus = Schema.decodeUnknownOption(Status)

const rejectedFields = {
  spans: "rejectedSpans",
  metrics: "rejectedDataPoints",
  "log records": "rejectedLogRecords"
} as const

/** An answer without its body. */
type Head = Pick<Answer, "status" | "header">

/** Judges an answer. A status of success counts even if the body broke off: the receiver has read the request. */
export const judge = (receiver: Receiver, answer: Head, body: AnswerBody): Verdict => {
  const { status } = answer
  if (status >= 200 && status < 300) {
    return receiver.plain === undefined
      ? accepted(receiver, answer, body)
      : { _tag: "Accepted", rejected: 0, remark: "" }
  }
  if (status >= 300 && status < 400) {
    return { _tag: "Refused", reason: "redirected", problem: redirection(receiver, status, answer.header("location")) }
  }
  const message = messageOf(receiver, answer, body)
  const problem = `it answered with status ${status}${message === "" ? "" : `: ${message}`}`
  if (status === 413) return { _tag: "TooLarge", problem }
  const isRetryable = receiver.plain?.isRetryable(status) ?? retryable.has(status)
  return isRetryable
    ? { _tag: "TryAgain", problem, retryAfter: answer.header("retry-after") }
    : { _tag: "Refused", reason: "rejected", problem }
}

const accepted = (receiver: Receiver, answer: Head, body: AnswerBody): Verdict => {
  if (body.isBroken) {
    return { _tag: "Accepted", rejected: 0, remark: `broke off its answer with status ${answer.status}` }
  }
  const { message, rejected } = isProtobuf(receiver, answer)
    ? partialOfProtobuf(body.bytes)
    : partialOfJson(receiver.signal, body.bytes)
  if (rejected === 0 && message === "") return { _tag: "Accepted", rejected, remark: "" }
  const what = rejected > 0 ? `rejected ${rejected} of a request` : "has a remark"
  return { _tag: "Accepted", rejected, remark: `${what}${message === "" ? "" : `: ${message}`}` }
}

/** What a receiver says about a request that it took. */
interface Partial {
  readonly rejected: number
  readonly message: string
}

const partialOfJson = (signal: Signal, bytes: Uint8Array): Partial => {
  const partial = Option.getOrUndefined(decodeSuccess(decodeText(bytes)))?.partialSuccess
  return { rejected: Number(partial?.[rejectedFields[signal]] ?? 0), message: partial?.errorMessage ?? "" }
}

/** All signals have the same numbers of fields. */
const partialOfProtobuf = (bytes: Uint8Array): Partial => {
  const partial = readProtobuf(bytes)?.get(1)
  const fields = partial instanceof Uint8Array ? readProtobuf(partial) : undefined
  const rejected = fields?.get(1)
  return {
    rejected: typeof rejected === "bigint" ? Math.max(0, Number(BigInt.asIntN(64, rejected))) : 0,
    message: textOf(fields?.get(2))
  }
}

/** The host is enough to find the mistake; the rest of an address may hold a key. */
const redirection = ({ url }: Receiver, status: number, location: string | undefined): string => {
  const host = location !== undefined && URL.canParse(location, url) ? new URL(location, url).host : "no known host"
  return `it redirects to ${host} with status ${status}, and redirects are not followed`
}

/** The message of a status in JSON or in Protocol Buffers, or the text of any other answer, on one line. */
const messageOf = (receiver: Receiver, answer: Head, { bytes }: AnswerBody): string => {
  const ofProtobuf = isProtobuf(receiver, answer) ? readProtobuf(bytes) : undefined
  const text = decodeText(bytes)
  const message = ofProtobuf === undefined
    ? Option.getOrUndefined(decodeStatus(text))?.message ?? text
    : textOf(ofProtobuf.get(2))
  return message.replace(/\s+/g, " ").trim()
}

/** An answer without a type has that of the request. */
const isProtobuf = (receiver: Receiver, answer: Head): boolean =>
  (answer.header("content-type") ?? receiver.contentType).includes("protobuf")

const textOf = (value: FieldValue | undefined): string => value instanceof Uint8Array ? decodeText(value) : ""

const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

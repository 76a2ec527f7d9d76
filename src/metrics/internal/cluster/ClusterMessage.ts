/**
 * The messages between processes about their metrics. Pure.
 *
 * **Details**
 *
 * A worker sends `hello` when it is ready for questions. The primary asks with
 * `ask`. The worker answers with its snapshot in parts, each a document of
 * `JsonFormat`. So neither side is busy for long, and a number may be any double.
 * Without a question, a worker sends its snapshot as an answer to round 0.
 *
 * Other messages on the channel belong to the program and are ignored.
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as JsonFormat from "../../JsonFormat.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import { split } from "../combine/SnapshotParts.ts"

const protocol = "tasker-telemetry/metrics"

/** Higher if an older process would misunderstand a newer one. */
const version = 1

/** The highest number of characters of all documents of a snapshot. */
export const maximumCharacters = 64 * 1024 * 1024

/** Series in one part. To write or read a part takes one or two milliseconds. */
const seriesPerPart = 500

const envelope = { protocol: Schema.Literal(protocol), version: Schema.Literal(version) }

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Instance = Schema.String.check(Schema.isMaxLength(64))

const Hello = Schema.Struct({ ...envelope, type: Schema.Literal("hello"), instance: Instance })

const Ask = Schema.Struct({ ...envelope, type: Schema.Literal("ask"), round: Count })

const Part = Schema.Struct({
  ...envelope,
  type: Schema.Literal("part"),
  /** Identifies a store within a process. */
  instance: Instance,
  /** Higher for each snapshot of the instance. */
  reading: Count,
  /** The round that the snapshot answers; 0 without a question. */
  round: Count,
  /** Whether the instance ends with this snapshot. */
  isLast: Schema.Boolean,
  index: Count,
  count: Count,
  document: Schema.String
})

export type Part = typeof Part.Type

export type Message = typeof Hello.Type | typeof Ask.Type | Part

export const hello = (instance: string): Message => ({ protocol, version, type: "hello", instance })

export const ask = (round: number): Message => ({ protocol, version, type: "ask", round })

/** The fields that all parts of a snapshot share. */
export type Header = Pick<Part, "instance" | "reading" | "round" | "isLast">

/** Splits a snapshot into pieces, which {@link parts} makes messages of. */
export function* pieces(snapshot: MetricSnapshot): TimeSlice.Work<ReadonlyArray<MetricSnapshot>> {
  const all = yield* split(snapshot, seriesPerPart)
  return all.length === 0 ? [snapshot] : all
}

/** Makes the messages of a snapshot, each one when it is asked for. */
export function* parts(header: Header, pieces: ReadonlyArray<MetricSnapshot>): Generator<Message, void> {
  for (const [index, piece] of pieces.entries()) {
    yield {
      protocol,
      version,
      type: "part",
      ...header,
      index,
      count: pieces.length,
      document: JsonFormat.format(piece)
    }
  }
}

const decode = Schema.decodeUnknownOption(Schema.Union([Hello, Ask, Part]))

/** Reads a message; `undefined` if it is not ours. */
export const read = (message: unknown): Message | "another version" | undefined => {
  if (!Predicate.isObject(message) || !("protocol" in message) || message.protocol !== protocol) return undefined
  if ("version" in message && message.version !== version) return "another version"
  return Option.getOrUndefined(decode(message))
}

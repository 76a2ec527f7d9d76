/**
 * Calls the functions of exporters, and keeps what goes wrong in them from the program.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { expectEffect, unexpectedValue } from "../../internal/expectEffect.ts"
import * as TimeSlice from "../../internal/TimeSlice.ts"
import type { MetricSnapshot } from "../../metrics/MetricSnapshot.ts"
import type { CacheSync, ExportCompletion, ExportRequest, MetricExporter } from "../MetricExporter.ts"
import { withinTime } from "./withinTime.ts"

/** What each callback of an exporter gets. */
export interface About {
  readonly onCacheSync: CacheSync
  readonly onExportRequest: ExportRequest
  readonly onExportComplete: ExportCompletion
}

/** A callback only takes note of something, so its time is short. */
const callbackTime = Duration.seconds(5)

/** The highest number of bytes of a body. An exporter that never stops giving chunks ends there. */
const mostBytes = 2 ** 28

/** What was written, in one piece. */
export interface Written {
  readonly contentType: string
  readonly body: Uint8Array<ArrayBuffer>
}

/** Lets an exporter write. If it gives something that is no body, this dies with an error that names the exporter. */
export const write = (
  exporter: MetricExporter,
  snapshot: MetricSnapshot,
  request: ExportRequest,
  limit: Duration.Duration
): Effect.Effect<Written, unknown> => {
  const giver = `export of exporter "${exporter.name}"`
  const written = Effect.suspend(() => expectEffect(giver, exporter.export(snapshot, request)))
  return withinTime(
    Effect.flatMap(written as Effect.Effect<unknown, unknown>, (given) => {
      if (typeof given !== "object" || given === null || !("body" in given && "contentType" in given)) {
        return Effect.die(unexpectedValue(giver, given, "an object with contentType and body"))
      }
      const { body, contentType } = given
      if (typeof contentType !== "string" || contentType === "") {
        return Effect.die(unexpectedValue(`${giver}: contentType`, contentType, "a text"))
      }
      return Effect.map(bytesOf(giver, body), (body): Written => ({ contentType, body }))
    }),
    limit
  )
}

const encoder = new TextEncoder()

const bytesOf = (giver: string, body: unknown): Effect.Effect<Uint8Array<ArrayBuffer>> => {
  if (typeof body === "string") return Effect.sync(() => encoder.encode(body))
  if (body instanceof Uint8Array) return Effect.succeed(ofOwnBuffer(body))
  if (typeof body === "object" && body !== null && Symbol.iterator in body) {
    return Effect.suspend(() => TimeSlice.run(joined(giver, body as Iterable<unknown>)))
  }
  return Effect.die(unexpectedValue(`${giver}: body`, body, "a text, bytes or chunks of bytes"))
}

const ofOwnBuffer = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer ? bytes as Uint8Array<ArrayBuffer> : bytes.slice()

/** Joins chunks. Each one is a piece of work. */
function* joined(giver: string, chunks: Iterable<unknown>): TimeSlice.Work<Uint8Array<ArrayBuffer>> {
  const parts: Array<Uint8Array> = []
  let length = 0
  for (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) throw unexpectedValue(`${giver}: body`, chunk, "a chunk of bytes")
    length += chunk.length
    if (length > mostBytes) throw new RangeError(`${giver}: body has more than ${mostBytes} bytes`)
    if (chunk.length > 0) parts.push(chunk)
    yield
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Calls a callback of an exporter, if it has one. */
export const notify = <Name extends keyof About>(
  exporter: MetricExporter,
  name: Name,
  about: About[Name]
): Effect.Effect<void, unknown> => {
  const callback = exporter[name] as ((about: unknown) => unknown) | undefined
  if (callback === undefined) return Effect.void
  const called = Effect.suspend(() =>
    expectEffect(`${name} of exporter "${exporter.name}"`, callback.call(exporter, about))
  )
  return Effect.asVoid(withinTime(called as Effect.Effect<unknown, unknown>, callbackTime))
}

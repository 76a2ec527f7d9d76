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
  /** The buffer of the body, if the next body may overwrite it. */
  readonly room?: Uint8Array<ArrayBuffer>
}

/**
 * Lets an exporter write. If it gives something that is no body, this dies with an error that names the exporter.
 *
 * @param room a buffer for the body
 */
export const write = (
  exporter: MetricExporter,
  snapshot: MetricSnapshot,
  request: ExportRequest,
  limit: Duration.Duration,
  room: Uint8Array<ArrayBuffer>
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
      return Effect.map(bytesOf(giver, body, room), (written): Written => ({ contentType, ...written }))
    }),
    limit
  )
}

const encoder = new TextEncoder()

type Body = Pick<Written, "body" | "room">

const bytesOf = (giver: string, body: unknown, room: Uint8Array<ArrayBuffer>): Effect.Effect<Body> => {
  if (typeof body === "string") return Effect.sync(() => ({ body: encoder.encode(body) }))
  if (body instanceof Uint8Array) return Effect.succeed({ body: ofOwnBuffer(body) })
  if (typeof body === "object" && body !== null && Symbol.iterator in body) {
    return Effect.suspend(() => TimeSlice.run(joined(giver, body as Iterable<unknown>, room)))
  }
  return Effect.die(unexpectedValue(`${giver}: body`, body, "a text, bytes or chunks of bytes"))
}

const ofOwnBuffer = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer ? bytes as Uint8Array<ArrayBuffer> : bytes.slice()

/** Joins chunks in the buffer as they come, so that none of them is kept. Each one is a piece of work. */
function* joined(giver: string, chunks: Iterable<unknown>, room: Uint8Array<ArrayBuffer>): TimeSlice.Work<Body> {
  let whole = room
  let length = 0
  for (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) throw unexpectedValue(`${giver}: body`, chunk, "a chunk of bytes")
    const end = length + chunk.length
    if (end > mostBytes) throw new RangeError(`${giver}: body has more than ${mostBytes} bytes`)
    if (end > whole.length) {
      const grown = new Uint8Array(2 * end)
      grown.set(whole.subarray(0, length))
      whole = grown
    }
    whole.set(chunk, length)
    length = end
    yield
  }
  return { body: whole.subarray(0, length), room: whole }
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

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as Receiver from "../../src/delivery/Receiver.ts"
import * as ReceiverAnswer from "../../src/delivery/ReceiverAnswer.ts"
import { ProtobufWriter } from "../../src/encoding/ProtobufWriter.ts"

const judge = Effect.fnUntraced(function*(
  status: number,
  bytes: Uint8Array,
  contentType: string | undefined = "application/x-protobuf"
) {
  const config = yield* TelemetryConfig.make({ delivery: { endpoint: "http://c" } })
  const header = (name: string) => name === "content-type" ? contentType : undefined
  return ReceiverAnswer.judge(Receiver.of(config, "spans")!, { status, header }, { bytes, isBroken: false })
})

const message = (write: (writer: ProtobufWriter) => void) => {
  const writer = new ProtobufWriter()
  write(writer)
  return writer.take()
}

const partial = (rejected: number, text: string) =>
  message((writer) => {
    const start = writer.open(1)
    writer.integer(1, rejected)
    writer.string(2, text)
    writer.close(start)
  })

const status = (text: string) =>
  message((writer) => {
    writer.integer(1, 3)
    writer.string(2, text)
  })

const text = (text: string) => new TextEncoder().encode(text)

describe("ReceiverAnswer", () => {
  it.effect("reads what was not taken from Protocol Buffers", () =>
    Effect.gen(function*() {
      const accepted = { _tag: "Accepted", rejected: 0, remark: "" } as const
      assert.deepStrictEqual(yield* judge(200, new Uint8Array()), accepted)
      assert.deepStrictEqual(yield* judge(200, partial(0, "")), accepted)
      assert.deepStrictEqual(yield* judge(200, partial(-1, "")), accepted)
      assert.deepStrictEqual(yield* judge(200, text("<html>")), accepted)
      assert.deepStrictEqual(yield* judge(200, partial(3, "too old")), {
        _tag: "Accepted",
        rejected: 3,
        remark: "rejected 3 of a request: too old"
      })
      assert.deepStrictEqual(yield* judge(200, partial(0, "use gzip"), undefined), {
        ...accepted,
        remark: "has a remark: use gzip"
      })
    }))

  it.effect("reads the message of a status from Protocol Buffers, and any other text as it is", () =>
    Effect.gen(function*() {
      const refused = (problem: string) => ({ _tag: "Refused", reason: "rejected", problem }) as const
      assert.deepStrictEqual(yield* judge(400, status("bad\n id")), refused("it answered with status 400: bad id"))
      assert.deepStrictEqual(yield* judge(400, text("no")), refused("it answered with status 400: no"))
      assert.deepStrictEqual(
        yield* judge(400, status("bad id"), "text/plain; charset=utf-8"),
        refused("it answered with status 400: \b\u0003\u0012\u0006bad id")
      )
      assert.deepStrictEqual(
        yield* judge(400, text("{\"code\":3,\"message\":\"bad id\"}"), "application/json"),
        refused("it answered with status 400: bad id")
      )
      assert.deepStrictEqual(yield* judge(503, status("busy")), {
        _tag: "TryAgain",
        problem: "it answered with status 503: busy",
        retryAfter: undefined
      })
    }))
})

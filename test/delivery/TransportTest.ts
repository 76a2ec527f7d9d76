/**
 * What every transport does, whatever its client is.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, type Layer, Queue, Scope } from "effect"
import { gunzipSync } from "node:zlib"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as Receiver from "../../src/delivery/Receiver.ts"
import { longestAnswer, Transport } from "../../src/delivery/Transport.ts"
import * as rawServer from "../support/rawServer.ts"

type Delivery = TelemetryConfig.Options["delivery"]

const receiverOf = (delivery: Delivery) =>
  Effect.map(TelemetryConfig.make({ delivery }), (config) => Receiver.of(config, "spans")!)

export const connect = (delivery: Delivery) =>
  Effect.flatMap(
    receiverOf(delivery),
    (receiver) => Effect.flatMap(Transport, (transport) => transport.connect(receiver))
  )

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** One request and its whole answer. */
const exchange = Effect.fnUntraced(function*(delivery: Delivery, body = "{}") {
  const post = yield* connect(delivery)
  return yield* Effect.scoped(Effect.gen(function*() {
    const answer = yield* post(bytes(body), "http/protobuf")
    const read = yield* answer.body
    return { status: answer.status, header: answer.header, body: text(read.bytes), isBroken: read.isBroken }
  }))
})

const failure = (delivery: Delivery) =>
  Effect.map(Effect.flip(exchange(delivery)), (error) => {
    assert.strictEqual(error._tag, "TransportError")
    return "reason" in error ? error.reason : undefined
  })

const at = (port: number): Delivery => ({ traces: { endpoint: `http://127.0.0.1:${port}/v1/traces?key=k` } })

/** The suite; the layer is built for each test. */
export const suite = (name: string, layer: Layer.Layer<Transport>): void => {
  describe(`${name}, as every transport,`, () => {
    const test = (title: string, body: Effect.Effect<void, unknown, Transport | Scope.Scope>) =>
      it.live(title, () => Effect.provide(body, layer))

    test(
      "sends the body with its type and the headers, and gives status, headers and body of the answer",
      Effect.gen(function*() {
        const requests: Array<string> = []
        const { port } = yield* rawServer.make((socket, request) => {
          requests.push(request)
          socket.write(rawServer.answer("202 Accepted", "{\"a\":1}", ["retry-after: 7"]))
        })
        const { body, header, isBroken, status } = yield* exchange({
          ...at(port),
          headers: { authorization: "Bearer a" }
        }, "{\"b\":2}")
        assert.deepStrictEqual([status, header("retry-after"), header("location"), body, isBroken], [
          202,
          "7",
          undefined,
          "{\"a\":1}",
          false
        ])
        const [request = ""] = requests
        assert.match(request, /^POST \/v1\/traces\?key=k HTTP\/1\.1\r\n/)
        assert.match(request, /\r\ncontent-type: application\/x-protobuf\r\n/i)
        assert.match(request, /\r\nauthorization: Bearer a\r\n/i)
        assert.match(request, /\r\ncontent-length: 7\r\n/i)
        assert.notMatch(request, /\r\ncontent-encoding:/i)
        assert.match(request, /\r\n\r\n\{"b":2\}$/)
      })
    )

    test(
      "compresses",
      Effect.gen(function*() {
        const requests: Array<string> = []
        const { port } = yield* rawServer.make((socket, request) => {
          requests.push(request)
          socket.write(rawServer.answer("200 OK"))
        })
        yield* exchange({ ...at(port), compression: "gzip" }, "x".repeat(100_000))
        const [request = ""] = requests
        assert.match(request, /\r\ncontent-encoding: gzip\r\n/i)
        const [, body = ""] = request.split("\r\n\r\n")
        assert.isBelow(body.length, 1000)
        assert.strictEqual(text(gunzipSync(Buffer.from(body, "latin1"))), "x".repeat(100_000))
      })
    )

    test(
      "reads a part of a long answer",
      Effect.gen(function*() {
        const { port } = yield* rawServer.make((socket) =>
          void socket.write(rawServer.answer("400 No", "x".repeat(5e5)))
        )
        const { body, isBroken, status } = yield* exchange(at(port))
        assert.deepStrictEqual([status, body.length, isBroken], [400, longestAnswer, false])
      })
    )

    test(
      "follows no redirect",
      Effect.gen(function*() {
        const reached: Array<string> = []
        const other = yield* rawServer.make((socket, request) => {
          reached.push(request)
          socket.write(rawServer.answer("200 OK"))
        })
        for (const code of ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"]) {
          const location = `http://127.0.0.1:${other.port}/x`
          const { port } = yield* rawServer.make((socket) =>
            void socket.write(rawServer.answer(code, "", [`location: ${location}`]))
          )
          const { header, status } = yield* exchange({ ...at(port), headers: { authorization: "Bearer a" } })
          assert.deepStrictEqual([status, header("location")], [Number(code.slice(0, 3)), location])
        }
        assert.deepStrictEqual(reached, [])
      })
    )

    test(
      "says that a connection is refused, that a name is not known, that a connection broke off",
      Effect.gen(function*() {
        const { port } = yield* Effect.scoped(rawServer.make(() => {}))
        assert.strictEqual(yield* failure(at(port)), "refused")
        assert.strictEqual(
          yield* failure({ traces: { endpoint: "http://nowhere.invalid/v1/traces" } }),
          "unknown_name"
        )
        const closing = yield* rawServer.make((socket) => void socket.destroy())
        assert.strictEqual(yield* failure(at(closing.port)), "reset")
        const half = yield* rawServer.make((socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-le"))
        assert.strictEqual(yield* failure(at(half.port)), "reset")
      })
    )

    test(
      "says that an answer is no HTTP",
      Effect.gen(function*() {
        const { port } = yield* rawServer.make((socket) => void socket.end("SSH-2.0-OpenSSH_9.2\r\n"))
        assert.strictEqual(yield* failure(at(port)), "malformed_answer")
      })
    )

    test(
      "gives what it has of an answer that breaks off",
      Effect.gen(function*() {
        const { port } = yield* rawServer.make((socket) =>
          void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half")
        )
        const { body, isBroken, status } = yield* exchange(at(port))
        assert.deepStrictEqual([status, body, isBroken], [200, "{\"half", true])
      })
    )

    test(
      "ends a request whose receiver hangs when it is interrupted, before and within the answer",
      Effect.gen(function*() {
        for (const beginning of ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"]) {
          const events = yield* Queue.unbounded<string>()
          const { port } = yield* rawServer.make((socket) => {
            socket.on("close", () => Queue.offerUnsafe(events, "closed"))
            socket.write(beginning)
            Queue.offerUnsafe(events, "arrived")
          })
          const fiber = yield* Effect.forkChild(exchange(at(port)))
          assert.strictEqual(yield* Queue.take(events), "arrived")
          yield* Fiber.interrupt(fiber)
          assert.strictEqual(yield* Queue.take(events), "closed")
        }
      })
    )

    test(
      "uses one connection again and again",
      Effect.gen(function*() {
        const { opened, port } = yield* rawServer.make((socket) => void socket.write(rawServer.answer("200 OK", "{}")))
        const post = yield* connect(at(port))
        for (let number = 0; number < 20; number++) {
          yield* Effect.scoped(Effect.flatMap(post(bytes("{}"), "http/protobuf"), ({ body }) => body))
        }
        assert.isAtMost(opened(), 2)
      })
    )
  })
}

/** Waits until a scope that is closed has left no connection open. */
export const leavesNoConnection = Effect.gen(function*() {
  const ends = yield* Queue.unbounded<void>()
  const { open, port } = yield* rawServer.make((socket) => {
    socket.on("close", () => Queue.offerUnsafe(ends, undefined))
    socket.write(rawServer.answer("200 OK", "{}"))
  })
  const scope = yield* Scope.make()
  const post = yield* Scope.provide(scope)(connect(at(port)))
  yield* Effect.scoped(Effect.flatMap(post(bytes("{}"), "http/protobuf"), ({ body }) => body))
  const before = open()
  yield* Scope.close(scope, Exit.void)
  yield* Queue.take(ends)
  return [before, open()]
})

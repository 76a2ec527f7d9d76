import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TlsOptions } from "node:tls"
import * as NodeTransport from "../../../src/node/internal/NodeTransport.ts"
import { connect, leavesNoConnection, suite } from "../../delivery/TransportTest.ts"
import * as rawServer from "../../support/rawServer.ts"

suite("NodeTransport", NodeTransport.layer)

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tasker-tls-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** Makes a key and a certificate that signs itself. */
const certify = (path: string, name: string) => {
  const [key, certificate] = [join(path, `${name}.key`), join(path, `${name}.pem`)]
  const subject = `-subj /CN=${name} -addext subjectAltName=IP:127.0.0.1`
  const how = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
  execFileSync("openssl", ["req", ...`${how} ${subject} -keyout`.split(" "), key, "-out", certificate], {
    stdio: "ignore"
  })
  return { key, certificate }
}

const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"])
    return true
  } catch {
    return false
  }
})()

const send = Effect.fnUntraced(function*(port: number, files: object) {
  const post = yield* connect({ traces: { endpoint: `https://127.0.0.1:${port}/v1/traces` }, ...files })
  return yield* Effect.scoped(Effect.map(post(new Uint8Array(), "http/protobuf"), ({ status }) => status))
})

const serve = (options: TlsOptions) =>
  rawServer.make((socket) => void socket.write(rawServer.answer("200 OK")), options)

describe("NodeTransport", () => {
  it.live("closes its connections with the scope", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* leavesNoConnection, [1, 0])
    }).pipe(Effect.scoped, Effect.provide(NodeTransport.layer)))

  it.live("sends again where a kept connection turns out to be closed", () =>
    Effect.gen(function*() {
      const { opened, port } = yield* rawServer.make((socket, _, number) => {
        if (number === 1) return void socket.destroy()
        socket.write(rawServer.answer("200 OK", "{}"))
      })
      const post = yield* connect({ endpoint: `http://127.0.0.1:${port}` })
      const send = Effect.scoped(
        Effect.flatMap(post(new Uint8Array(), "http/protobuf"), ({ body, status }) => Effect.as(body, status))
      )
      const first = yield* send
      // A connection is kept once its answer has ended and the event loop has had a turn.
      yield* Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
      const statuses = [first, yield* send]
      assert.deepStrictEqual([statuses, opened()], [[200, 200], 2])
    }).pipe(Effect.scoped, Effect.provide(NodeTransport.layer)))

  it.live.skipIf(!hasOpenssl)(
    "trusts the certificates of the option, and shows the client's own",
    () =>
      Effect.gen(function*() {
        const path = yield* folder
        const server = certify(path, "server")
        const client = certify(path, "client")
        const own = { key: readFileSync(server.key), cert: readFileSync(server.certificate) }
        const open = yield* serve(own)
        const refused = yield* Effect.flip(send(open.port, {}))
        assert.strictEqual(refused._tag === "TransportError" ? refused.reason : refused.message, "tls")
        assert.strictEqual(yield* send(open.port, { certificate: server.certificate }), 200)
        const closed = yield* serve({
          ...own,
          requestCert: true,
          rejectUnauthorized: true,
          ca: readFileSync(client.certificate)
        })
        const error = yield* Effect.flip(send(closed.port, { certificate: server.certificate }))
        assert.strictEqual(error._tag, "TransportError")
        const files = { certificate: server.certificate, clientKey: client.key, clientCertificate: client.certificate }
        assert.strictEqual(yield* send(closed.port, files), 200)
      }).pipe(Effect.scoped, Effect.provide(NodeTransport.layer))
  )

  it.effect.each(["certificate", "clientKey", "clientCertificate"] as const)(
    "names the option %s whose file cannot be used",
    (name) =>
      Effect.gen(function*() {
        const path = join(yield* folder, "x.pem")
        const problem = Effect.map(
          Effect.flip(connect({ endpoint: "https://c", [name]: path })),
          ({ message }) => message
        )
        assert.match(yield* problem, new RegExp(`^delivery\\.${name}: ".*x\\.pem" cannot be used: .*ENOENT`))
        writeFileSync(path, "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
        assert.match(yield* problem, new RegExp(`^delivery\\.${name}: ".*x\\.pem" cannot be used: `))
      }).pipe(Effect.scoped, Effect.provide(NodeTransport.layer))
  )
})

import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { Headers, HttpServerRequest } from "effect/http"
import { isLocal } from "../../../src/http/internal/LocalRequest.ts"

describe("the peer of a request", () => {
  const from = (remote: string | undefined, peer = remote) =>
    HttpServerRequest.fromWeb(new Request("http://localhost/tasks")).modify({
      headers: Headers.fromInput({ host: "localhost" }),
      remoteAddress: Option.fromUndefinedOr(remote),
      peerAddress: Option.fromUndefinedOr(peer)
    })

  it.each(["127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1"])(
    "%s is on this machine",
    (address) => assert.isTrue(isLocal(from(address)))
  )

  it.each([
    "192.0.2.1",
    "128.0.0.1",
    "0.0.0.0",
    "::",
    "::2",
    "::ffff:10.0.0.1",
    "fe80::1",
    "127.0.0.1.example",
    "",
    undefined
  ])(
    "%s is not",
    (address) => assert.isFalse(isLocal(from(address)))
  )

  it("is the connection's, and the client's where a proxy named one", () => {
    assert.isFalse(isLocal(from("127.0.0.1", "192.0.2.1")))
    assert.isFalse(isLocal(from("192.0.2.1", "127.0.0.1")))
  })
})

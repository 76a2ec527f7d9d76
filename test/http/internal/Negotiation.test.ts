import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Negotiation from "../../../src/http/internal/Negotiation.ts"

const ranges = (header: string) =>
  Negotiation.parse(header).map(({ parameters, quality, type }) => [type, { ...parameters }, quality])

describe("parse", () => {
  it("reads types, parameters and qualities", () => {
    assert.deepStrictEqual(
      ranges("Text/Plain; Version=0.0.4;q=0.25 , */* ;q=0.1,application/x;a=\"b,;\\\"c\";b = d,a/*"),
      [
        ["text/plain", { version: "0.0.4" }, 0.25],
        ["*/*", {}, 0.1],
        ["application/x", { a: "b,;\"c", b: "d" }, 1],
        ["a/*", {}, 1]
      ]
    )
  })

  it("passes over what is no range, and takes an unreadable quality for none", () => {
    assert.deepStrictEqual(ranges("text, /, ,;q=1, */x, a/b;q=2, c/d;q=-1, e/f;q=x, \"g/h"), [
      ["a/b", {}, 0],
      ["c/d", {}, 0],
      ["e/f", {}, 0]
    ])
  })

  it.effect.prop("reads every header", [Schema.String], ([header]) =>
    Effect.sync(() => {
      for (const { quality } of Negotiation.parse(header)) assert.isTrue(quality >= 0 && quality <= 1)
    }), { arbitrary: { runs: 500, seed: 1 } })
})

const offer = (contentType: string): Negotiation.Offer => ({
  contentType,
  matches: ({ type }) => contentType.startsWith(type)
})
const offers = [offer("text/plain; version=1"), offer("text/csv"), offer("application/json")] as const

describe("select", () => {
  it.each([
    ["application/json", "application/json"],
    ["text/csv;q=0.5, application/json;q=0.6", "application/json"],
    ["text/csv, text/plain", "text/csv"],
    ["application/*, text/csv;q=0.9", "application/json"],
    ["text/*", "text/plain; version=1"],
    ["text/plain;q=0, text/*", "text/csv"],
    ["*/*;q=0.5, text/plain;q=0.1", "text/csv"],
    ["image/png", "text/plain; version=1"],
    ["*/*;q=0", "text/plain; version=1"],
    [undefined, "text/plain; version=1"]
  ])("for %j is %s", (header, contentType) => {
    assert.strictEqual(Negotiation.select(offers, header).contentType, contentType)
  })
})

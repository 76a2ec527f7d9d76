import { assert, describe, it } from "@effect/vitest"
import * as Redaction from "../../src/redaction/Redaction.ts"

describe("Redaction limits", () => {
  it("decides a key of a million capitals at once", { timeout: 2000 }, () => {
    assert.isFalse(Redaction.make().isSensitive("A".repeat(1_000_000)))
    assert.isTrue(Redaction.make().isSensitive(`${"A".repeat(1_000_000)}_TOKEN`))
  })

  it("leaves binary data out and keeps the first 10 000 members", () => {
    const policy = Redaction.make()
    assert.strictEqual(policy.apply("body", new Uint8Array(5_000_000)), "[5000000 bytes]")
    assert.lengthOf(policy.apply("list", Array.from({ length: 100_000 }, () => 1)) as ReadonlyArray<number>, 10_000)
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index]))
    assert.lengthOf(Object.keys(policy.apply("wide", wide) as object), 10_000)
  })
})

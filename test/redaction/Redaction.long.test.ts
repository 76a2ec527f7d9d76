import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Redaction from "../../src/redaction/Redaction.ts"
import { assertLinear, type ReadCounts, readCounts } from "../support/readCounts.ts"
import { pieces } from "./longTexts.ts"

const all = [...Redaction.defaultPatterns, "email"] as const
const policy = Redaction.make({ patterns: all })

describe("Redaction of long texts", () => {
  /** Characters of the shortest text. */
  const size = 600
  /** What two policies with five searches read of one character. */
  const mostOfEach = 2000
  let counts: ReadonlyMap<string, ReadCounts>
  beforeAll(async () => {
    counts = await readCounts({ reader: "redact", pieces, size })
  })

  it.each(pieces.map((piece) => ({ name: JSON.stringify(piece), piece })))(
    "reads a text of any length in steps that are linear in it: $name",
    ({ piece }) => assertLinear(counts.get(piece), mostOfEach)
  )

  it("gives no text longer than a mebibyte, nor one in an object longer than 64 Ki characters", () => {
    const long = "token=a ".repeat(1_000_000)
    assert.isAtMost(policy.text(long).length, 1_048_576)
    assert.match(policy.text(long), /…\[\d+ more\]$/)
    const { inside } = policy.apply("value", { inside: long }) as { readonly inside: string }
    assert.isAtMost(inside.length, 65_536)
  })
})

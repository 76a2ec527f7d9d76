import { beforeAll, describe, it } from "@effect/vitest"
import { assertLinear, type ReadCounts, readCounts } from "../support/readCounts.ts"
import { pieces } from "./longStatements.ts"

/** What is read of one character, with three dialects, by the summary and by the text without literals. */
const mostOfEach = 60

describe("a statement of any length", () => {
  let counts: ReadonlyMap<string, ReadCounts>
  beforeAll(async () => {
    counts = await readCounts({ reader: "summarise", pieces, size: 4000 })
  })

  it.each(pieces.map((piece) => ({ name: JSON.stringify(piece), piece })))(
    "of $name is read in steps that are linear in its length",
    ({ piece }) => assertLinear(counts.get(piece), mostOfEach)
  )
})

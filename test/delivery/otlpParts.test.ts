import { assert, describe, it } from "@effect/vitest"
import * as Otlp from "../../src/delivery/Otlp.ts"
import * as otlpParts from "../../src/delivery/otlpParts.ts"

const format: Otlp.Format<string> = {
  names: { resources: "resourceSpans", scopes: "scopeSpans", records: "spans" },
  writeRecord: (to, name) => {
    if (name === "poison") throw new Error(name)
    if (name !== "") to.text(5, "name", name)
  }
}
const resource: Otlp.Resource = { name: "shop", version: "1", attributes: { zone: "a" } }

describe("otlpParts", () => {
  for (const protocol of ["http/protobuf", "http/json"] as const) {
    it(`puts the request together that is encoded at once, in ${protocol}`, () => {
      const encode = otlpParts.recordEncoder(protocol, format)
      const envelope = otlpParts.envelope(protocol, resource)
      for (
        const names of [
          ["a"],
          ["a", "", "ü".repeat(200)],
          Array.from({ length: 2000 }, (_, index) => `n${index}`)
        ]
      ) {
        assert.throws(() => encode("poison"))
        const records = names.map((name) => encode(name))
        assert.deepStrictEqual(
          otlpParts.assemble(format.names, envelope, records),
          Otlp.encoder(protocol, format, resource)(names)
        )
      }
    })
  }
})

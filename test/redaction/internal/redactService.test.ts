import { assert, describe, it } from "@effect/vitest"
import { redactService } from "../../../src/redaction/internal/redactService.ts"
import * as Redaction from "../../../src/redaction/Redaction.ts"

const policy = Redaction.make({ keys: ["name", "version", "iban"], paths: ["tenant"] })
const mask = "[FILTERED]"

const shown = (name: string, version: string | undefined, attributes: Readonly<Record<string, string>> = {}) =>
  redactService({ name, version, attributes }, policy)

describe("redactService", () => {
  it("masks attributes by their keys, by paths and by what their texts hold", () => {
    assert.deepStrictEqual(
      shown("shop", "1.2.3", {
        iban: "DE02",
        tenant: "acme",
        "db.url": "postgres://u:p@db",
        "db.query.text": "select 'x'",
        "token=abc": "named",
        "host.id": "h-1",
        "deployment.environment.name": "test"
      }),
      {
        name: "shop",
        version: "1.2.3",
        attributes: {
          iban: mask,
          tenant: mask,
          "db.url": `postgres://${mask}@db`,
          "db.query.text": "select ?",
          [`token=${mask}`]: mask,
          "host.id": "h-1",
          "deployment.environment.name": mask
        }
      }
    )
  })

  it("masks secrets in name and version, whatever the rules for keys", () => {
    assert.deepStrictEqual(shown("shop token=abc", "1+Bearer abcdefgh"), {
      name: `shop token=${mask}`,
      version: `1+Bearer ${mask}`,
      attributes: {}
    })
    assert.deepStrictEqual(shown("shop", undefined), { name: "shop", version: undefined, attributes: {} })
  })

  it("keeps attributes whose names look alike once they are masked", () => {
    const { attributes } = redactService(
      { name: "shop", version: undefined, attributes: { "token=a": "1", "token=b": "2" } },
      Redaction.make()
    )
    assert.deepStrictEqual(Object.keys(attributes), [`token=${mask}`, `token=${mask}_2`])
  })

  it("leaves a build number that could be a card number alone", () => {
    assert.strictEqual(shown("shop", "4111111111111111").version, "4111111111111111")
    assert.strictEqual(shown("shop", "2.4111111111111111").version, "2.4111111111111111")
  })
})

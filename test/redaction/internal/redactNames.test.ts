import { assert, describe, it } from "@effect/vitest"
import { redactService, redactWorkflow } from "../../../src/redaction/internal/redactNames.ts"
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

const defaultPolicy = Redaction.make()

describe("redactWorkflow", () => {
  it("gives the context itself where no name holds a secret", () => {
    for (
      const workflow of [
        { taskId: "t-1", taskName: "deploy" },
        { taskId: "t-1", taskName: "deploy", stepId: "t-1/push", stepName: "push", attempt: 1 },
        { taskId: "token=abc", taskName: "deploy", stepId: "token=abc/push", stepName: "push" }
      ]
    ) {
      assert.strictEqual(redactWorkflow(workflow, defaultPolicy), workflow)
    }
  })

  it("masks secrets in the names of task and step, and in the id that has the step's name in it", () => {
    assert.deepStrictEqual(redactWorkflow({ taskId: "t-1", taskName: "deploy password=hunter2" }, defaultPolicy), {
      taskId: "t-1",
      taskName: "deploy password=[FILTERED]",
      stepName: undefined,
      stepId: undefined
    })
    assert.deepStrictEqual(
      redactWorkflow(
        { taskId: "t-1", taskName: "deploy", stepId: "t-1/token=abc", stepName: "token=abc", attempt: 2 },
        defaultPolicy
      ),
      { taskId: "t-1", taskName: "deploy", stepId: "t-1/token=[FILTERED]", stepName: "token=[FILTERED]", attempt: 2 }
    )
  })
})

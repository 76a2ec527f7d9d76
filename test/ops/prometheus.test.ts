/**
 * The configuration and the rules of Prometheus, as its own tool sees them.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as promtool from "../support/promtool.ts"
import { alerts, folder, readYaml, recorded, root } from "./rules.ts"

const unless = promtool.isInstalled ? "" : ": not installed, so these tests are skipped"

const succeeds = ({ output, status }: ReturnType<typeof promtool.run>) => assert.strictEqual(status, 0, output)

describe.skipIf(!promtool.isInstalled)(`promtool${unless}`, () => {
  it("accepts the configuration, with its rules", () => {
    succeeds(promtool.run(join(folder, "prometheus"), "check", "config", "prometheus.yml"))
  })

  it("finds nothing to complain about in the rules", () => {
    succeeds(
      promtool.run(join(folder, "prometheus/rules"), "check", "rules", "recording.yml", "alerts.yml", "plan.yml")
    )
  })

  it("sees each alert fire for what is sick and for nothing that is healthy", () => {
    succeeds(promtool.run(join(folder, "prometheus/tests"), "test", "rules", "alerts.test.yml"))
  })
})

describe("the rules", () => {
  const tested: ReadonlyArray<any> = readYaml("prometheus/tests/alerts.test.yml").tests

  it("have a test of each alert, in which it fires", () => {
    const firing = new Set(
      tested.flatMap(({ alert_rule_test = [] }) => alert_rule_test)
        .filter(({ exp_alerts }: any) => exp_alerts.length > 0)
        .map(({ alertname }: any) => alertname)
    )
    assert.deepStrictEqual(alerts.filter(({ alert }) => !firing.has(alert)).map(({ alert }) => alert), [])
    assert.strictEqual(firing.size, alerts.length)
  })

  it("have a severity and a part of the runbook for each alert", () => {
    const page = readFileSync(join(root, "docs/how-to/operate.md"), "utf8")
    const anchors = Array.from(
      page.matchAll(/^#+ (.*)$/gm),
      ([, title = ""]) => title.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-")
    )
    for (const { alert = "", annotations = {}, labels = {} } of alerts) {
      assert.include(["warning", "critical"], labels["severity"], alert)
      const [file, anchor = ""] = annotations["runbook"]!.split("#")
      assert.strictEqual(file, "docs/how-to/operate.md", alert)
      assert.include(anchors, anchor, alert)
      assert.include(page, `\`${alert}\``, `${alert} is not named in the runbook`)
    }
  })

  it("use what they record", () => {
    const expressions = [...alerts, ...recorded].map(({ expr }) => expr).join("\n")
    assert.deepStrictEqual(recorded.map(({ record }) => record!).filter((record) => !expressions.includes(record)), [])
  })
})

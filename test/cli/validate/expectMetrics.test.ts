import { assert, describe, it } from "@effect/vitest"
import { expectCounts } from "../../../src/cli/validate/expectCounts.ts"
import * as expectMetrics from "../../../src/cli/validate/expectMetrics.ts"
import { read } from "../../../src/cli/validate/exposition.ts"
import { judge, planQueries } from "../../../src/cli/validate/planQueries.ts"
import type { Target } from "../../../src/cli/validate/PrometheusClient.ts"

const url = "http://127.0.0.1:3000/tasker/metrics"

const target = (scrapeUrl: string, more: Partial<Target> = {}): Target => ({
  labels: { job: "tasker-metrics", instance: "127.0.0.1:3000" },
  scrapeUrl,
  lastError: "",
  lastScrape: "",
  health: "up",
  ...more
})

const find = (targets: ReadonlyArray<Target>, job?: string) => expectMetrics.findTarget(targets, url, job)

describe("the target of a service", () => {
  it("is the one with its address and path", () => {
    const { finding, target: found } = find([target("http://127.0.0.1:9090/metrics"), target(`${url}?a=b`)])
    assert.deepStrictEqual([finding.outcome, found?.scrapeUrl], ["ok", `${url}?a=b`])
  })

  it("may have another address for Prometheus, if its job is named", () => {
    const docker = target("http://host.docker.internal:3000/tasker/metrics")
    assert.strictEqual(find([docker]).finding.outcome, "failed")
    assert.strictEqual(find([docker], "tasker-metrics").target, docker)
    assert.include(find([docker], "other").finding.expected, "a target of job other")
  })

  it.each<readonly [string, Partial<Target>, string, string]>([
    [
      "another path",
      { scrapeUrl: "http://127.0.0.1:3000/metrics", lastError: "404" },
      "it scrapes http://127.0.0.1:3000/metrics (404)",
      "set metrics_path: /tasker/metrics for job tasker-metrics"
    ],
    [
      "a scrape that fails",
      { health: "down", lastError: "connection refused" },
      "connection refused",
      "a container reaches its host by another name"
    ],
    [
      "a scrape without the token",
      { health: "down", lastError: "server returned HTTP status 401 Unauthorized" },
      "401",
      "authorization.credentials_file"
    ],
    ["no scrape yet", { health: "unknown" }, "no scrape yet", "look whether"]
  ])("is not usable with %s, and the finding says why", (_, change, found, advice) => {
    const { finding, target: usable } = find([target(url, change)])
    assert.isUndefined(usable)
    assert.include(finding.found, found)
    assert.include(finding.advice ?? "", advice)
  })
})

const exposed = (tasks: number) =>
  read(
    [
      "# HELP tasker_tasks_total R.\n# TYPE tasker_tasks_total counter",
      `tasker_tasks_total{task="a",status="complete"} ${tasks}`,
      "# HELP tasker_steps_total S.\n# TYPE tasker_steps_total counter",
      `tasker_steps_total{task="a",step="s",status="complete"} ${tasks * 3}`,
      ...["tasker_workflow_duration_seconds", "tasker_step_duration_seconds"].flatMap((name, index) => [
        `# HELP ${name} T.\n# TYPE ${name} histogram`,
        `${name}_bucket{task="a",le="1"} ${tasks}`,
        `${name}_bucket{task="a",le="+Inf"} ${tasks * (1 + 2 * index)}`,
        `${name}_sum{task="a"} 1`,
        `${name}_count{task="a"} ${tasks * (1 + 2 * index)}`
      ]),
      ""
    ].join("\n")
  )

const stored = (tasks: number) =>
  exposed(tasks).samples.map(({ labels, ...sample }) => ({
    ...sample,
    labels: { ...labels, ...(labels["le"] === "1" ? { le: "1.0" } : {}), job: "j", instance: "i" }
  }))

describe("what Prometheus holds", () => {
  it("is the same as what the service exposes", () => {
    const finding = expectMetrics.values(exposed(3).samples, exposed(3).samples, stored(3))
    assert.deepStrictEqual([finding.outcome, finding.found], [
      "ok",
      "10 series are equal, 0 changed meanwhile and are in range"
    ])
    assert.isTrue(expectMetrics.presence(exposed(3), stored(3)).every(({ outcome }) => outcome !== "failed"))
  })

  it("is between two expositions if the service works meanwhile", () => {
    assert.strictEqual(expectMetrics.values(exposed(3).samples, exposed(5).samples, stored(4)).outcome, "ok")
    assert.include(expectMetrics.values(exposed(3).samples, exposed(5).samples, stored(6)).found, "is 6, not 3 to 5")
  })

  it("differs if a value is another one or a series is missing", () => {
    assert.include(expectMetrics.values(exposed(3).samples, exposed(3).samples, stored(2)).found, "is 2, not 3")
    assert.include(expectMetrics.values(exposed(3).samples, exposed(3).samples, []).found, "10 differ")
    const [, absent] = expectMetrics.presence(exposed(3), stored(3).filter(({ name }) => name !== "tasker_steps_total"))
    assert.strictEqual(absent?.found, "without tasker_steps_total")
  })

  it("cannot be judged before a task has run", () => {
    const [first] = expectMetrics.presence(read(""), [])
    assert.include(first?.advice ?? "", "run a task first")
  })
})

describe("rules", () => {
  const rule = { name: "TaskerFailures", query: "tasker_tasks_total > 1", health: "ok" }
  const outcome = (...args: Parameters<typeof expectMetrics.rules>) => expectMetrics.rules(...args)[0]?.outcome

  it("are as they should be if they are loaded and none fails", () => {
    assert.strictEqual(outcome([rule], true), "ok")
    assert.strictEqual(outcome([{ ...rule, health: "err", lastError: "bad" }], false), "failed")
    assert.strictEqual(outcome([], false), "skipped")
    assert.strictEqual(outcome([{ ...rule, name: "Other", query: "up" }], true), "failed")
  })
})

describe("the queries of the plan", () => {
  const [quantile, , , errorRate] = planQueries("job=\"j\"")
  const sample = (value: number) => ({ name: "", labels: {}, value })

  it("have one answer in their range, and the selector of the target", () => {
    assert.include(quantile!.expression, "tasker_workflow_duration_seconds_bucket{job=\"j\"}")
    assert.strictEqual(judge(quantile!, [sample(0.2)]).outcome, "ok")
    assert.strictEqual(judge(errorRate!, [sample(0)]).outcome, "ok")
    for (const answer of [[], [sample(Number.NaN)], [sample(1.5)], [sample(0), sample(0)]]) {
      assert.strictEqual(judge(errorRate!, answer).outcome, "failed")
    }
  })
})

describe("the increase of counters", () => {
  const run = {
    taskId: "t",
    name: "a",
    status: "complete",
    correlationId: "c",
    steps: [{ name: "s", dependsOn: [], status: "complete", attempts: 1, workSeconds: 1 }, {
      name: "u",
      dependsOn: [],
      status: "complete",
      attempts: 2,
      workSeconds: 1
    }]
  }
  const failures = (after: number) =>
    expectCounts("service", "a", [run, run], exposed(3).samples, exposed(after).samples).filter(({ outcome }) =>
      outcome === "failed"
    )

  it("is that of the runs", () => {
    assert.deepStrictEqual(failures(5).map(({ check, found }) => [check, found]), [
      // The exposition of this test has no attempt that failed.
      ["service: tasker_steps_total{task=\"a\",status=\"complete\"}", "+6"]
    ])
  })

  it("is twice that of the runs if every run counts twice", () => {
    const [first] = failures(7)
    assert.deepStrictEqual([first?.expected, first?.found], ["+2", "+4"])
    assert.include(first?.advice ?? "", "every run counts twice")
    assert.include(failures(8)[0]?.advice ?? "", "others run this task")
    assert.include(failures(3)[0]?.advice ?? "", "restarted")
  })
})

import { assert, describe, it } from "@effect/vitest"
import { read, seriesKey, sumOf } from "../../../src/cli/validate/exposition.ts"

const good = `# HELP tasker_tasks_total Runs.
# TYPE tasker_tasks_total counter
tasker_tasks_total{task="a \\"b\\" \\\\ c\\n",status="complete"} 3
tasker_tasks_total{task="x",status="error"} 1
# HELP run_seconds Time.
# TYPE run_seconds histogram
run_seconds_bucket{le="0.5"} 1
run_seconds_bucket{le="+Inf"} 2
run_seconds_sum 1.5
run_seconds_count 2
# HELP up Whether.
# TYPE up gauge
up NaN
`

describe("an exposition", () => {
  it("is read with its labels and numbers", () => {
    const { metrics, problems, samples } = read(good)
    assert.deepStrictEqual(problems, [])
    assert.deepStrictEqual(metrics.map(({ name, type }) => [name, type]), [
      ["tasker_tasks_total", "counter"],
      ["run_seconds", "histogram"],
      ["up", "gauge"]
    ])
    assert.deepStrictEqual(samples[0], {
      name: "tasker_tasks_total",
      labels: { task: "a \"b\" \\ c\n", status: "complete" },
      value: 3
    })
    assert.strictEqual(sumOf(samples, "tasker_tasks_total"), 4)
    assert.strictEqual(sumOf(samples, "tasker_tasks_total", { task: "x" }), 1)
    assert.strictEqual(sumOf(samples, "nothing"), 0)
  })

  it.each([
    ["a line that is no sample", good + "a b c d\n", "line 14 cannot be read"],
    ["labels without quotes", good + "up{a=1} 1\n", "line 14 cannot be read"],
    ["no line feed at its end", good.trimEnd(), "the last line has no line feed"],
    ["a counter without _total", "# HELP runs R.\n# TYPE runs counter\nruns 1\n", "runs is a counter without _total"],
    [
      "a gauge with _total",
      "# HELP a_total R.\n# TYPE a_total gauge\na_total 1\n",
      "a_total has _total and is a gauge"
    ],
    ["no help", "# TYPE a_total counter\na_total 1\n", "a_total has no help"],
    ["no type", "a 1\n", "a has no type"],
    ["a wrong unit", "# HELP wait_ms W.\n# TYPE wait_ms gauge\nwait_ms 1\n", "wait_ms has no base unit"],
    ["upper-case letters", "# HELP aB W.\n# TYPE aB gauge\naB 1\n", "aB has upper-case letters"],
    ["a series twice", good + "up 1\n", "up{} is there twice"],
    ["falling buckets", good.replace("bucket{le=\"0.5\"} 1", "bucket{le=\"0.5\"} 9"), "buckets of run_seconds fall"],
    ["no last bucket", good.replace("run_seconds_bucket{le=\"+Inf\"} 2\n", ""), "run_seconds has no bucket +Inf"],
    ["another count", good.replace("run_seconds_count 2", "run_seconds_count 3"), "bucket +Inf of run_seconds is not"]
  ])("with %s has a problem", (_, text, problem) => {
    assert.include(read(text).problems.join("\n"), problem)
  })

  it("has one key for a series, however its labels and bounds are written", () => {
    assert.strictEqual(seriesKey("a", { le: "1", b: "c", d: "" }), seriesKey("a", { b: "c", le: "1.0" }))
    assert.notStrictEqual(seriesKey("a", { b: "1" }), seriesKey("a", { b: "1.0" }))
  })
})

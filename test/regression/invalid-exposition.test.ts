/**
 * D14: the exposition was invalid for labelled series, which had an inspected hash in their name; help and type stood
 * before every series; the last bound was "Infinity"; backslashes and line breaks were not escaped; names were not
 * sanitised; the content type had no version; an error metric had a time in fractions of a second.
 */
import { assert, describe, it } from "@effect/vitest"
import * as OpenMetricsFormat from "../../src/metrics/OpenMetricsFormat.ts"
import * as PrometheusFormat from "../../src/metrics/PrometheusFormat.ts"
import { counted, histogram, numbers, series, snapshot } from "../support/metricSnapshots.ts"
import * as openMetricsParser from "../support/openMetricsParser.ts"
import * as prometheusParser from "../support/prometheusParser.ts"

const status = ["complete", "error"]

const measured = snapshot(
  numbers("counter", "task.completed-count", [
    series({ "task.name": "C:\\jobs\n\"nightly\"", status: "complete" }, 2),
    series({ "task.name": "", status: "error" }, 1)
  ], { help: "Tasks \\ runs.\nBy status." }),
  histogram(
    "step_duration_seconds",
    [0.1, 1],
    status.map((value) => series({ status: value }, counted([1, 0, 2], 9.5))),
    {
      help: "Durations."
    }
  ),
  numbers("gauge", "metrics_export_error", [series({}, 1)], { help: "Errors." })
)

const text = `# HELP task_completed_count_total Tasks \\\\ runs.\\nBy status.
# TYPE task_completed_count_total counter
task_completed_count_total{task_name="C:\\\\jobs\\n\\"nightly\\"",status="complete"} 2
task_completed_count_total{task_name="",status="error"} 1
# HELP step_duration_seconds Durations.
# TYPE step_duration_seconds histogram
step_duration_seconds_bucket{status="complete",le="0.1"} 1
step_duration_seconds_bucket{status="complete",le="1"} 1
step_duration_seconds_bucket{status="complete",le="+Inf"} 3
step_duration_seconds_sum{status="complete"} 9.5
step_duration_seconds_count{status="complete"} 3
step_duration_seconds_bucket{status="error",le="0.1"} 1
step_duration_seconds_bucket{status="error",le="1"} 1
step_duration_seconds_bucket{status="error",le="+Inf"} 3
step_duration_seconds_sum{status="error"} 9.5
step_duration_seconds_count{status="error"} 3
# HELP metrics_export_error Errors.
# TYPE metrics_export_error gauge
metrics_export_error 1
`

describe("D14 invalid exposition", () => {
  it("names the metric, puts attributes into labels, and says once what it is", () => {
    assert.strictEqual(PrometheusFormat.format(measured), text)
  })

  it("can be read back in both formats", () => {
    for (
      const metrics of [
        prometheusParser.parse(PrometheusFormat.format(measured)),
        openMetricsParser.parse(OpenMetricsFormat.format(measured))
      ]
    ) {
      assert.deepStrictEqual(metrics.map(({ help, samples, type }) => [type, help, samples.length]), [
        ["counter", "Tasks \\ runs.\nBy status.", 2],
        ["histogram", "Durations.", 10],
        ["gauge", "Errors.", 1]
      ])
      assert.deepStrictEqual(metrics[0]?.samples[0]?.labels, {
        task_name: "C:\\jobs\n\"nightly\"",
        status: "complete"
      })
    }
  })

  it("says which version of the format it is", () => {
    assert.strictEqual(PrometheusFormat.contentType, "text/plain; version=0.0.4; charset=utf-8")
    assert.strictEqual(OpenMetricsFormat.contentType, "application/openmetrics-text; version=1.0.0; charset=utf-8")
  })
})

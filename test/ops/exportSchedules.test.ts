/**
 * The examples that export metrics by cron, by systemd and by Kubernetes call commands that there are.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Yaml } from "effect/encoding"
import { FetchHttpClient } from "effect/http"
import { TestConsole } from "effect/testing"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as TelemetryCommand from "../../src/cli/TelemetryCommand.ts"
import { ExportCoordinator } from "../../src/export/ExportCoordinator.ts"
import * as ExportTarget from "../../src/export/ExportTarget.ts"
import * as server from "../http/server.ts"

const read = (file: string) => readFileSync(join(import.meta.dirname, "../../ops", file), "utf8")

/** The arguments of the calls in a text, up to a redirection. */
const callsIn = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.split("\n").filter((line) => !line.startsWith("#")).flatMap((line) => {
    const [, args] = /tasker-telemetry (metrics .*?)(?: +\d?>.*)?$/.exec(line) ?? []
    return args === undefined ? [] : [args.trim().split(/ +/)]
  })

/** What a cron job needs to have for a call. */
const CronJob = Schema.Struct({
  spec: Schema.Struct({
    schedule: Schema.String,
    concurrencyPolicy: Schema.Literal("Forbid"),
    jobTemplate: Schema.Struct({
      spec: Schema.Struct({
        template: Schema.Struct({
          spec: Schema.Struct({
            containers: Schema.Array(Schema.Struct({ command: Schema.Array(Schema.String) }))
          })
        })
      })
    })
  })
})

const files = ["cron/tasker-metrics", "systemd/tasker-metrics-export.service", "kubernetes/metrics-export-cronjob.yml"]

const callsOf = Effect.fnUntraced(function*(file: string) {
  const text = read(file)
  if (!file.endsWith(".yml")) return callsIn(text)
  const parsed = yield* Schema.decodeUnknownEffect(CronJob)(Yaml.parse(text))
  return parsed.spec.jobTemplate.spec.template.spec.containers.map(({ command }) => {
    assert.strictEqual(command[0], "node_modules/.bin/tasker-telemetry")
    return command.slice(1)
  })
})

describe("the examples of scheduled exports", () => {
  it.effect.each(files)("%s calls a command that answers", (file) =>
    Effect.gen(function*() {
      const target = ExportTarget.memory()
      yield* ExportCoordinator.use(({ add }) => add(target))
      const { host, port } = yield* server.Target
      const calls = yield* callsOf(file)
      assert.isNotEmpty(calls)
      for (const args of calls) {
        const at = args.indexOf("--url")
        assert.match(args[at + 1] ?? "", /^http:\/\/[\w.]+(?::3000)?\/tasker$/)
        const called = args.map((arg, index) => index === at + 1 ? `http://${host}:${port}/tasker` : arg)
        const code = yield* Effect.provide(TelemetryCommand.run(called), FetchHttpClient.layer)
        assert.deepStrictEqual([code, yield* TestConsole.errorLines], [0, []], called.join(" "))
      }
      assert.lengthOf(yield* target.exports, 1)
    }).pipe(Effect.provide(server.layer([]))))

  it("of cron run without a file of variables, and with one", () => {
    const folder = mkdtempSync(join(tmpdir(), "cron-"))
    const file = join(folder, "telemetry.env")
    try {
      const lines = read("cron/tasker-metrics").split("\n").filter((line) => line.includes("tasker-telemetry metrics"))
      assert.lengthOf(lines, 2)
      const outputs = () =>
        lines.map((line) => {
          const [, setup = ""] = /^\S+ \S+ \S+ \S+ \S+ tasker (.*?)(?:exec )?tasker-telemetry /.exec(line) ?? []
          const command = `${
            setup.replaceAll("/etc/tasker/telemetry.env", file)
          }sh -c 'echo "token $TASKER_HTTP_TOKEN"'`
          return spawnSync("/bin/sh", ["-c", command], { encoding: "utf8", env: { PATH: "/usr/bin:/bin" } }).stdout
        })
      assert.deepStrictEqual(outputs(), ["token \n", "token \n"])
      writeFileSync(file, "TASKER_HTTP_TOKEN=let-me-in\n")
      assert.deepStrictEqual(outputs(), ["token let-me-in\n", "token let-me-in\n"])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it("of systemd have a timer with the name of the service", () => {
    assert.match(read("systemd/tasker-metrics-export.timer"), /^OnCalendar=\*:0\/5$/m)
    assert.match(read("systemd/tasker-metrics-export.service"), /^Type=oneshot$/m)
  })
})

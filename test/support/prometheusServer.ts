/**
 * A real Prometheus on a free loopback port that scrapes every second, with the features that exemplars and native
 * histograms need. It ends with its scope and takes its folder along.
 */
import { Context, Effect, Layer, Option, Schedule, Schema, SchemaTransformation } from "effect"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "effect/http"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { prometheus, promtool } from "./receivers.ts"
import { temporaryFolder } from "./temporaryFile.ts"

const program = prometheus ?? "prometheus"

/** Whether the program is there: Debian has it as the package `prometheus`, `.ci/peers` builds Prometheus 3. */
export const isInstalled = spawnSync(program, ["--version"]).status === 0

/** What Prometheus' own linter says about an exposition in the text format 0.0.4. */
export const lint = (exposition: string): { readonly status: number | null; readonly output: string } => {
  const { status, stderr, stdout } = spawnSync(promtool ?? "promtool", ["check", "metrics"], {
    input: exposition,
    encoding: "utf8"
  })
  return { status, output: stdout + stderr }
}

export interface Target {
  /** Name of the job, which is also a label of all its series. */
  readonly job: string
  readonly host: string
  readonly path: string
  readonly parameters?: Readonly<Record<string, string>>
}

const Labels = Schema.Record(Schema.String, Schema.String)

const Answer = <Data extends Schema.Constraint>(data: Data) =>
  HttpClientResponse.schemaBodyJson(Schema.Struct({ status: Schema.Literal("success"), data }))

const Targets = Schema.Struct({
  activeTargets: Schema.Array(Schema.Struct({ labels: Labels, health: Schema.String, lastError: Schema.String }))
})

/** `+Inf` and `-Inf` as well as what JavaScript reads itself. */
export const number = (text: string): number => Number(text.replace(/Inf$/, "Infinity"))

const Value = Schema.String.pipe(
  Schema.decodeTo(Schema.Number, SchemaTransformation.transform({ decode: number, encode: String }))
)

const QueryResult = Schema.Struct({
  result: Schema.Array(Schema.Struct({
    metric: Labels,
    value: Schema.optionalKey(Schema.Tuple([Schema.Number, Value])),
    histogram: Schema.optionalKey(Schema.Tuple([
      Schema.Number,
      Schema.Struct({
        count: Value,
        sum: Value,
        /** Which bounds are inclusive, lower bound, upper bound, count. */
        buckets: Schema.optionalKey(Schema.Array(Schema.Tuple([Schema.Number, Value, Value, Value])))
      })
    ]))
  }))
})

const Exemplars = Schema.Array(Schema.Struct({
  seriesLabels: Labels,
  exemplars: Schema.Array(Schema.Struct({ labels: Labels, value: Value, timestamp: Schema.Number }))
}))

export type QueryResult = typeof QueryResult.Type["result"]

export class PrometheusServer extends Context.Service<PrometheusServer, {
  readonly targets: Effect.Effect<typeof Targets.Type["activeTargets"]>
  /** The address of the server. */
  readonly url: string
  /** The instant vector of an expression now. */
  readonly query: (expression: string) => Effect.Effect<QueryResult>
  /** Exemplars of the last hour of the series that a selector selects. */
  readonly exemplars: (selector: string) => Effect.Effect<typeof Exemplars.Type>
}>()("tasker-telemetry/test/support/PrometheusServer") {
  /** A server with these targets, with the rules of these files, and with more features. */
  static readonly layer = (
    targets: ReadonlyArray<Target>,
    rules: ReadonlyArray<string> = [],
    features: ReadonlyArray<string> = []
  ): Layer.Layer<PrometheusServer> =>
    Layer.effect(
      PrometheusServer,
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        writeFileSync(join(folder, "prometheus.json"), configuration(targets, rules))
        const url = yield* started(folder, features)
        const client = yield* HttpClient.HttpClient
        // It listens before it can answer.
        yield* HttpClient.filterStatusOk(client).get(`${url}/-/ready`).pipe(
          Effect.retry(Schedule.spaced("50 millis")),
          Effect.timeout("40 seconds"),
          Effect.orDie
        )
        const get = (path: string, parameters: Readonly<Record<string, string | number>>) =>
          client.get(`${url}/api/v1/${path}`, { urlParams: parameters })
        return PrometheusServer.of({
          url,
          targets: get("targets", {}).pipe(
            Effect.flatMap(Answer(Targets)),
            Effect.map(({ data }) => data.activeTargets),
            Effect.orDie
          ),
          query: (query) =>
            get("query", { query }).pipe(
              Effect.flatMap(Answer(QueryResult)),
              Effect.map(({ data }) => data.result),
              Effect.orDie
            ),
          exemplars: (query) =>
            Effect.clockWith((clock) => {
              const now = clock.currentTimeMillisUnsafe() / 1000
              return get("query_exemplars", { query, start: now - 3600, end: now + 60 })
            }).pipe(
              Effect.flatMap(Answer(Exemplars)),
              Effect.map(({ data }) => data),
              Effect.orDie
            )
        })
      })
    ).pipe(Layer.provide(FetchHttpClient.layer))
}

/** JSON is YAML. */
const configuration = (targets: ReadonlyArray<Target>, rules: ReadonlyArray<string>): string =>
  JSON.stringify({
    global: {
      scrape_interval: "2s",
      scrape_timeout: "2s",
      evaluation_interval: "2s",
      // What a feature flag is for Prometheus 2.
      ...(prometheus === undefined ? {} : { scrape_native_histograms: true })
    },
    rule_files: rules,
    scrape_configs: targets.map(({ host, job, parameters = {}, path }) => ({
      job_name: job,
      metrics_path: path,
      params: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]])),
      static_configs: [{ targets: [host] }]
    }))
  })

/** Starts the program and gives the address it listens on. */
const started = (folder: string, features: ReadonlyArray<string>) =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(program, [
          `--config.file=${join(folder, "prometheus.json")}`,
          `--storage.tsdb.path=${join(folder, "data")}`,
          "--web.listen-address=127.0.0.1:0",
          "--web.enable-remote-write-receiver",
          `--enable-feature=${["exemplar-storage", "native-histograms", ...features].join(",")}`
        ], { stdio: ["ignore", "ignore", "pipe"] })
      ),
      (child) =>
        ended(child, "SIGTERM").pipe(
          Effect.timeoutOption("5 seconds"),
          Effect.flatMap((end) => Option.isSome(end) ? Effect.void : ended(child, "SIGKILL"))
        )
    ),
    (child) =>
      Effect.callback<string>((resume) => {
        let log = ""
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          log += text
          const [, address] = /msg="Listening on".*?address=(\S+)/.exec(log) ?? []
          if (address !== undefined) resume(Effect.succeed(`http://${address}`))
        })
        child.on("exit", () => resume(Effect.die(new Error(`Prometheus did not start:\n${log}`))))
      })
  )

const ended = (child: ChildProcess, signal: NodeJS.Signals) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resume(Effect.void)
      return
    }
    child.once("exit", () => resume(Effect.void))
    child.kill(signal)
  })

/** Asks again and again until the answer holds what the test waits for, for at most 40 seconds; gives the last answer. */
export const eventually = <A, E, R>(
  ask: Effect.Effect<A, E, R>,
  holds: (answer: A) => boolean
): Effect.Effect<A, E, R> => {
  let last: Option.Option<A> = Option.none()
  return ask.pipe(
    Effect.tap((answer) => Effect.sync(() => void (last = Option.some(answer)))),
    Effect.delay("50 millis"),
    Effect.repeat({ until: holds }),
    Effect.timeoutOrElse({
      duration: "40 seconds",
      orElse: () => Option.isSome(last) ? Effect.succeed(last.value) : Effect.die(new Error("no answer"))
    })
  )
}

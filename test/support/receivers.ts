/**
 * Receivers of OTLP that others have written: Jaeger, which is an OpenTelemetry Collector, and `autotel-devtools`.
 * `.ci/peers` installs them. A test skips itself where they are not installed.
 */
import { Effect, Schedule, type Scope } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { type AddressInfo, createServer as createTcpServer } from "node:net"
import { homedir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import { temporaryFolder } from "./temporaryFile.ts"

/** Where `.ci/peers` puts what it installs. */
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "tasker-telemetry")

/** The path of a receiver or a part of it, if it is installed. */
const receiverPath = (path: string): string | undefined => existsSync(join(cache, path)) ? join(cache, path) : undefined

export const jaeger = receiverPath("jaeger-1.76.0")
/** Prometheus 3 is here, Debian's is Prometheus 2. */
export const prometheus = receiverPath("prometheus-3.16.0/prometheus")
export const promtool = receiverPath("prometheus-3.16.0/promtool")
export const pushgateway = receiverPath("pushgateway-1.11.1")
export const devtools = receiverPath("autotel-devtools-27.1.0/node_modules/autotel-devtools/dist/cli.js")

const freePort: Effect.Effect<number> = Effect.callback((resume) => {
  const server = createTcpServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Runs a program until the scope closes, and waits until it answers at the address. */
const run = Effect.fnUntraced(function*(
  command: string,
  args: ReadonlyArray<string>,
  url: string,
  env: Readonly<Record<string, string>> = {}
) {
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      // Jaeger would trace itself.
      spawn(command, args, { stdio: "ignore", env: { ...process.env, OTEL_TRACES_SAMPLER: "always_off", ...env } })
    ),
    (child) =>
      Effect.callback<void>((resume) => {
        child.once("close", () => resume(Effect.void))
        child.kill()
      })
  )
  yield* Effect.retry(json(url), Schedule.spaced("100 millis")).pipe(Effect.timeout("30 seconds"), Effect.orDie)
})

const json = (url: string, init?: RequestInit): Effect.Effect<any, unknown> =>
  Effect.tryPromise(() => fetch(url, init).then((response) => response.json()))

export interface Receiver {
  readonly endpoint: string
  /** What the receiver has to say about its spans, in its own form. Waits for the number of spans. */
  readonly spans: (traceId: string, count: number) => Effect.Effect<ReadonlyArray<any>>
}

/** Asks until there are so many. A receiver stores what it has accepted a moment later. */
const untilThere = <A>(
  spans: Effect.Effect<ReadonlyArray<A>, unknown>,
  count: number
): Effect.Effect<ReadonlyArray<A>> =>
  spans.pipe(
    Effect.filterOrFail((found) => found.length >= count),
    Effect.retry(Schedule.spaced("100 millis")),
    Effect.timeout("10 seconds"),
    Effect.orDie
  )

interface Jaeger extends Receiver {
  /** The address of the query API. */
  readonly query: string
}

export const startJaeger: Effect.Effect<Jaeger, never, Scope.Scope> = Effect.gen(function*() {
  const [receive, query, grpc] = yield* Effect.all([freePort, freePort, freePort])
  const config = join(yield* temporaryFolder, "jaeger.yaml")
  const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` })
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      service: {
        extensions: ["jaeger_storage", "jaeger_query"],
        pipelines: { traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] } },
        telemetry: { metrics: { level: "none" } }
      },
      extensions: {
        jaeger_query: { storage: { traces: "memory" }, http: at(query), grpc: at(grpc) },
        jaeger_storage: { backends: { memory: { memory: { max_traces: 100 } } } }
      },
      receivers: { otlp: { protocols: { http: at(receive) } } },
      exporters: { jaeger_storage_exporter: { trace_storage: "memory" } }
    })
  )
  const api = `http://127.0.0.1:${query}/api/v3`
  yield* run(jaeger!, ["--config", config], `${api}/services`)
  return {
    endpoint: `http://127.0.0.1:${receive}`,
    query: `http://127.0.0.1:${query}`,
    spans: (traceId, count) =>
      untilThere(
        Effect.map(
          json(`${api}/traces/${traceId}`),
          // A trace that has not come yet is an error.
          ({ result }) =>
            (result?.resourceSpans ?? []).flatMap(({ scopeSpans }: any) => scopeSpans.flatMap((s: any) => s.spans))
        ),
        count
      )
  }
})

// --- Jaeger as a Collector ---

const collectorFile = fileURLToPath(new URL("../../ops/collector/collector.yml", import.meta.url))

const ask = (...args: ReadonlyArray<string>) => spawnSync(jaeger ?? "", args, { encoding: "utf8" })

/** What the program says about the configuration of `ops/`. */
export const checkCollector = (): { readonly status: number | null; readonly output: string } => {
  const { status, stdout } = ask("validate", "--config", collectorFile)
  return { status, output: stdout }
}

/** The names of the components of a kind that the program has. */
export const collectorComponents = (kind: string): ReadonlyArray<string> => {
  const [, section = ""] = new RegExp(`^${kind}:\\n((?: .*\\n)*)`, "m").exec(ask("components").stdout) ?? []
  return Array.from(section.matchAll(/- name: (\S+)/g), ([, name]) => name!)
}

export interface Collector {
  readonly endpoint: string
  readonly health: Effect.Effect<any, unknown>
  /** Its metrics about itself, in the text format of Prometheus. */
  readonly metrics: Effect.Effect<string, unknown>
}

/** The configuration of `ops/`, which sends to another receiver, and decides a second after the first span of a trace. */
export const startCollector = (backend: string): Effect.Effect<Collector, never, Scope.Scope> =>
  Effect.gen(function*() {
    const [grpc, http, health, metrics] = yield* Effect.all([freePort, freePort, freePort, freePort])
    const status = `http://127.0.0.1:${health}/status`
    yield* run(
      jaeger!,
      ["--config", collectorFile, "--set", "processors.tail_sampling.decision_wait=1s"],
      status,
      {
        JAEGER_ENDPOINT: backend,
        COLLECTOR_GRPC_PORT: `${grpc}`,
        COLLECTOR_HTTP_PORT: `${http}`,
        COLLECTOR_HEALTH_PORT: `${health}`,
        COLLECTOR_METRICS_PORT: `${metrics}`
      }
    )
    return {
      endpoint: `http://127.0.0.1:${http}`,
      health: json(status),
      metrics: Effect.tryPromise(() => fetch(`http://127.0.0.1:${metrics}/metrics`).then((answer) => answer.text()))
    }
  })

/** It reads no gzip, so a proxy unpacks what is sent to it. */
export const startDevtools: Effect.Effect<
  Receiver & { readonly logRecords: Effect.Effect<number> },
  never,
  Scope.Scope
> = Effect.gen(function*() {
  const [port, grpc] = yield* Effect.all([freePort, freePort])
  const url = `http://127.0.0.1:${port}`
  yield* run(process.execPath, [devtools!, "--port", `${port}`, "--grpc-port", `${grpc}`], `${url}/api/stats`)
  return {
    endpoint: yield* startGunzip(url),
    spans: (traceId, count) =>
      untilThere(
        Effect.map(
          json(`${url}/v1/traces`),
          ({ traces }) => traces.find((trace: any) => trace.traceId === traceId)?.spans ?? []
        ),
        count
      ),
    logRecords: Effect.orDie(Effect.map(json(`${url}/api/stats`), ({ logCount }) => logCount))
  }
})

const startGunzip = (target: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((request, response) => {
          const chunks: Array<Buffer> = []
          request.on("data", (chunk: Buffer) => void chunks.push(chunk))
          request.on("end", () => {
            const body = Buffer.concat(chunks)
            const isGzip = request.headers["content-encoding"] === "gzip"
            void fetch(`${target}${request.url}`, {
              method: "POST",
              headers: { "content-type": request.headers["content-type"]! },
              body: isGzip ? gunzipSync(body) : body
            }).then((answer) => response.writeHead(answer.status).end())
          })
        }).listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  )

/**
 * `tasker-telemetry doctor`: versions, the configuration of this environment, what is on and where it goes, which of the
 * places answer, and whether their clocks agree.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as process from "node:process"
import type { TelemetryConfig } from "../config/TelemetryConfig.ts"
import { shownUrl } from "../delivery/Receiver.ts"
import { packageVersion } from "../internal/packageVersion.ts"
import { layer as NodeTextFile } from "../node/internal/NodeTextFile.ts"
import { addressFlag, connectionFlags } from "./connectionFlags.ts"
import * as effectiveConfig from "./effectiveConfig.ts"
import * as answerChecks from "./validate/answerChecks.ts"
import * as destinations from "./validate/destinations.ts"
import * as Finding from "./validate/Finding.ts"
import * as Probe from "./validate/Probe.ts"
import * as Report from "./validate/Report.ts"

const optionalAddress = (name: string, description: string, example: string) =>
  addressFlag(name, description, example).pipe(Flag.optional)

/** The command. */
export const command = Command.make(
  "doctor",
  {
    ...connectionFlags,
    jaeger: optionalAddress("jaeger", "Address of Jaeger's query API, to check it, too", "http://127.0.0.1:16686"),
    prometheus: optionalAddress("prometheus", "Address of Prometheus, to check it, too", "http://127.0.0.1:9090")
  },
  Effect.fnUntraced(function*({ jaeger, json, prometheus, token, url }) {
    const report = Report.make("doctor", json)
    yield* report.add(versions(process.versions.node))
    yield* report.progress("reading the configuration")
    const { config, options, problems, warnings } = yield* Effect.provide(effectiveConfig.load, NodeTextFile)
    yield* report.add(configuration(options.filter(({ source }) => source !== "default").length, problems, warnings))
    if (config !== undefined) {
      yield* report.add(destinations.signals(config))
      yield* report.add(yield* checkReceivers(config))
    }
    yield* report.progress("asking the service")
    yield* report.add(yield* checkService(url, token))
    for (
      const [name, address, path] of [
        ["Jaeger", jaeger, "/api/v3/services"],
        ["Prometheus", prometheus, "/-/healthy"]
      ] as const
    ) {
      if (address._tag === "Some") yield* report.add(yield* checkPlace(name, `${base(address.value)}${path}`))
    }
    yield* report.end()
  })
).pipe(
  Command.withDescription("Check versions, configuration, addresses and clocks, and say what is on and where it goes"),
  Command.withExamples([{
    command: "tasker-telemetry doctor --jaeger http://127.0.0.1:16686 --prometheus http://127.0.0.1:9090",
    description: "The service on this machine, and what stores its telemetry"
  }])
)

const base = (address: string) => address.replace(/\/+$/, "")

/** The oldest Node that the package supports. */
const oldestNode = [22, 19] as const

const versions = (node: string): Finding.Finding => {
  const [major = 0, minor = 0] = node.split(".").map(Number)
  const isNew = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
  const found = `tasker-telemetry ${packageVersion}, Node ${node}`
  return isNew
    ? Finding.ok("versions", found)
    : Finding.failed("versions", `Node ${oldestNode.join(".")} or newer`, found, "install a newer Node")
}

const configuration = (
  set: number,
  problems: ReadonlyArray<string>,
  warnings: ReadonlyArray<string>
): ReadonlyArray<Finding.Finding> => [
  ...problems.map((problem) =>
    Finding.failed("configuration", "no problem", problem, "correct it; a program with these variables does not start")
  ),
  ...(problems.length === 0
    ? [Finding.ok("configuration", `${set} options are set, ${warnings.length} warnings`)]
    : []),
  ...warnings.map((warning) => Finding.skipped("configuration", warning))
]

/** Sends each receiver an empty request, which it takes without a record. */
const checkReceivers = (config: TelemetryConfig) =>
  Effect.map(
    Effect.forEach(destinations.receivers(config), ({ receiver, signal }) => {
      return Probe.send(receiver.url, {
        method: "POST",
        headers: receiver.headers,
        body: receiver.protocol === "http/json" ? {} : new Uint8Array(),
        contentType: receiver.contentType
      }).pipe(
        Effect.map(({ skewMillis, status }) => [
          answerChecks.receiver(signal, shownUrl(receiver), status),
          answerChecks.clock(`the receiver of ${signal}`, skewMillis)
        ]),
        Effect.catch((error) =>
          Effect.succeed([answerChecks.unreachable(
            `receiver of ${signal}`,
            error,
            "start the receiver, or correct delivery.endpoint (OTEL_EXPORTER_OTLP_ENDPOINT)"
          )])
        )
      )
    }, { concurrency: "unbounded" }),
    (found) => found.flat()
  )

const checkService = Effect.fnUntraced(function*(
  url: string,
  token: Probe.Message["token"]
) {
  const live = yield* Effect.result(Probe.send(`${base(url)}/health/live`))
  if (live._tag === "Failure") {
    return [
      answerChecks.unreachable("service", live.failure, "start the service there, or give its address with --url")
    ]
  }
  const status = yield* Effect.result(Probe.send(`${base(url)}/health/status`, { token }))
  const health = status._tag === "Failure"
    ? answerChecks.unreachable("health", status.failure, "look into the log of the service")
    : answerChecks.status("health", "GET /health/status", status.success.status)
  return [
    answerChecks.status("service", `GET ${new URL(url).pathname}/health/live`, live.success.status),
    answerChecks.clock("the service", live.success.skewMillis),
    health,
    ...(status._tag === "Success" ? exporters(Probe.jsonOf(status.success)) : [])
  ]
})

interface Health {
  readonly exporters?: Readonly<Record<string, { readonly consecutiveFailures: number }>>
}

/** Whether the exporters of the service reach their receivers, as it says itself. */
const exporters = (body: unknown): ReadonlyArray<Finding.Finding> =>
  Object.entries((body as Health | undefined)?.exporters ?? {}).map(([signal, { consecutiveFailures }]) =>
    consecutiveFailures === 0
      ? Finding.ok(`exporter of ${signal}`, "the last request of the service succeeded, or none was made")
      : Finding.failed(
        `exporter of ${signal}`,
        "the service reaches its receiver",
        `${consecutiveFailures} requests in a row failed`,
        "start the receiver, or correct delivery.endpoint of the service; its log has the reason"
      )
  )

const checkPlace = (name: string, address: string) =>
  Probe.send(address).pipe(
    Effect.map(({ skewMillis, status }) => [
      answerChecks.status(name, `GET ${new URL(address).pathname}`, status),
      answerChecks.clock(name, skewMillis)
    ]),
    Effect.catch((error) =>
      Effect.succeed([
        answerChecks.unreachable(name, error, `start ${name}, or give its address with --${name.toLowerCase()}`)
      ])
    )
  )

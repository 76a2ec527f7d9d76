/**
 * `tasker-telemetry validate traces`: runs three patterns in this process, sends their spans as a program with this
 * environment does, and looks for exactly these traces in Jaeger.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Receiver from "../../delivery/Receiver.ts"
import { layer as NodeTextFile } from "../../node/internal/NodeTextFile.ts"
import { addressFlag, jsonFlag } from "../connectionFlags.ts"
import * as effectiveConfig from "../effectiveConfig.ts"
import * as answerChecks from "./answerChecks.ts"
import { expectTrace } from "./expectTrace.ts"
import * as Finding from "./Finding.ts"
import * as JaegerClient from "./JaegerClient.ts"
import { jaegerFlag, withinFlag } from "./placeFlags.ts"
import { expectOperations } from "./planOperations.ts"
import * as Report from "./Report.ts"
import { type PatternRuns, runPatterns } from "./runPatterns.ts"

/** The command. */
export const command = Command.make(
  "traces",
  {
    jaeger: jaegerFlag,
    endpoint: addressFlag(
      "endpoint",
      "Address of the OTLP receiver, in place of OTEL_EXPORTER_OTLP_ENDPOINT",
      "http://127.0.0.1:4318",
      { mayHaveQuery: true }
    ).pipe(Flag.optional),
    service: Flag.String("service").pipe(
      Flag.withDescription("Name of the service, in place of OTEL_SERVICE_NAME"),
      Flag.optional
    ),
    planOperations: Flag.Boolean("plan-operations").pipe(
      Flag.withDescription("Set tracing.planOperations: the operations of Tasker's plan are spans"),
      Flag.withDefault(false)
    ),
    within: withinFlag(20, "traces"),
    json: jsonFlag
  },
  Effect.fnUntraced(function*({ endpoint, jaeger, json, planOperations, service, within }) {
    const report = Report.make("validate traces", json)
    yield* report.progress(`asking Jaeger at ${jaeger}`)
    const connected = yield* Effect.result(JaegerClient.connect(jaeger))
    if (connected._tag === "Failure") {
      yield* report.add(
        answerChecks.unreachable(
          "Jaeger",
          connected.failure,
          "start Jaeger, or give the address of its query API with --jaeger"
        )
      )
      return yield* report.end()
    }
    const client = connected.success
    yield* report.add([
      Finding.ok("Jaeger", `answers at ${jaeger} (API ${client.api})`),
      answerChecks.clock("Jaeger", client.skewMillis)
    ])
    const { config, problems } = yield* Effect.provide(effectiveConfig.load, NodeTextFile)
    if (config === undefined) {
      yield* report.add(problems.map((problem) => Finding.failed("configuration", "no problem", problem, "correct it")))
      return yield* report.end()
    }
    const url = Option.getOrElse(endpoint, () => config.delivery.traces.endpoint ?? config.delivery.endpoint)
    // A query may have a key.
    const receiver = url === undefined ? undefined : Receiver.shownUrl({ url })
    yield* report.add(prerequisites(config, receiver))
    if (!report.holds()) return yield* report.end()
    yield* report.progress("running the patterns linear, diamond and parallel")
    const done = yield* Effect.result(Effect.provide(
      runPatterns({
        ...(Option.isSome(endpoint) ? { delivery: { endpoint: endpoint.value, traces: { endpoint: undefined } } } : {}),
        ...(Option.isSome(service) ? { service: { name: service.value } } : {}),
        ...(planOperations ? { tracing: { planOperations } } : {})
      }),
      NodeTextFile
    ))
    if (done._tag === "Failure") {
      yield* report.add(Finding.failed("configuration", "no problem", done.failure.message, "correct it"))
      return yield* report.end()
    }
    const name = Option.getOrElse(service, () => config.service.name)
    yield* report.add(delivery(done.success, receiver ?? ""))
    yield* report.progress(`waiting up to ${within} s for the traces`)
    yield* report.add(yield* lookFor(client, done.success, name, within))
    yield* report.end({ service: name, jaeger: client.api })
  })
).pipe(
  Command.withDescription(
    "Run three patterns and find exactly their traces in Jaeger, complete and with the right parents"
  ),
  Command.withExamples([{
    command: "tasker-telemetry validate traces --endpoint http://127.0.0.1:4318",
    description: "A receiver and Jaeger on this machine"
  }])
)

type Config = NonNullable<effectiveConfig.EffectiveConfig["config"]>

const prerequisites = (config: Config, receiver: string | undefined): ReadonlyArray<Finding.Finding> => {
  const { enabled, tracing } = config
  const isSent = enabled && tracing.enabled && tracing.exporter === "otlp" && receiver !== undefined
  return [
    isSent
      ? Finding.ok("sending", `spans go to ${receiver}`)
      : Finding.failed(
        "sending",
        "spans are sent to a receiver",
        receiver === undefined ? "no receiver is configured" : "tracing is off or has no exporter",
        receiver === undefined
          ? "set OTEL_EXPORTER_OTLP_ENDPOINT, or give --endpoint"
          : "unset OTEL_TRACES_EXPORTER, OTEL_SDK_DISABLED and TASKER_TRACING_ENABLED"
      ),
    ...(tracing.sampler.type.includes("always_on") && tracing.keep.ratio === 1 ? [] : [Finding.skipped(
      "sampler",
      `the patterns are recorded always; the configuration says ${tracing.sampler.type} and keeps ${tracing.keep.ratio}`
    )])
  ]
}

const delivery = ({ runs, sent }: PatternRuns, receiver: string): Finding.Finding => {
  const recorded = runs.reduce((sum, run) => sum + run.recorded, 0)
  const { dropped = 0, exported = 0, pending = 0 } = sent ?? {}
  return exported >= recorded && dropped === 0
    ? Finding.ok("delivery", `the receiver took ${exported} spans`)
    : Finding.failed(
      "delivery",
      `the receiver takes ${recorded} spans`,
      `it took ${exported}; ${pending} wait, ${dropped} are dropped`,
      `start the receiver at ${receiver}, or correct its address and the headers; doctor asks it alone`
    )
}

const lookFor = Effect.fnUntraced(function*(
  client: JaegerClient.JaegerClient,
  { runs }: PatternRuns,
  service: string,
  within: number
) {
  const ask = Effect.forEach(runs, ({ traceId }) => client.trace(traceId))
  const found = yield* Effect.result(JaegerClient.until(
    ask,
    (traces) => traces.every((spans, index) => spans.length >= (runs[index]?.recorded ?? 0)),
    within
  ))
  if (found._tag === "Failure") {
    return [answerChecks.unreachable("Jaeger", found.failure, "look into the log of Jaeger")]
  }
  const { answer, seconds } = found.success
  const services = yield* Effect.orElseSucceed(client.services, (): ReadonlyArray<string> => [])
  return [
    services.includes(service)
      ? Finding.ok("service", `${service} is known to Jaeger`)
      : Finding.failed(
        "service",
        `Jaeger knows the service ${service}`,
        `it knows ${Finding.names(services)}`,
        "look whether the receiver passes spans on to this Jaeger, and at OTEL_SERVICE_NAME"
      ),
    ...runs.flatMap(({ recorded, run }, index) => {
      const spans = answer[index] ?? []
      return [
        Finding.equal(
          `${run.label}: number of spans`,
          recorded,
          spans.length,
          spans.length > recorded
            ? "look for two exporters to one backend"
            : "look for a filter or sampler between here and Jaeger, or wait longer with --within"
        ),
        ...expectTrace(run, spans)
      ]
    }),
    ...expectOperations(answer.flat()),
    Finding.ok("lateness", `looked for ${seconds.toFixed(1)} s after the spans were sent`)
  ]
})

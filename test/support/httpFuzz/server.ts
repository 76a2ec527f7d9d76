/**
 * A service with all routes, and with secrets wherever a service has some. It says its port, and how much memory it holds.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Data, Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"
import { LogDestination, Step, Task, Telemetry, type TelemetryConfig, TelemetryRoutes } from "tasker-telemetry"
import * as GraphqlRoute from "tasker-telemetry/http/GraphqlRoute"
import { secrets } from "./secrets.ts"

const Input = Schema.Struct({ password: Schema.String, number: Schema.Int })

class Refused extends Data.TaggedError("Refused")<{ readonly apiKey: string }> {
  override readonly message = `refused with password=${secrets.errorMessage}`
}

const greet = Step.make("greet", {
  input: Input,
  run: ({ input }) => Effect.succeed({ greeting: `Hello, ${input.password}`, token: secrets.result })
})
const after = Step.make("after", { dependsOn: [greet], run: ({ results }) => Effect.succeed(results.greet.token) })
const fail = Step.make("fail", {
  retry: { maximumAttempts: 1 },
  run: () => Effect.fail(new Refused({ apiKey: secrets.errorField }))
})
const wait = Step.make("wait", { run: () => Effect.sleep("200 millis") })

const Nothing = Schema.Struct({})

const tasks = [
  Task.make("greet", { input: Input, steps: [greet, after] }),
  Task.make("fail", { input: Nothing, steps: [fail] }),
  Task.make("wait", { input: Nothing, steps: [wait] })
] as const

const options: TelemetryConfig.Options = {
  service: { name: "fuzzed", attributes: { "db.password": secrets.serviceAttribute } },
  http: {
    token: secrets.token,
    tokens: [{ token: secrets.readToken, scopes: ["tasks:read", "metrics:read"] }],
    writesPerMinute: 0
  },
  delivery: {
    endpoint: "http://127.0.0.1:9",
    headers: { authorization: `Bearer ${secrets.deliveryHeader}` }
  },
  tracing: { exporter: "none" },
  metrics: { exporter: "none" },
  logging: { exporter: "none" },
  export: {
    targets: [{
      name: "sink",
      type: "http",
      url: `http://127.0.0.1:9/?token=${secrets.targetUrl}`,
      headers: { "x-api-key": secrets.targetHeader },
      interval: "1 day"
    }]
  },
  // What is kept is bounded low, so that it is full long before the end.
  execution: { startedTasks: 64, storedTasks: 200 },
  performance: { storedRuns: 200 }
}

const Server = HttpRouter.serve(TelemetryRoutes.layer({ tasks, routes: GraphqlRoute.layer({ tasks }) }), {
  disableListenLog: true
}).pipe(Layer.provide(TelemetryRoutes.layerUntraced()))

const Messages = Layer.effectDiscard(Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  const port = "port" in address ? address.port : 0
  process.on("message", () => {
    globalThis.gc?.()
    globalThis.gc?.()
    process.send?.({ port, heap: process.memoryUsage().heapUsed })
  })
  process.send?.({})
}))

Layer.launch(
  Layer.merge(Server, Messages).pipe(
    Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
    Layer.provide(Telemetry.layer(options, { logDestination: LogDestination.layerNoop }))
  )
).pipe(NodeRuntime.runMain)

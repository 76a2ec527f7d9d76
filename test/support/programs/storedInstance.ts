/**
 * An instance that runs tasks as it is told, with its records in PostgreSQL.
 *
 * Arguments: host, port, user, password and database, and the name of the instance.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { RunRecords, Step, Task, TaskRunner, TaskStore, Telemetry } from "tasker-telemetry"

export type Command =
  /** Starts a run that does not end. Answers with its id. */
  | { readonly do: "start" }
  /** Runs so many tasks to their ends. */
  | { readonly do: "run"; readonly count: number }
  /** Ends the process as programs end. */
  | { readonly do: "end" }

const [host = "", port = "", username = "", password = "", database = "", instance = ""] = process.argv.slice(2)

const load = Step.make("load", { run: () => Effect.sleep("1 millis") })
const charge = Step.make("charge", { dependsOn: [load], run: () => Effect.sleep("20 millis") })
const Order = Task.make("order", { input: Schema.Void, steps: [load, charge] })
const work = Step.make("work", { dependsOn: [load], run: () => Effect.never })
const Endless = Task.make("endless", { input: Schema.Void, steps: [load, work] })

const Database = PgClient.layer({ host, port: Number(port), username, password: Redacted.make(password), database })
  .pipe(Layer.orDie)

const layer = Telemetry.layer({
  service: { attributes: { "service.instance.id": instance } },
  logging: { enabled: false },
  tracing: { enabled: false },
  metrics: { enabled: false }
}, {
  taskStore: TaskStore.layerSql({ heartbeat: "500 millis" }).pipe(Layer.provide(Database)),
  runRecords: RunRecords.layerSql().pipe(Layer.provide(Database))
})

const program = Effect.gen(function*() {
  const commands = yield* Queue.unbounded<Command>()
  process.on("message", (command) => void Queue.offerUnsafe(commands, command as Command))
  process.send?.({ did: "start" })
  while (true) {
    const command = yield* Queue.take(commands)
    if (command.do === "end") return process.disconnect()
    if (command.do === "start") process.send?.({ taskId: (yield* TaskRunner.start(Endless, undefined)).taskId })
    else {
      yield* Effect.all(Array.from({ length: command.count }, () => TaskRunner.run(Order, undefined)), {
        concurrency: "unbounded"
      })
      process.send?.({ did: "run" })
    }
  }
})

NodeRuntime.runMain(Effect.provide(program, layer))

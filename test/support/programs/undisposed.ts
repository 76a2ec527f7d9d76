/**
 * Has a `ManagedRuntime` that is never disposed: records in it, and has nothing left to do then.
 * `undisposed.ts <endpoint> <times>`: records again in each of so many calls of `beforeExit`.
 */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Telemetry from "tasker-telemetry/Telemetry"

const [, , endpoint = "", times = "0"] = process.argv

const runtime = ManagedRuntime.make(Telemetry.layer({
  logging: { destination: "stderr", rateLimit: 1 },
  delivery: { endpoint, shutdownTimeout: "1 second", protocol: "http/json" }
}))

const work = (name: string) =>
  Effect.andThen(Effect.logInfo(`line of ${name}`), Effect.logInfo(`line of ${name}`)).pipe(Effect.withSpan(name))

await runtime.runPromise(work("work"))

let left = Number(times)
process.on("beforeExit", () => {
  if (left-- > 0) void runtime.runPromise(work(`work ${left}`))
})

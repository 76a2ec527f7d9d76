/**
 * Reads the Node process for `PerformanceMonitor`: processor, event loop, heap,
 * array buffers, garbage collections, profiles of the processor.
 *
 * **Details**
 *
 * A reading takes about 3 µs. A profile is a file for the developer tools of
 * Chrome, `<operation>-<time>-<number>.cpuprofile`. There is one profile at a time, and
 * the folder keeps the last `performance.profile.keep` of this process. Writing
 * the file blocks the thread.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { type Profiler, Session } from "node:inspector"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { getHeapStatistics } from "node:v8"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { orElse } from "../internal/guard.ts"
import { type Probe, ProcessProbe, type Profile, type Reading } from "../performance/ProcessProbe.ts"
import * as NodeCollections from "./internal/NodeCollections.ts"

/**
 * Gives the probe of this process. `Telemetry.layer` includes this layer.
 *
 * **Example** (Measuring operations without the rest of the telemetry)
 *
 * ```ts
 * import * as Layer from "effect/Layer"
 * import { EventBus, MetricStore, PerformanceMonitor } from "tasker-telemetry"
 * import * as NodeProcessProbe from "tasker-telemetry/node/NodeProcessProbe"
 *
 * const layer = PerformanceMonitor.layer.pipe(
 *   Layer.provide([EventBus.layer, MetricStore.layer, NodeProcessProbe.layer])
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.effect(
  ProcessProbe,
  Effect.gen(function*() {
    const { directory, keep } = (yield* TelemetryConfig.Current).performance.profile
    const clock = yield* Clock.Clock
    const collections = yield* NodeCollections.observe
    const profile = directory === undefined
      ? () => undefined
      : profilesIn(directory, keep, () => clock.currentTimeMillisUnsafe())
    const probe: Probe = {
      read: () => read(collections.seen()),
      freedSince: collections.freedSince,
      profile
    }
    return probe
  })
)

const read = (collections: number): Reading => {
  const { external_memory, used_heap_size } = getHeapStatistics()
  const { active, idle } = performance.eventLoopUtilization()
  const { system, user } = process.cpuUsage()
  return {
    cpuSeconds: (user + system) / 1e6,
    activeSeconds: active / 1e3,
    idleSeconds: idle / 1e3,
    heapBytes: used_heap_size,
    arrayBufferBytes: external_memory,
    collections
  }
}

/** Microseconds between two samples of a profile. */
const sampleMicros = 1000

const profilesIn = (directory: string, keep: number, now: () => number) => {
  const written: Array<string> = []
  let number = 0
  let isTaken = false
  const write = (operation: string, profile: Profiler.Profile): string | undefined =>
    orElse<string | undefined>(() => {
      mkdirSync(directory, { recursive: true })
      const path = join(
        directory,
        `${operation.replace(/[^\w.-]/g, "_").slice(0, 100)}-${now()}-${++number}.cpuprofile`
      )
      writeFileSync(path, JSON.stringify(profile))
      written.push(path)
      if (written.length > keep) rmSync(written.shift() as string, { force: true })
      return path
    }, () => undefined)
  return (operation: string): Profile | undefined => {
    if (isTaken) return undefined
    return orElse<Profile | undefined>(() => {
      const session = new Session()
      session.connect()
      session.post("Profiler.enable")
      session.post("Profiler.setSamplingInterval", { interval: sampleMicros })
      session.post("Profiler.start")
      isTaken = true
      return {
        end: (isKept) => {
          let profile: Profiler.Profile | undefined
          // A session of the same thread answers at once.
          session.post("Profiler.stop", (_, answer) => {
            profile = answer?.profile
          })
          session.disconnect()
          isTaken = false
          return isKept && profile !== undefined ? write(operation, profile) : undefined
        }
      }
    }, () => undefined)
  }
}

/**
 * Keeps the exporters of a program by their names and formats.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { EventBus } from "../events/EventBus.ts"
import { describeCause } from "../internal/describeError.ts"
import * as BuiltInExporters from "./BuiltInExporters.ts"
import * as ExporterModules from "./ExporterModules.ts"
import { problemOf } from "./internal/exporterProblem.ts"
import { withinTime } from "./internal/withinTime.ts"
import type { MetricExporter } from "./MetricExporter.ts"

/**
 * An exporter that cannot be registered.
 *
 * **Details**
 *
 * `message` names the field that is wrong, the rule and the value; or the name
 * that is taken.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExporterRegistryError extends Schema.TaggedError<ExporterRegistryError>()("ExporterRegistryError", {
  reason: Schema.Literals(["invalid", "duplicate"]),
  message: Schema.String
}) {}

/**
 * An exporter in a registry.
 *
 * @category models
 * @since 0.1.0
 */
export interface Registered {
  readonly exporter: MetricExporter
  /** Whether the library brings it. */
  readonly isBuiltIn: boolean
  /** The file it was discovered in. */
  readonly file: string | undefined
  /** When it was registered, in milliseconds since the epoch. */
  readonly registeredMillis: number
}

/**
 * What a folder had.
 *
 * @category models
 * @since 0.1.0
 */
export interface Discovery {
  readonly registered: ReadonlyArray<{ readonly file: string; readonly exporter: string }>
  /** Files whose exporter was not registered, and why. */
  readonly failed: ReadonlyArray<{ readonly file: string; readonly problem: string }>
  /** Files that an earlier discovery has run. They are not run again. */
  readonly known: ReadonlyArray<string>
}

/**
 * Numbers about a registry.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statistics {
  readonly createdMillis: number
  readonly exporters: number
  readonly builtIn: number
  readonly formats: number
  /** Names of exporters by format, in the order in which they are tried. */
  readonly exportersByFormat: Readonly<Record<string, ReadonlyArray<string>>>
}

/**
 * The registry.
 *
 * **Example** (Registering an exporter)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { ExporterRegistry, type MetricExporter } from "tasker-telemetry"
 *
 * declare const vendor: MetricExporter.MetricExporter
 *
 * const program = Effect.gen(function*() {
 *   const registry = yield* ExporterRegistry.ExporterRegistry
 *   yield* registry.register(vendor, { replace: true })
 *   return yield* registry.formats
 * })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class ExporterRegistry extends Context.Service<ExporterRegistry, {
  /**
   * Adds an exporter. It fails if something else than an exporter is given, or if the name is taken. With `replace`, the
   * exporter takes the place of the one with its name.
   */
  readonly register: (
    exporter: MetricExporter,
    options?: { readonly replace?: boolean | undefined }
  ) => Effect.Effect<void, ExporterRegistryError>
  /** Removes an exporter by its name. Gives `false` if there is none. */
  readonly unregister: (name: string) => Effect.Effect<boolean>
  /** Finds an exporter by its name. */
  readonly get: (name: string) => Effect.Effect<MetricExporter | undefined>
  /**
   * Finds the exporters of a format, in letters of any case: those of the program first, in the order of their
   * registration, then those of the library.
   */
  readonly find: (format: string) => Effect.Effect<ReadonlyArray<MetricExporter>>
  /** All exporters, in the order in which they are tried. */
  readonly list: Effect.Effect<ReadonlyArray<Registered>>
  /** All formats, in lower case, sorted. */
  readonly formats: Effect.Effect<ReadonlyArray<string>>
  readonly statistics: Effect.Effect<Statistics>
  /**
   * Runs each module of a folder and registers its default export. If a module fails, the log says so, and the others
   * are registered all the same. No module runs twice. It fails if the folder cannot be read.
   */
  readonly discover: (folder: string) => Effect.Effect<Discovery, ExporterModules.ExporterModuleError>
}>()("tasker-telemetry/export/ExporterRegistry") {
}

/** Longest time in which a module loads. */
const loadingTime = Duration.seconds(10)

/**
 * A registry with the built-in exporters.
 *
 * **Details**
 *
 * `discover` needs `NodeExporterModules.layer`, or another layer of `ExporterModules.Current`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ExporterRegistry, never, EventBus> = Layer.effect(
  ExporterRegistry,
  Effect.gen(function*() {
    const bus = yield* EventBus
    const modules = yield* ExporterModules.Current
    const createdMillis = yield* Clock.currentTimeMillis
    const entries = new Map<string, Registered>()
    const known = new Set<string>()
    const oneAtATime = Semaphore.makeUnsafe(1)
    for (const exporter of yield* BuiltInExporters.make) {
      entries.set(exporter.name, { exporter, isBuiltIn: true, file: undefined, registeredMillis: createdMillis })
    }

    const publish = (event: "plugin_registered" | "plugin_unregistered", exporter: MetricExporter) =>
      bus.publish(`tasker.telemetry.${event}`, {
        exporter: exporter.name,
        version: exporter.version,
        formats: exporter.formats
      })
    const list = Effect.sync(() => {
      const all = [...entries.values()]
      return [...all.filter(({ isBuiltIn }) => !isBuiltIn), ...all.filter(({ isBuiltIn }) => isBuiltIn)]
    })
    const byFormat = Effect.map(list, (all) => {
      const found = new Map<string, Array<MetricExporter>>()
      for (const { exporter } of all) {
        for (const format of new Set(exporter.formats.map((format) => format.toLowerCase()))) {
          found.set(format, [...found.get(format) ?? [], exporter])
        }
      }
      return found
    })

    const add = Effect.fnUntraced(function*(
      exporter: MetricExporter,
      replace: boolean,
      file?: string
    ): Effect.fn.Return<void, ExporterRegistryError> {
      const problem = problemOf(exporter)
      if (problem !== undefined) return yield* new ExporterRegistryError({ reason: "invalid", message: problem })
      const { name } = exporter
      const before = entries.get(name)
      if (before !== undefined && !replace) {
        return yield* new ExporterRegistryError({
          reason: "duplicate",
          message: `exporter "${name}" is already registered${
            before.isBuiltIn ? " by the library" : ""
          }: use another name, or replace: true`
        })
      }
      entries.delete(name)
      entries.set(name, { exporter, isBuiltIn: false, file, registeredMillis: yield* Clock.currentTimeMillis })
      if (before !== undefined) yield* publish("plugin_unregistered", before.exporter)
      yield* publish("plugin_registered", exporter)
    })

    /** Gives the name of the exporter, or what kept it out. */
    const addModule = (file: string) =>
      Effect.gen(function*() {
        const exporter = (yield* withinTime(modules.load(file), loadingTime)) as MetricExporter
        yield* add(exporter, false, file)
        return { file, exporter: exporter.name }
      }).pipe(
        Effect.catchCause((cause) => Effect.succeed({ file, problem: describeCause(cause).message })),
        Effect.tap((found) =>
          "problem" in found ? Effect.logWarning(`no exporter comes from ${file}: ${found.problem}`) : Effect.void
        )
      )

    return {
      register: (exporter, options) => add(exporter, options?.replace === true),
      unregister: Effect.fnUntraced(function*(name) {
        const before = entries.get(name)
        if (before === undefined) return false
        entries.delete(name)
        yield* publish("plugin_unregistered", before.exporter)
        return true
      }),
      get: (name) => Effect.sync(() => entries.get(name)?.exporter),
      find: (format) => Effect.map(byFormat, (found) => found.get(format.toLowerCase()) ?? []),
      list,
      formats: Effect.map(byFormat, (found) => [...found.keys()].toSorted()),
      statistics: Effect.zipWith(list, byFormat, (all, found) => ({
        createdMillis,
        exporters: all.length,
        builtIn: all.filter(({ isBuiltIn }) => isBuiltIn).length,
        formats: found.size,
        exportersByFormat: Object.fromEntries(
          Array.from(found, ([format, exporters]) => [format, exporters.map(({ name }) => name)])
        )
      })),
      discover: Effect.fnUntraced(function*(folder) {
        const files = yield* modules.list(folder)
        const unknown = files.filter((file) => !known.has(file))
        for (const file of unknown) known.add(file)
        const found = yield* Effect.forEach(unknown, addModule)
        return {
          registered: found.filter((one) => "exporter" in one),
          failed: found.filter((one) => "problem" in one),
          known: files.filter((file) => !unknown.includes(file))
        }
      }, oneAtATime.withPermits(1))
    }
  })
)

/**
 * Registers exporters of a program. It dies if one cannot be registered.
 *
 * **Example** (Telemetry with an exporter)
 *
 * ```ts
 * import { ExporterRegistry, type MetricExporter, Telemetry } from "tasker-telemetry"
 *
 * declare const vendor: MetricExporter.MetricExporter
 *
 * const TelemetryLayer = Telemetry.layer({}, { subscribers: ExporterRegistry.layerExporters([vendor]) })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerExporters = (
  exporters: ReadonlyArray<MetricExporter>
): Layer.Layer<never, never, ExporterRegistry> =>
  Layer.effectDiscard(
    Effect.flatMap(ExporterRegistry, ({ register }) =>
      Effect.orDie(Effect.forEach(exporters, (exporter) => register(exporter))))
  )

/**
 * Keeps no exporter, and knows no format.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<ExporterRegistry> = Layer.succeed(ExporterRegistry, {
  register: () => Effect.void,
  unregister: () => Effect.succeed(false),
  get: () => Effect.undefined,
  find: () => Effect.succeed([]),
  list: Effect.succeed([]),
  formats: Effect.succeed([]),
  statistics: Effect.succeed({ createdMillis: 0, exporters: 0, builtIn: 0, formats: 0, exportersByFormat: {} }),
  discover: () => Effect.succeed({ registered: [], failed: [], known: [] })
})

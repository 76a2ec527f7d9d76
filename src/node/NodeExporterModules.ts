/**
 * Loads exporters with Node.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { readdirSync, realpathSync, statSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as ExporterModules from "../export/ExporterModules.ts"
import { describeError } from "../internal/describeError.ts"
import { orElse } from "../internal/guard.ts"

/**
 * Finds modules whose names end in `.js`, `.mjs`, `.cjs`, `.ts` or `.mts`.
 *
 * **Gotchas**
 *
 * A module runs with all rights of the program. Node loads TypeScript from version 22.18 on.
 *
 * **Example** (Exporters of a folder)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import { EventBus, ExporterRegistry } from "tasker-telemetry"
 * import * as NodeExporterModules from "tasker-telemetry/node/NodeExporterModules"
 *
 * const Registry = ExporterRegistry.layer.pipe(
 *   Layer.provide(NodeExporterModules.layer),
 *   Layer.provide(EventBus.layer)
 * )
 * const program = ExporterRegistry.ExporterRegistry.use(({ discover }) => discover("./exporters")).pipe(
 *   Effect.provide(Registry)
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.succeed(ExporterModules.Current, {
  list: (folder) =>
    Effect.try({
      try: () => {
        const paths = readdirSync(folder).filter(isModule).map((name) => realpathSync(join(folder, name)))
        return [...new Set(paths)].filter((path) => statSync(path).isFile()).toSorted()
      },
      catch: (error) => failed(`the folder ${JSON.stringify(folder)} cannot be read`, error)
    }),
  load: (path) =>
    Effect.tryPromise({
      try: () => import(pathToFileURL(path).href) as Promise<unknown>,
      catch: (error) => failed(`the module cannot be loaded`, error)
    }).pipe(
      Effect.flatMap((loaded) =>
        typeof loaded === "object" && loaded !== null && "default" in loaded
          ? Effect.succeed(orElse(() => loaded.default, () => undefined))
          : Effect.fail(new ExporterModules.ExporterModuleError({ message: "the module has no default export" }))
      )
    )
})

/** Declarations of types are no modules. */
const isModule = (name: string): boolean => /(?<!\.d)\.(?:[cm]?js|m?ts)$/.test(name)

const failed = (what: string, error: unknown) =>
  new ExporterModules.ExporterModuleError({ message: `${what}: ${describeError(error).message}` })

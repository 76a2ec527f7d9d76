/**
 * Loads exporters from the modules of a folder. The runtime provides it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * A folder or a module that cannot be read.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExporterModuleError extends Schema.TaggedError<ExporterModuleError>()("ExporterModuleError", {
  message: Schema.String
}) {}

/**
 * Finds and loads modules.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExporterModules {
  /** Gives the paths of all modules in a folder, without its subfolders, sorted. A module has one path only. */
  readonly list: (folder: string) => Effect.Effect<ReadonlyArray<string>, ExporterModuleError>
  /** Runs a module and gives its default export. */
  readonly load: (path: string) => Effect.Effect<unknown, ExporterModuleError>
}

/**
 * The modules of the runtime. Without a layer, no module can be loaded.
 *
 * @see NodeExporterModules.layer for Node
 * @category references
 * @since 0.1.0
 */
export const Current: Context.Reference<ExporterModules> = Context.Reference<ExporterModules>(
  "tasker-telemetry/export/ExporterModules/Current",
  {
    defaultValue: () => {
      const refused = Effect.fail(
        new ExporterModuleError({
          message: "modules cannot be loaded: provide NodeExporterModules.layer to the registry"
        })
      )
      return { list: () => refused, load: () => refused }
    }
  }
)

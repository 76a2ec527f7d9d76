/**
 * Replaces whole files. The runtime provides it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** A file that could not be replaced. The old file is as it was. */
export class ExportFileError extends Schema.TaggedError<ExportFileError>()("ExportFileError", {
  /** The code of the system, such as `ENOSPC`. */
  code: Schema.String,
  message: Schema.String
}) {}

export interface ReplaceOptions {
  readonly path: string
  readonly body: Uint8Array
  /** Number of earlier files to keep, as `path.1` (the newest one), `path.2`, …. */
  readonly keep: number
  /** The number of the lease. A file that a higher number has written is left as it is. */
  readonly fencing: number | undefined
}

export interface ExportFiles {
  /** Replaces a file so that a reader sees the old content or the new one, whole. Gives `false` if it left the file. */
  readonly replace: (options: ReplaceOptions) => Effect.Effect<boolean, ExportFileError>
}

/** The files of the runtime. Without a layer, none can be written. */
export const Current: Context.Reference<ExportFiles> = Context.Reference<ExportFiles>(
  "tasker-telemetry/export/internal/ExportFiles/Current",
  {
    defaultValue: () => ({
      replace: () => Effect.fail(new ExportFileError({ code: "none", message: "this runtime has no files" }))
    })
  }
)

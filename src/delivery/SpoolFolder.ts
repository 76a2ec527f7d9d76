/**
 * The files of the spool. The runtime provides them.
 *
 * **Details**
 *
 * Several processes share one directory. Each file belongs to one process, which holds a lease. When a process has ended,
 * another process adopts its files. No two processes adopt the same file.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { TelemetryConfigError } from "../config/TelemetryConfig.ts"

/** One file of this process. Its methods throw what the file system throws. */
export interface SpoolFile {
  /** Bytes that the file had when it was created or adopted. */
  readonly size: number
  readonly append: (bytes: Uint8Array) => void
  /** Gives no bytes if the file is gone. */
  readonly read: () => Uint8Array
  readonly remove: () => void
}

/** The files of this process. Its methods throw what the file system throws. */
export interface SpoolFolder {
  readonly create: () => SpoolFile
  /** Takes over the files of processes that have ended, oldest first. */
  readonly adopt: () => ReadonlyArray<SpoolFile>
  /** Tells other processes that this one lives. A process on another machine sees no other sign of life. */
  readonly renew: () => void
  /** Gives the lease up, so that the next process can adopt the files at once. */
  readonly release: () => void
}

export interface Options {
  /** The folder of one signal. */
  readonly path: string
  /** Whether each write waits until the disk has it. */
  readonly fsync: boolean
}

/** Opens a folder. Touches the file system only when a file is needed. */
export type Open = (options: Options) => Effect.Effect<SpoolFolder, TelemetryConfigError>

export const OpenSpoolFolder: Context.Reference<Open> = Context.Reference<Open>(
  "tasker-telemetry/delivery/SpoolFolder/OpenSpoolFolder",
  {
    defaultValue: () => () =>
      Effect.fail(
        new TelemetryConfigError({
          message: "delivery.spool.directory: this runtime has no file system; remove the option"
        })
      )
  }
)

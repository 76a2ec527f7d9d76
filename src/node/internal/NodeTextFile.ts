/**
 * Reads text files for the configuration. It has no other function of a file system.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as Layer from "effect/Layer"
import { systemError } from "effect/PlatformError"
import { readFileSync } from "node:fs"

const codes: Readonly<Record<string, "NotFound" | "PermissionDenied" | "BadResource">> = {
  ENOENT: "NotFound",
  EACCES: "PermissionDenied",
  EISDIR: "BadResource"
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "Unknown"

/** Provides `FileSystem` with `readFileString` alone. */
export const layer: Layer.Layer<FileSystem.FileSystem> = FileSystem.layerNoop({
  readFileString: (path) =>
    Effect.try({
      try: () => readFileSync(path, "utf8"),
      catch: (error) =>
        systemError({
          _tag: codes[codeOf(error)] ?? "Unknown",
          module: "FileSystem",
          method: "readFileString",
          pathOrDescriptor: path,
          description: codeOf(error)
        })
    })
})

/**
 * Files that a test leaves behind nowhere.
 */
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A folder that is removed with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tasker-telemetry-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** The path of a file that does not exist yet, in a folder that is removed with the scope. */
export const temporaryFile = Effect.map(temporaryFolder, (path) => join(path, "app.log"))

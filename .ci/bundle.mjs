// Writes the JavaScript of the package: one file for each public module and for the program, which loads one file for
// each room. Loading the source files one by one takes Node about a millisecond each. Argument: the folder to write to,
// relative to the package root; `dist` if none is given.
import { globSync } from "node:fs"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { rolldown } from "rolldown"
import { isInternal } from "./public-names.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const source = `${root}src/`
const target = resolve(root, process.argv[2] ?? "dist")

const modules = globSync("**/*.ts", { cwd: source }).map((path) => path.slice(0, -".ts".length).replaceAll("\\", "/"))

/** Rooms of ranks 0 and 1, and the modules of rank 1. Each program needs nearly all of them. */
const foundation = ["config", "encoding", "internal", "redaction"]

/** Modules that load everything, or an optional package. */
const alone = ["index.ts", "Telemetry.ts", "tracing/OtelBridge.ts", "http/GraphqlRoute.ts"]

/** Folders whose modules belong to one of these. */
const aloneFolders = ["http/internal/graphql/"]

/** The file that a source module goes into. */
const roomOf = (id) => {
  if (!id.startsWith(source) || alone.includes(id.slice(source.length))) return null
  if (aloneFolders.some((folder) => id.startsWith(`${source}${folder}`))) return null
  const [room, ...rest] = id.slice(source.length).split("/")
  return rest.length === 0 || foundation.includes(room) ? "foundation" : room
}

const entries = [...modules.filter((path) => !isInternal(path)), "cli/main"]

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(entries.map((path) => [path, `${source}${path}.ts`])),
  external: (id) => !id.startsWith(".") && !id.startsWith("/"),
  platform: "neutral",
  // Of a file for a room, other files need more than what is public. Those of public modules stay as they are.
  preserveEntrySignatures: "allow-extension",
  onLog: (level, log) => {
    console.error(`${level}: ${log.message}`)
    process.exitCode = 1
  }
})
await bundle.write({
  dir: target,
  format: "esm",
  sourcemap: true,
  comments: { jsdoc: false },
  entryFileNames: "[name].js",
  chunkFileNames: "internal/rooms/[name].js",
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: roomOf, debugName: "rooms" }] }
})
await bundle.close()

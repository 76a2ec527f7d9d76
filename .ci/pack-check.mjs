// Packs the package as it would be published and checks the tarball: publint, the type resolution of every
// public entry, its public names, whether its declarations compile, a start of its program, and an import of each entry
// by a program that sees nothing but the tarball and its dependencies.
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { differences, internalDeclarations, isInternal, publicNames } from "./public-names.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const cache = join(root, "node_modules/.cache")
mkdirSync(cache, { recursive: true })
const temporary = mkdtempSync(join(cache, "pack-check-"))

const run = (title, command, args, { cwd = root, shorten = (output) => output } = {}) => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined }
  })
  if (status === 0) return true
  console.log(`${title} failed:\n${shorten(`${stdout ?? ""}${stderr ?? ""}`)}`.trimEnd())
  process.exitCode = 1
  return false
}

// Of what attw prints, one block for each entry, those blocks where something is wrong for an ESM program.
const brokenEntries = (output) => {
  const blocks = output.split(/\n\*+\n/)
  const broken = blocks.filter((block) => /^(?:node16 \(from ESM\)|bundler): (?!🟢|\(wildcard\))/mu.test(block))
  return broken.length === 0 ? output : broken.map((block) => block.slice(block.indexOf("\"tasker-"))).join("\n")
}

/** Whether `exports` closes a module that its wildcard would open. */
const isClosed = (path) => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const closed = Object.keys(exports).filter((entry) => exports[entry] === null)
  return closed.some((entry) =>
    entry.endsWith("/*") ? path.startsWith(entry.slice("./".length, -1)) : path === entry.slice("./".length)
  )
}

const allEntries = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".js"))
    .map((path) => path.slice(0, -".js".length).split(sep).join("/"))

// "." and one entry for each module that the wildcard of `exports` opens
const publicEntries = (folder) =>
  allEntries(folder)
    .map((path) => (path === "testing/index" ? "testing" : path))
    .filter((path) => !isClosed(path))
    .toSorted()

try {
  if (run("npm pack", "npm", ["pack", "--silent", "--pack-destination", temporary])) {
    const tarball = join(temporary, readdirSync(temporary).find((name) => name.endsWith(".tgz")))
    const installed = join(temporary, "node_modules/tasker-telemetry")
    mkdirSync(installed, { recursive: true })
    // A package of its own: within ours, its name would mean the working copy.
    writeFileSync(join(temporary, "package.json"), `{ "name": "consumer", "type": "module" }\n`)
    run("unpacking", "tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"])
    run("publint", "publint", [tarball, "--strict"])

    const entries = publicEntries(join(installed, "dist"))
    for (const entry of allEntries(join(installed, "dist")).filter((entry) => !isInternal(entry) && isClosed(entry))) {
      if (entry === "index" || entry === "testing/index") continue
      console.log(`exports closes ${entry}, which is public`)
      process.exitCode = 1
    }
    for (const entry of entries.filter(isInternal)) {
      console.log(`exports opens ${entry}, which is not public`)
      process.exitCode = 1
    }
    run("attw", "attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--include-entrypoints", ...entries], {
      shorten: brokenEntries
    })

    const changed = differences(publicNames(join(installed, "dist")))
    if (changed.length > 0) {
      console.log(`public names have changed; if that is meant, run npm run names:generate:\n${changed.join("\n")}`)
      process.exitCode = 1
    }
    for (const path of internalDeclarations(join(installed, "dist"))) {
      console.log(`dist/${path} declares what is marked @internal`)
      process.exitCode = 1
    }

    for (const path of readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" })) {
      if (!path.endsWith(".js") || path === join("http", "GraphqlRoute.js")) continue
      if (/\bfrom\s*"graphql"/.test(readFileSync(join(installed, "dist", path), "utf8"))) {
        console.log(`dist/${path} imports graphql, which is optional`)
        process.exitCode = 1
      }
    }

    const { bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"))
    for (const [name, path] of Object.entries(bin)) {
      run(`starting ${name}`, process.execPath, [join(installed, path), "--version"], { cwd: temporary })
    }

    const imports = ["", ...entries.map((entry) => `/${entry}`)]
    writeFileSync(
      join(temporary, "consumer.ts"),
      imports.map((entry, index) => `export * as Entry${index} from "tasker-telemetry${entry}"\n`).join("")
    )
    run("compiling the declarations", "tsc", [
      "--ignoreConfig",
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--skipLibCheck",
      "false",
      "--target",
      "es2023",
      "--lib",
      "es2024,esnext.disposable,dom,dom.iterable",
      "--types",
      "node",
      "--module",
      "nodenext",
      join(temporary, "consumer.ts")
    ])
    writeFileSync(
      join(temporary, "consumer.mjs"),
      imports.map((entry) => `await import("tasker-telemetry${entry}")\n`).join("")
    )
    if (
      run("importing the public entries", process.execPath, ["consumer.mjs"], { cwd: temporary }) && !process.exitCode
    ) {
      console.log(`${relative(temporary, tarball)}: ${imports.length} public entries resolve and load.`)
    }
  }
} finally {
  rmSync(temporary, { recursive: true, force: true })
}

/**
 * Programs in a browser can use every module that does not put Node's parts together: a bundle has no built-in module.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync } from "node:fs"
import { isBuiltin } from "node:module"
import { join } from "node:path"
import { rolldown } from "rolldown"
import { root } from "./support/typeCheck.ts"

/**
 * `src/node` and the program in `src/cli` are for Node, and these modules use `src/node`: `Telemetry` puts its parts
 * together, the others use `Telemetry`.
 */
const forNode = /^src\/(?:cli\/|node\/|testing\/|index\.ts$|Telemetry\.ts$)/

const modules = globSync("src/**/*.ts", { cwd: root }).map((path) => path.replaceAll("\\", "/")).toSorted()

const entry = "\0entry"

/** What a bundle for a browser of an entry still imports from outside of it. */
const importsOf = (source: string) =>
  Effect.promise(() =>
    rolldown({
      input: "entry",
      platform: "browser",
      cwd: root,
      logLevel: "silent",
      plugins: [{
        name: "entry",
        resolveId: (id) => id === "entry" ? entry : undefined,
        load: (id) => id === entry ? source : undefined
      }]
    }).then((bundle) => bundle.generate({ format: "esm" }).finally(() => bundle.close()))
  ).pipe(Effect.map(({ output }) => {
    // What is loaded later is in files of the bundle.
    const files = new Set(output.map(({ fileName }) => fileName))
    return output
      .flatMap((chunk) => chunk.type === "chunk" ? [...chunk.imports, ...chunk.dynamicImports] : [])
      .filter((name) => !files.has(name))
  }))

const importing = (paths: ReadonlyArray<string>): string =>
  paths.map((path, index) => `export * as m${index} from ${JSON.stringify(join(root, path))}\n`).join("")

describe("a bundle for a browser", () => {
  it.effect("has no built-in module of Node in it, whatever module it has that is not for Node", () =>
    Effect.gen(function*() {
      const others = modules.filter((path) => !forNode.test(path))
      assert.isAbove(others.length, 150)
      assert.deepStrictEqual(yield* importsOf(importing(others)), [])
    }))

  it.effect("shows each built-in module that there is", () =>
    Effect.gen(function*() {
      const imports = yield* importsOf(
        `${
          importing(["src/node/NodeProcessChannels.ts"])
        }export * as fs from "node:fs"\nexport const os = import("os")\n`
      )
      assert.includeMembers(imports, ["node:fs", "os", "node:cluster"])
      assert.isTrue(imports.every(isBuiltin))
    }))
})

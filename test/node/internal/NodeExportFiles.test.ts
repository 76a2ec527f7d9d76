import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { execFileSync, spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as ExportFiles from "../../../src/export/internal/ExportFiles.ts"
import * as NodeExportFiles from "../../../src/node/internal/NodeExportFiles.ts"
import { temporaryFolder } from "../../support/temporaryFile.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

const replace = (path: string, text: string, options: Partial<ExportFiles.ReplaceOptions> = {}) =>
  Effect.flatMap(
    ExportFiles.Current,
    (files) => files.replace({ path, body: bytes(text), keep: 0, fencing: undefined, ...options })
  ).pipe(Effect.provide(NodeExportFiles.layer))

const read = (path: string) => readFileSync(path, "utf8")

describe("a replaced file", () => {
  it.live("has the new content, may be read by others, and leaves no other file behind", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const path = join(folder, "app.prom")
      assert.isTrue(yield* replace(path, "one"))
      assert.isTrue(yield* replace(path, "two"))
      assert.deepStrictEqual([read(path), statSync(path).mode & 0o777], ["two", 0o644 & ~process.umask()])
      assert.deepStrictEqual(readdirSync(folder), ["app.prom"])
    }))

  it.live("is never seen in part by a reader that loops over it", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "app.prom")
      const size = 200_000
      yield* replace(path, "a".repeat(size))
      const reader = `
        const { readFileSync } = require("node:fs")
        const seen = new Set()
        let [reads, partial] = [0, 0]
        const look = () => {
          const text = readFileSync(${JSON.stringify(path)}, "latin1")
          seen.add(text[0])
          if (text.length !== ${size} || text !== text[0].repeat(${size})) partial++
          if (++reads < 5000 && seen.size < 10) return setImmediate(look)
          process.send({ partial, versions: seen.size }, () => process.exit())
        }
        look()`
      const child = spawn(process.execPath, ["-e", reader], { stdio: ["ignore", "ignore", "inherit", "ipc"] })
      yield* Effect.addFinalizer(() => Effect.sync(() => child.kill("SIGKILL")))
      const report = yield* Effect.forkChild(
        Effect.callback<unknown>((resume) => void child.once("message", (message) => resume(Effect.succeed(message)))),
        { startImmediately: true }
      )
      for (let round = 0; report.pollUnsafe() === undefined; round++) {
        yield* replace(path, String.fromCharCode(98 + round % 20).repeat(size), { keep: 2 })
      }
      assert.deepStrictEqual(yield* Fiber.join(report), { partial: 0, versions: 10 })
    }), 30_000)

  it.live("keeps earlier files with numbers", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const path = join(folder, "app.json")
      for (const text of ["one", "two", "three", "four"]) yield* replace(path, text, { keep: 2 })
      assert.deepStrictEqual(readdirSync(folder).toSorted().map((name) => [name, read(join(folder, name))]), [
        ["app.json", "four"],
        ["app.json.1", "three"],
        ["app.json.2", "two"]
      ])
    }))

  it.live("is left as it is if a lease with a higher number has written it", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "app.prom")
      assert.isTrue(yield* replace(path, "first", { fencing: 7 }))
      assert.isTrue(yield* replace(path, "again", { fencing: 7 }))
      assert.isTrue(yield* replace(path, "later", { fencing: 9 }))
      assert.isFalse(yield* replace(path, "stale", { fencing: 8 }))
      assert.deepStrictEqual([read(path), read(`${path}.fencing`)], ["later", "9\n"])
    }))

  it.live("is as it was if the folder is gone or is no folder, and the error names the path", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      for (const [path, code] of [["missing/app.prom", "ENOENT"], ["file/app.prom", "ENOTDIR"]] as const) {
        writeFileSync(join(folder, "file"), "")
        const error = yield* Effect.flip(replace(join(folder, path), "text"))
        assert.deepStrictEqual([error.code, error.message], [
          code,
          `${JSON.stringify(join(folder, path))} cannot be written: ${code}`
        ])
      }
      const path = join(folder, "taken.prom")
      mkdirSync(path)
      assert.strictEqual((yield* Effect.flip(replace(path, "text"))).code, "EISDIR")
      assert.deepStrictEqual(readdirSync(folder).toSorted(), ["file", "taken.prom"])
    }))

  it.live("is as it was if the disk takes a part only", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const path = join(folder, "app.prom")
      yield* replace(path, "old")
      const program = `
        import { Effect } from "effect"
        import * as ExportFiles from ${JSON.stringify(moduleAt("export/internal/ExportFiles.ts"))}
        import * as NodeExportFiles from ${JSON.stringify(moduleAt("node/internal/NodeExportFiles.ts"))}
        const body = new Uint8Array(100_000)
        const written = Effect.flatMap(ExportFiles.Current, (files) =>
          files.replace({ path: process.argv[1], body, keep: 0, fencing: undefined }))
        const error = await Effect.runPromise(Effect.flip(Effect.provide(written, NodeExportFiles.layer)))
        console.log(error.code)`
      const code = execFileSync("sh", [
        "-c",
        "ulimit -f 8 && exec \"$0\" --conditions=tasker-telemetry-source --input-type=module -e \"$1\" \"$2\"",
        process.execPath,
        program,
        path
      ], { encoding: "utf8" })
      assert.deepStrictEqual([code.trim(), read(path), readdirSync(folder)], ["EFBIG", "old", ["app.prom"]])
    }))

  it.live("removes what a killed process has left, after ten minutes", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const [old, young, other] = [".app.prom.1-a.tmp", ".app.prom.2-b.tmp", ".other.prom.1-a.tmp"]
      for (const name of [old, young, other]) writeFileSync(join(folder, name), "part")
      const longAgo = new Date(statSync(folder).mtimeMs - 700_000)
      for (const name of [old, other]) utimesSync(join(folder, name), longAgo, longAgo)
      yield* replace(join(folder, "app.prom"), "text")
      assert.deepStrictEqual([old, young, other].map((name) => existsSync(join(folder, name))), [false, true, true])
    }))
})

const moduleAt = (path: string): string => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url))

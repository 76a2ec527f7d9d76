import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, mkdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { countLines } from "../../../examples/analyze-directory/countLines.ts"
import { discoverFiles, mergeUnreadable, requireFolder } from "../../../examples/analyze-directory/discoverFiles.ts"
import { findDuplicates, hashFiles } from "../../../examples/analyze-directory/hashFiles.ts"
import { languageOf } from "../../../examples/analyze-directory/languageOf.ts"
import { readManifests } from "../../../examples/analyze-directory/readManifests.ts"
import * as Folder from "./support/folder.ts"

const folder = Folder.temporaryFolder()
beforeAll(() => Folder.fill(folder))
afterAll(() => Folder.remove(folder))

const analyse = Effect.fnUntraced(function*(path: string, all = false) {
  const discovery = yield* discoverFiles(path, { all })
  const counted = yield* countLines(discovery.files)
  const hashes = yield* hashFiles(discovery.files)
  return { discovery, counted, hashes, duplicates: findDuplicates(hashes.hashed) }
})

describe("files", () => {
  for (const all of [false, true]) {
    it.live(`are counted as find, wc and sha256sum count them${all ? ", everything" : ""}`, () =>
      Effect.gen(function*() {
        const expected = Folder.countedBySystem(folder, all)
        const { counted, discovery, duplicates, hashes } = yield* analyse(folder, all)
        const linesOf = (language: string) => counted.languages.find((it) => it.language === language)?.lines
        assert.deepStrictEqual({
          files: discovery.files.length,
          bytes: discovery.bytes,
          lines: counted.lines,
          typescriptLines: linesOf("TypeScript"),
          markdownLines: linesOf("Markdown"),
          duplicates: Object.fromEntries(duplicates.map(({ paths, sha256 }) => [sha256, paths.length]))
        }, expected)
        assert.strictEqual(hashes.hashed.length, expected.files)
        assert.deepStrictEqual([...discovery.unreadable, ...counted.unreadable, ...hashes.unreadable], [])
      }))
  }

  it.live("are named by their bytes", () =>
    Effect.gen(function*() {
      const { files } = yield* discoverFiles(folder, { all: false })
      const paths = files.map((file) => file.path)
      assert.include(paths, Folder.latin1Shown)
      assert.include(paths, "line\nbreak.txt")
      assert.include(paths, "漢字.md")
      assert.notInclude(paths, "fifo")
      assert.isFalse(paths.some((path) => path.includes("link") || path.includes("loop") || path.includes("dangling")))
    }))

  it.live("that vanish, move away or turn into something else are reported", () =>
    Effect.gen(function*() {
      const home = Folder.temporaryFolder()
      yield* Effect.addFinalizer(() => Effect.sync(() => Folder.remove(home)))
      for (const name of ["gone", "now-fifo", "now-folder", "stays"]) writeFileSync(join(home, name), `${name}\n`)
      mkdirSync(join(home, "sub"))
      writeFileSync(join(home, "sub/inside"), "inside\n")
      const { files } = yield* discoverFiles(home, { all: false })
      assert.strictEqual(files.length, 5)
      unlinkSync(join(home, "gone"))
      unlinkSync(join(home, "now-fifo"))
      Folder.makeFifo(join(home, "now-fifo"))
      unlinkSync(join(home, "now-folder"))
      mkdirSync(join(home, "now-folder"))
      rmSync(join(home, "sub"), { recursive: true })
      const counted = yield* countLines(files)
      const hashes = yield* hashFiles(files)
      assert.strictEqual(counted.lines, 1)
      assert.deepStrictEqual(hashes.hashed.map((file) => file.path), ["stays"])
      assert.deepStrictEqual(mergeUnreadable([counted.unreadable, hashes.unreadable]), [
        { path: "gone", reason: "vanished" },
        { path: "now-fifo", reason: "is no regular file any more" },
        { path: "now-folder", reason: "is no regular file any more" },
        { path: "sub/inside", reason: "vanished" }
      ])
    }))

  it.live.skipIf(process.getuid?.() === 0)(
    "that may not be read are reported, folders as well",
    () =>
      Effect.gen(function*() {
        const home = Folder.temporaryFolder()
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            chmodSync(join(home, "folder"), 0o755)
            Folder.remove(home)
          })
        )
        writeFileSync(join(home, "file"), "x", { mode: 0 })
        mkdirSync(join(home, "folder"), { mode: 0 })
        const { counted, discovery } = yield* analyse(home)
        assert.deepStrictEqual(mergeUnreadable([discovery.unreadable, counted.unreadable]), [
          { path: "file", reason: "permission denied" },
          { path: "folder", reason: "permission denied" }
        ])
      })
  )

  it.live("are read in pieces, whatever their size", () =>
    Effect.gen(function*() {
      const home = Folder.temporaryFolder()
      yield* Effect.addFinalizer(() => Effect.sync(() => Folder.remove(home)))
      const piece = 256 * 1024
      for (const size of [1, piece - 1, piece, piece + 1, 2 * piece, 3 * piece + 7]) {
        writeFileSync(join(home, `${size}`), Buffer.alloc(size, "\n"))
      }
      const { counted, discovery, duplicates } = yield* analyse(home)
      assert.strictEqual(counted.lines, discovery.bytes)
      assert.deepStrictEqual(duplicates, [])
      assert.strictEqual(Folder.countedBySystem(home).lines, counted.lines)
    }))

  it.live("are missing where there is no folder", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(discoverFiles(join(folder, "nowhere"), { all: false }))
      assert.strictEqual(error.code, "ENOENT")
      const nowhere = yield* Effect.flip(requireFolder("/nowhere"))
      assert.strictEqual(nowhere.message, "\"/nowhere\" does not exist; name a folder that does.")
      const file = yield* Effect.flip(requireFolder(join(folder, "README")))
      assert.match(file.message, /is a file; name a folder\.$/)
    }))
})

describe("manifests", () => {
  it.live("are read, malformed ones reported", () =>
    Effect.gen(function*() {
      const { files } = yield* discoverFiles(folder, { all: false })
      const { malformed, manifests, unreadable } = yield* readManifests(files)
      assert.deepStrictEqual(manifests, [
        { path: "Cargo.toml", kind: "Cargo.toml", name: "crate", version: "0.1.0", dependencies: 1 },
        { path: "package.json", kind: "package.json", name: "sample", version: "1.2.3", dependencies: 2 }
      ])
      assert.deepStrictEqual(malformed, [{ path: "src/package.json", reason: "not valid JSON" }])
      assert.deepStrictEqual(unreadable, [])
    }))
})

describe("languages", () => {
  it.each([
    ["src/a.ts", "TypeScript"],
    ["src/a.d.ts", "TypeScript"],
    ["Main.JAVA", "Java"],
    ["a/Makefile", "Makefile"],
    ["a/README", "Text"],
    [".gitignore", "Other"],
    [".ts", "Other"],
    ["constructor", "Other"],
    ["a.constructor", "Other"],
    ["a.tar.gz", "Other"],
    ["a.", "Other"]
  ])("%s is %s", (path, language) => {
    assert.strictEqual(languageOf(path), language)
  })
})

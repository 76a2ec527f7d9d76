import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { LogDestination, Telemetry } from "tasker-telemetry"
import { OpenSpoolFolder } from "../../../src/delivery/SpoolFolder.ts"
import * as NodeSpoolFolder from "../../../src/node/internal/NodeSpoolFolder.ts"
import * as spoolOwner from "../../../src/node/internal/spoolOwner.ts"
import { spoolFolderTest } from "../../delivery/SpoolFolderTest.ts"
import { OtlpReceiver } from "../../support/otlpReceiver.ts"
import { temporaryFolder } from "../../support/temporaryFile.ts"

const openAt = (path: string, fsync = false) =>
  Effect.flatMap(OpenSpoolFolder, (open) => Effect.orDie(open({ path, fsync }))).pipe(
    Effect.provide(NodeSpoolFolder.layer)
  )

/** A folder that does not exist yet. */
const folder = Effect.map(temporaryFolder, (path) => join(path, "spool", "traces"))

const sourceOf = (path: string): string => new URL(`../../../src/${path}`, import.meta.url).href

const bytes = new TextEncoder().encode("abc")

/** Leaves a segment of another process behind, and opens the folder. */
const withOwner = Effect.fnUntraced(function*(owner: Partial<spoolOwner.Owner> | undefined, ageSeconds = 0) {
  const path = yield* folder
  const own = yield* openAt(path)
  own.create().append(bytes)
  writeFileSync(join(path, "1-a-0.segment"), "left")
  if (owner !== undefined) {
    const file = join(path, "1-a.owner")
    writeFileSync(file, JSON.stringify({ ...spoolOwner.current(), ...owner }))
    const time = statSync(file).mtimeMs / 1000 - ageSeconds
    utimesSync(file, time, time)
  }
  return own.adopt().map((file) => new TextDecoder().decode(file.read()))
})

const ended = spawnSync(process.execPath, ["-e", ""]).pid

describe("NodeSpoolFolder", () => {
  describe("as every folder of a spool,", () => {
    spoolFolderTest(Effect.map(folder, (path) => () => openAt(path)))
  })

  it.effect("makes no file before one is needed, and none that other users can read", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const opened = yield* openAt(path, true)
      opened.renew()
      opened.release()
      assert.throws(() => readdirSync(path))
      opened.create().append(bytes)
      assert.strictEqual(readdirSync(path).length, 2)
      for (const name of ["", ...readdirSync(path)]) assert.strictEqual(statSync(join(path, name)).mode & 0o077, 0)
      opened.release()
      assert.strictEqual(readdirSync(path).length, 1)
    }).pipe(Effect.scoped))

  it.effect("makes the folder again, with its owner, after it was removed", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const own = yield* openAt(path)
      const lost = own.create()
      rmSync(path, { recursive: true })
      assert.throws(() => lost.append(bytes))
      own.create().append(bytes)
      assert.deepStrictEqual((yield* openAt(path)).adopt(), [])
      assert.strictEqual(readdirSync(path).filter((name) => name.endsWith(".segment")).length, 1)
    }).pipe(Effect.scoped))

  it.effect("stays in the folder that a relative path meant at first", () =>
    Effect.gen(function*() {
      const [first, second] = [yield* temporaryFolder, yield* temporaryFolder]
      const before = process.cwd()
      yield* Effect.addFinalizer(() => Effect.sync(() => process.chdir(before)))
      process.chdir(first)
      const own = yield* openAt(join("spool", "traces"))
      process.chdir(second)
      own.create().append(bytes)
      assert.deepStrictEqual([readdirSync(first), readdirSync(second)], [["spool"], []])
    }).pipe(Effect.scoped))

  it.effect("leaves no part of what the disk does not take", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const source = `
        import { Effect } from "effect"
        import { OpenSpoolFolder } from ${JSON.stringify(sourceOf("delivery/SpoolFolder.ts"))}
        import * as NodeSpoolFolder from ${JSON.stringify(sourceOf("node/internal/NodeSpoolFolder.ts"))}
        const open = Effect.flatMap(OpenSpoolFolder, (open) => open({ path: ${JSON.stringify(path)}, fsync: false }))
        const file = Effect.runSync(Effect.provide(open, NodeSpoolFolder.layer)).create()
        file.append(new Uint8Array(100))
        try {
          file.append(new Uint8Array(1_000_000))
        } catch (error) {
          console.log(error.code, file.read().length)
        }`
      // The limit is in blocks of 512 or 1024 bytes.
      const { stderr, stdout } = spawnSync("sh", [
        "-c",
        "ulimit -f 8 && exec \"$0\" --conditions=tasker-telemetry-source --input-type=module -e \"$1\"",
        process.execPath,
        source
      ], { encoding: "utf8" })
      assert.strictEqual(stdout, "EFBIG 100\n", stderr)
    }).pipe(Effect.scoped))

  it.live("lets records be delivered where the folder cannot be made, and says so once", () =>
    Effect.gen(function*() {
      const { received, url } = yield* OtlpReceiver
      const lines: Array<string> = []
      const layer = Telemetry.layer({
        metrics: { enabled: false },
        logging: { exporter: "none" },
        delivery: { endpoint: url, batchSize: 1, spool: { directory: "/dev/null/spool", appendInterval: "1 millis" } }
      }, { logDestination: LogDestination.layer((line) => void lines.push(line)) })
      const work = Effect.withSpan(Effect.sleep("20 millis"), "work")
      yield* Effect.provide(Effect.andThen(work, work), layer)
      assert.strictEqual(received.length, 2)
      const warnings = lines.map((line) => (JSON.parse(line) as { readonly message: string }).message)
      assert.deepStrictEqual(warnings.map((warning) => warning.replace(/: [A-Z].*/, "")), [
        `spans for ${url}/v1/traces are in memory alone, because the spool cannot be used`
      ])
    }).pipe(Effect.provide(OtlpReceiver.layer)))

  it.effect("adopts what has no owner", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* withOwner(undefined), ["left"])
    }).pipe(Effect.scoped))

  it.effect("leaves the files of a process that lives, however long it has stood still", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* withOwner({}, 3600), [])
    }).pipe(Effect.scoped))

  it.effect("adopts the files of a process that has ended, also if another one has its id now", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* withOwner({ pid: ended }), ["left"])
      assert.deepStrictEqual(yield* withOwner({ started: "1" }), ["left"])
    }).pipe(Effect.scoped))

  it.effect("adopts the files of a process elsewhere once it has given no sign of life for a minute", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* withOwner({ place: "elsewhere" }, 50), [])
      assert.deepStrictEqual(yield* withOwner({ place: "elsewhere" }, 70), ["left"])
    }).pipe(Effect.scoped))

  it.effect("trusts the process id where the system does not tell when a process started", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* withOwner({ started: undefined }), [])
      assert.deepStrictEqual(yield* withOwner({ started: undefined, pid: ended }), ["left"])
      assert.deepStrictEqual(yield* withOwner({ started: undefined }, 70), ["left"])
    }).pipe(Effect.scoped))
})

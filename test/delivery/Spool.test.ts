import { assert, describe, it } from "@effect/vitest"
import * as otlpParts from "../../src/delivery/otlpParts.ts"
import { type Options, Spool } from "../../src/delivery/Spool.ts"
import type { SpoolFolder } from "../../src/delivery/SpoolFolder.ts"
import { MemoryDisk } from "../support/memorySpoolFolder.ts"

const open = (folder: SpoolFolder, options: Partial<Options<string>> = {}) =>
  new Spool<string>({
    folder,
    envelope: otlpParts.envelope("http/json", { name: "shop", version: undefined, attributes: {} }),
    encode: (record) => new TextEncoder().encode(record),
    maximumBytes: 1_048_576,
    maximumAge: 86_400_000,
    now: () => 0,
    elapsed: options.now ?? (() => 0),
    canSend: () => true,
    report: () => {},
    reportUnreadable: () => {},
    reportUnsendable: () => {},
    ...options
  })

const textsOf = (load: ReturnType<Spool<string>["load"]>) =>
  load?.records.map(([, bytes]) => new TextDecoder().decode(bytes))

describe("Spool", () => {
  it("tries a disk that failed again after a pause, also if the clock is put back meanwhile", () => {
    const disk = new MemoryDisk()
    const reports: Array<string | undefined> = []
    let now = 3_600_000
    let elapsed = 0
    const spool = open(disk.open(), {
      now: () => now,
      elapsed: () => elapsed,
      report: (problem) => reports.push(problem)
    })
    disk.problem = "EIO: i/o error"
    spool.sync(["a"])
    disk.problem = undefined
    elapsed = 9_000
    now = 0
    spool.sync(["a"])
    assert.deepStrictEqual(reports, ["EIO: i/o error"])
    elapsed = 10_000
    spool.sync(["a"])
    assert.deepStrictEqual(reports, ["EIO: i/o error", undefined])
  })

  it("keeps the records of this process and of earlier ones while the clock is set a month ahead", () => {
    const disk = new MemoryDisk()
    const before = open(disk.open())
    before.sync(["a"])
    before.release()
    let now = 3_600_000
    let elapsed = 0
    const spool = open(disk.open(), { now: () => now, elapsed: () => elapsed })
    spool.adopt()
    // A file is opened when its turn has come.
    const first = spool.load()
    spool.keep(["b"])
    now += 30 * 86_400_000
    elapsed = 1000
    assert.deepStrictEqual([textsOf(first), first?.isExpired], [["a"], false])
    first?.settle([0])
    const own = spool.load()
    assert.deepStrictEqual([textsOf(own), own?.isExpired], [["b"], false])
    elapsed = 86_400_001
    assert.deepStrictEqual(spool.load()?.isExpired, true)
  })

  it("copies the records behind one that is larger than the whole spool", () => {
    const disk = new MemoryDisk()
    const reports: Array<string | undefined> = []
    let encodings = 0
    const folder = disk.open()
    const spool = open(folder, {
      encode: (record) => {
        encodings++
        return new TextEncoder().encode(record)
      },
      report: (problem) => reports.push(problem)
    })
    const large = "x".repeat(1_048_576)
    spool.sync(["a", large, "b"])
    spool.sync(["a", large, "b"])
    spool.sync([large, "c"])
    assert.strictEqual(encodings, 4)
    // The process is killed.
    folder.kill()
    const next = open(disk.open())
    next.adopt()
    assert.deepStrictEqual(textsOf(next.load()), ["c"])
    assert.deepStrictEqual(reports, [])
  })

  it("keeps the records behind one that is larger than the whole spool", () => {
    const spool = open(new MemoryDisk().open())
    const large = "x".repeat(1_048_576)
    assert.deepStrictEqual(spool.keep(["a", large, "b"]), { count: 3, lost: new Map([[1, "too_large" as const]]) })
    assert.deepStrictEqual(textsOf(spool.load()), ["a", "b"])
  })

  it("leaves records in an encoding that the receiver does not take on disk until they expire, and says so once", () => {
    const disk = new MemoryDisk()
    const service = { name: "shop", version: undefined, attributes: {} }
    const before = open(disk.open(), { envelope: otlpParts.envelope("http/protobuf", service) })
    before.sync(["a", "b"])
    before.release()
    const reports: Array<string> = []
    let now = 0
    const folder = disk.open()
    const ofLines: Partial<Options<string>> = {
      now: () => now,
      canSend: (protocol) => protocol === "http/json",
      reportUnsendable: (protocol) => reports.push(protocol)
    }
    const spool = open(folder, ofLines)
    spool.adopt()
    const first = spool.load()
    assert.deepStrictEqual([textsOf(first), first?.replayed, first?.isExpired], [[], 2, false])
    assert.strictEqual(spool.load(), undefined)
    assert.deepStrictEqual(reports, ["http/protobuf"])
    spool.keep(["c"])
    assert.deepStrictEqual(textsOf(spool.load()), ["c"])
    folder.release()
    // The options are changed back.
    const back = open(disk.open())
    back.adopt()
    assert.deepStrictEqual([textsOf(back.load()), disk.files], [["a", "b"], 2])
    back.release()
    const late = open(disk.open(), ofLines)
    late.adopt()
    now = 86_400_001
    const expired = late.load()
    assert.deepStrictEqual([textsOf(expired), expired?.isExpired], [["a", "b"], true])
  })

  it("leaves a file that another version has written on disk, says so, and sends the files behind it", () => {
    const disk = new MemoryDisk()
    const newer = open(disk.open())
    newer.sync(["a"])
    newer.release()
    disk.damage((bytes) => Uint8Array.from(bytes, (byte, index) => index === 3 ? "2".charCodeAt(0) : byte))
    const before = open(disk.open())
    before.sync(["b"])
    before.release()
    const reports: Array<string> = []
    const spool = open(disk.open(), { reportUnreadable: (problem) => reports.push(problem) })
    spool.adopt()
    const load = spool.load()
    assert.deepStrictEqual([textsOf(load), load?.corrupt, load?.replayed], [["b"], 0, 1])
    load?.settle([0])
    assert.strictEqual(spool.load(), undefined)
    assert.deepStrictEqual(reports, ["another version of this package has written it, in the format TSF2"])
    assert.strictEqual(disk.files, 1)
  })
})

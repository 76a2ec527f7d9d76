import { assert, describe, it } from "@effect/vitest"
import * as otlpParts from "../../src/delivery/otlpParts.ts"
import { Spool } from "../../src/delivery/Spool.ts"
import { MemoryDisk } from "../support/memorySpoolFolder.ts"

describe("Spool", () => {
  it("tries a disk that failed again after a pause, also if the clock is put back meanwhile", () => {
    const disk = new MemoryDisk()
    const reports: Array<string | undefined> = []
    let now = 3_600_000
    const spool = new Spool<string>({
      folder: disk.open(),
      envelope: otlpParts.envelope("http/json", { name: "shop", version: undefined, attributes: {} }),
      encode: (record) => new TextEncoder().encode(record),
      maximumBytes: 1_048_576,
      maximumAge: 86_400_000,
      now: () => now,
      report: (problem) => reports.push(problem),
      reportUnreadable: () => {}
    })
    disk.problem = "EIO: i/o error"
    spool.sync(["a"])
    disk.problem = undefined
    now += 9_000
    spool.sync(["a"])
    assert.deepStrictEqual(reports, ["EIO: i/o error"])
    now = 0
    spool.sync(["a"])
    assert.deepStrictEqual(reports, ["EIO: i/o error", undefined])
  })
})

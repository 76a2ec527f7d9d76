import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { OpenSpoolFolder } from "../../src/delivery/SpoolFolder.ts"
import { MemoryDisk } from "../support/memorySpoolFolder.ts"
import { spoolFolderTest } from "./SpoolFolderTest.ts"

describe("SpoolFolder", () => {
  it.effect("refuses a directory where the runtime has no file system", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip((yield* OpenSpoolFolder)({ path: "/spool/traces", fsync: false }))
      assert.strictEqual(message, "delivery.spool.directory: this runtime has no file system; remove the option")
    }))

  describe("in memory, as every folder of a spool,", () => {
    spoolFolderTest(Effect.sync(() => {
      const disk = new MemoryDisk()
      return () => Effect.sync(() => disk.open())
    }))
  })
})

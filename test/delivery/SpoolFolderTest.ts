/**
 * What every folder of a spool does.
 */
import { assert, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { SpoolFile, SpoolFolder } from "../../src/delivery/SpoolFolder.ts"

/** `make` gives the function that opens the folder as another process of the machine would. */
export const spoolFolderTest = (
  make: Effect.Effect<() => Effect.Effect<SpoolFolder>, never, Scope.Scope>
): void => {
  const text = (value: string) => new TextEncoder().encode(value)
  const contents = (files: ReadonlyArray<SpoolFile>) => files.map((file) => new TextDecoder().decode(file.read()))

  it.effect("gives back what was appended, until the file is removed", () =>
    Effect.gen(function*() {
      const open = yield* make
      const folder = yield* open()
      const file = folder.create()
      assert.strictEqual(file.size, 0)
      file.append(text("one "))
      file.append(text("two"))
      assert.deepStrictEqual(contents([file]), ["one two"])
      file.remove()
      file.remove()
    }).pipe(Effect.scoped))

  it.effect("gives the files of a process that released them to one other process, oldest first", () =>
    Effect.gen(function*() {
      const open = yield* make
      const [first, second, third] = [yield* open(), yield* open(), yield* open()]
      for (const name of ["a", "b", "c"]) first.create().append(text(name))
      second.create().append(text("d"))
      assert.deepStrictEqual(third.adopt(), [])
      first.release()
      const adopted = second.adopt()
      assert.deepStrictEqual(contents(adopted), ["a", "b", "c"])
      assert.deepStrictEqual(adopted.map(({ size }) => size), [1, 1, 1])
      assert.deepStrictEqual(third.adopt(), [])
      assert.deepStrictEqual(second.adopt(), [])
      adopted[1]!.append(text("b"))
      second.release()
      assert.deepStrictEqual(contents(third.adopt()).toSorted(), ["a", "bb", "c", "d"])
    }).pipe(Effect.scoped))

  it.effect("does not write to a file that another process has adopted", () =>
    Effect.gen(function*() {
      const open = yield* make
      const [first, second] = [yield* open(), yield* open()]
      const file = first.create()
      file.append(text("a"))
      first.release()
      const [adopted] = second.adopt()
      assert.throws(() => file.append(text("b")))
      assert.deepStrictEqual(contents([adopted!]), ["a"])
      first.create().append(text("c"))
      assert.deepStrictEqual(second.adopt(), [])
    }).pipe(Effect.scoped))
}

/**
 * Type tests: each `*.test-d.ts` file is compiled, never run. What must not compile stands under a
 * `// @ts-expect-error` comment, which is an error itself as soon as the line below it compiles.
 */
import { assert, describe, it } from "@effect/vitest"
import { globSync } from "node:fs"
import { join } from "node:path"
import { root, typeCheck } from "./support/typeCheck.ts"

const files = globSync("test/**/*.test-d.ts", { cwd: root }).toSorted()

const sample = `const n: number = 1
// @ts-expect-error a number is no string
const s: string = n
// @ts-expect-error nothing is wrong with this line
const m: number = n
export { m, s }
`

describe("type tests", () => {
  const { diagnostics, folder } = typeCheck({
    files: files.map((file) => join(root, file)),
    sources: { "sample.ts": sample }
  })

  it("refuses an expected error that does not happen", () => {
    const found = diagnostics.filter(({ file }) => file === join(folder, "sample.ts"))
    assert.deepStrictEqual(found.map(({ line }) => line), [4])
  })

  it.each(files)("%s", (file) => {
    const found = diagnostics.filter((diagnostic) => diagnostic.file === join(root, file))
    assert.deepStrictEqual(found.map(({ line, message }) => `${file}:${line} ${message}`), [])
  })
})

